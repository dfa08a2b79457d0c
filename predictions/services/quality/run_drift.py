"""Watches for drift, week by week: the slow work of a worker, asked for each night.

One message is one profile and a few weeks of it, at most a few seconds of work, so that a report
that waits for its file on the same queue does not wait long. Done twice, it comes to the same rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from accounts.models import AuditAction, Laboratory
from accounts.services.audit import Event, record_events
from hematovision import queue
from mlmodels.models import ImagingProfile, ModelVersion
from mlmodels.selectors.labels import labels_for
from predictions.models import DriftFinding, DriftWatch, DriftWeek, SmearImage
from predictions.quality.drift import (
    Judged,
    Measure,
    SampleCounts,
    baseline_is_enough,
    drawn,
    judge,
)
from predictions.quality.drift_words import sentence_of
from predictions.selectors.quality.weekly_cells import (
    EXAMPLES,
    WeekReading,
    week_of,
    weekly_readings,
    weeks_with_cells,
)

# What pages show, and what is made up for where nothing was watched yet.
WEEKS_KEPT = 26
# Reviews and new readings come in for so long: these weeks are read anew each night, and only of
# them something is told.
WEEKS_OPEN = 3
_WEEKS_AT_ONCE = 4
_WEEK = timedelta(days=7)


def send_profiles() -> int:
    """Send a message for each profile that was used lately; says how many went out."""
    sent = 0
    since = timezone.now() - WEEKS_OPEN * _WEEK
    for laboratory in Laboratory.objects.order_by("pk").iterator():
        profiles = ImagingProfile.objects.filter(laboratory=laboratory).values_list("pk", flat=True)
        for profile in (None, *profiles):
            images = SmearImage.objects.filter(laboratory=laboratory, imaging_profile=profile)
            if images.filter(uploaded_at__gte=since).exists():
                sent += _send(laboratory.pk, profile)
    return sent


def watch_profile(*, laboratory_id: UUID, profile_id: UUID | None) -> None:
    """Read the weeks of a profile that are open or missing, and tell what changed.

    A few weeks at once, the oldest first; where more are missing, another message goes out.
    """
    laboratory = Laboratory.objects.get(pk=laboratory_id)
    profile = None
    if profile_id is not None:
        profile = ImagingProfile.objects.get(laboratory=laboratory, pk=profile_id)
    this_week = week_of(laboratory.today)
    since = this_week - (WEEKS_KEPT - 1) * _WEEK
    known = set(
        DriftWeek.objects.filter(
            watch__laboratory=laboratory, watch__profile=profile, week__gte=since
        ).values_list("week", flat=True)
    )
    open_since = this_week - (WEEKS_OPEN - 1) * _WEEK
    due = [
        week
        for week in weeks_with_cells(laboratory, profile_id, since)
        if week >= open_since or week not in known
    ]
    read = 0
    for week in due:
        if read == _WEEKS_AT_ONCE:
            _send(laboratory_id, profile_id)
            break
        readings = weekly_readings(laboratory, profile_id, week)
        for version, reading in readings.items():
            record_week(
                laboratory=laboratory,
                profile=profile,
                version=version,
                week=week,
                reading=reading,
                today=laboratory.today,
            )
        read += bool(readings)


@transaction.atomic
def record_week(
    *,
    laboratory: Laboratory,
    profile: ImagingProfile | None,
    version: ModelVersion,
    week: date,
    reading: WeekReading,
    today: date,
) -> list[DriftFinding]:
    """Write what a version found in a week, learn of it or hold it against the baseline.

    Args:
        week: its Monday.
        today: of the laboratory; the baseline is learned from weeks that are over.

    Returns:
        What is found changed by it and was not told before.
    """
    watch = _watch_under_lock(laboratory, profile, version, week)
    row, _ = DriftWeek.objects.update_or_create(
        watch=watch,
        week=week,
        defaults={
            "samples": reading.samples,
            "cells": sum(counts.cells for counts in reading.counts),
            "counts": [counts.as_list() for counts in reading.counts],
            "examples": {
                "strangest": list(reading.strangest),
                "overridden": list(reading.overridden),
                "typical": list(reading.typical),
            },
            "read_at": timezone.now(),
        },
    )
    if not watch.is_learned:
        _learn(watch, week_of(today))
    if not watch.is_learned:
        return []
    judged = _judge_weeks(watch, row)
    is_told = week >= week_of(today) - (WEEKS_OPEN - 1) * _WEEK
    crossed = [each for each in judged if each.crossed]
    return _told(watch, row, crossed, _class_names(laboratory)) if is_told and crossed else []


def _send(laboratory_id: UUID, profile_id: UUID | None) -> bool:
    ids = {"laboratory_id": str(laboratory_id), "profile_id": str(profile_id or "")}
    return queue.send("predictions.watch_profile", **ids)


def _watch_under_lock(
    laboratory: Laboratory, profile: ImagingProfile | None, version: ModelVersion, week: date
) -> DriftWatch:
    """The row, held until the transaction ends; made where this is its first week."""
    watch, _ = DriftWatch.objects.get_or_create(
        laboratory=laboratory,
        profile=profile,
        version=version,
        defaults={"begins_on": week},
    )
    held = DriftWatch.objects.select_for_update(of=("self",), no_key=True)
    return held.get(pk=watch.pk)


def _learn(watch: DriftWatch, this_week: date) -> None:
    """Take the first whole weeks as the baseline, as soon as they are enough."""
    found: list[Any] = []
    typical: list[str] = []
    number = 0
    for number, row in enumerate(
        watch.weeks.filter(week__gte=watch.begins_on, week__lt=this_week).order_by("week"), 1
    ):
        found += row.counts
        # Some of each week.
        typical += row.examples.get("typical", [])[: EXAMPLES // 4]
        if baseline_is_enough(len(found), number):
            kept = drawn([SampleCounts.from_list(stored) for stored in found])
            watch.baseline = [counts.as_list() for counts in kept]
            watch.typical_cells = typical[-EXAMPLES:]
            watch.baseline_until = row.week
            break
    watch.baseline_samples, watch.baseline_weeks = len(found), number
    watch.save(
        update_fields=[
            "baseline", "typical_cells", "baseline_until", "baseline_samples", "baseline_weeks",
        ]
    )  # fmt: skip


def _judge_weeks(watch: DriftWatch, row: DriftWeek) -> list[Judged]:
    """Write the figures of a week, and of weeks that came before the baseline was learned."""
    baseline = [SampleCounts.from_list(stored) for stored in watch.baseline]
    after = watch.weeks.filter(week__gt=watch.baseline_until, week__gte=watch.begins_on)
    judged: list[Judged] = []
    for each in after.filter(figures={}).exclude(pk=row.pk):
        _judge_week(baseline, each)
    if watch.baseline_until is not None and row.week > watch.baseline_until:
        judged = _judge_week(baseline, row)
    return judged


def _judge_week(baseline: Sequence[SampleCounts], row: DriftWeek) -> list[Judged]:
    counts = [SampleCounts.from_list(stored) for stored in row.counts]
    found = [judge(measure, baseline, counts) for measure in Measure]
    judged = [each for each in found if each is not None]
    row.figures = {
        each.measure.value: {
            "value": round(each.value, 4),
            "low": None if each.low is None else round(each.low, 4),
            "high": round(each.high, 4),
            "samples": each.samples,
            "crossed": each.crossed,
            "baseline": round(each.moved[1], 4) if each.low is not None else None,
        }
        for each in judged
    }
    row.save(update_fields=["figures"])
    return judged


def _told(
    watch: DriftWatch, row: DriftWeek, crossed: Sequence[Judged], class_names: dict[str, str]
) -> list[DriftFinding]:
    """Rows of what is new; what stands already goes on."""
    standing = {
        finding.measure: finding for finding in watch.findings.filter(answered_at__isnull=True)
    }
    told = set(watch.findings.filter(week=row.week).values_list("measure", flat=True))
    new = []
    for each in crossed:
        measure = each.measure.value
        if measure in standing:
            standing[measure].last_week = max(standing[measure].last_week, row.week)
            standing[measure].save(update_fields=["last_week"])
        elif measure not in told:
            new.append(
                DriftFinding(
                    watch=watch,
                    laboratory_id=watch.laboratory_id,
                    week=row.week,
                    last_week=row.week,
                    measure=measure,
                    value=each.value,
                    limit=each.limit,
                    sentence=sentence_of(each, class_names),
                    cells=_cells_behind(each.measure, row),
                )
            )
    DriftFinding.objects.bulk_create(new)
    if new:
        record_events(
            laboratory=watch.laboratory,
            events=[
                Event(
                    AuditAction.DRIFT_FOUND,
                    finding,
                    {
                        "profile": [None, str(watch.profile or "")],
                        "version": [None, str(watch.version)],
                        "week": [None, str(finding.week)],
                        "measure": [None, finding.measure],
                        "value": [None, round(finding.value, 4)],
                        "limit": [None, round(finding.limit, 4)],
                    },
                )
                for finding in new
            ],
        )
    return new


def _cells_behind(measure: Measure, row: DriftWeek) -> list[str]:
    kind = "overridden" if measure == Measure.OVERRIDES else "strangest"
    return list(row.examples.get(kind, []))


def _class_names(laboratory: Laboratory) -> dict[str, str]:
    return {code: label.name for code, label in labels_for(laboratory).items()}
