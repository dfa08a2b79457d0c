"""What the cells of a week came to, sample by sample: read for the worker that watches for drift.

Bounded: at most `MOST_SAMPLES` samples of a version a week, their cells read in batches by the
index of their results.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

from accounts.models import Laboratory
from mlmodels.models import Label, ModelVersion
from mlmodels.selectors.labels import labels_for
from predictions.models import Cell, DailyCells, SmearImage
from predictions.quality.drift import (
    CONFIDENCE_EDGES,
    FAMILIARITY_EDGES,
    MOST_SAMPLES,
    SampleCounts,
    bin_of,
)
from predictions.selectors.imaging.familiarity import least_objectness
from predictions.selectors.quality.agreement import as_version_names

EXAMPLES = 12
_RESULTS_AT_ONCE = 200
_WEEK = timedelta(days=7)


@dataclass(frozen=True)
class WeekReading:
    """What one version found in a profile's uploads of a week.

    Args:
        samples: with an image of that week.
        counts: of these, or of as many as are drawn of very many.
        strangest, overridden, typical: keys of cells, at most one of a sample: the least familiar
            ones, ones that people named otherwise, and ones in the middle of their sample.
    """

    samples: int
    counts: Sequence[SampleCounts]
    strangest: Sequence[str] = ()
    overridden: Sequence[str] = ()
    typical: Sequence[str] = ()


def week_of(day: date) -> date:
    """The Monday of a day's week."""
    return day - timedelta(days=day.weekday())


def weeks_with_cells(laboratory: Laboratory, profile_id: UUID | None, since: date) -> list[date]:
    """The weeks, from a day on, in whose uploads a profile has cells; the oldest first."""
    rows = DailyCells.objects.filter(
        laboratory=laboratory,
        day__gte=since,
        profile=str(profile_id) if profile_id else "",
        cells__gt=0,
    ).exclude(version="")
    return sorted({week_of(day) for day in rows.values_list("day", flat=True).distinct()})


def weekly_readings(
    laboratory: Laboratory, profile_id: UUID | None, week: date
) -> dict[ModelVersion, WeekReading]:
    """What each version found in a profile's uploads of a week."""
    results: dict[UUID, dict[UUID, list[UUID]]] = defaultdict(lambda: defaultdict(list))
    days: dict[UUID, date] = {}
    for sample_id, day, job_id, version_id in _images_of(laboratory, profile_id, week):
        results[version_id][sample_id].append(job_id)
        days[sample_id] = min(day, days.get(sample_id, day))
    versions = ModelVersion.objects.in_bulk(results)
    labels = labels_for(laboratory)
    return {
        versions[key]: _reading(versions[key], labels, found, days)
        for key, found in results.items()
    }


def _images_of(
    laboratory: Laboratory, profile_id: UUID | None, week: date
) -> Iterator[tuple[UUID, date, UUID, UUID]]:
    """Sample, day, newest result and version of each image, along the index of a profile."""
    begin, end = (
        datetime.combine(day, time.min, tzinfo=laboratory.zone) for day in (week, week + _WEEK)
    )
    images = SmearImage.objects.filter(
        laboratory=laboratory,
        imaging_profile=profile_id,
        uploaded_at__gte=begin,
        uploaded_at__lt=end,
        newest_result__model_version__isnull=False,
    )
    columns = (
        "sample_id", "uploaded_on", "newest_result_id", "newest_result__model_version_id",
    )  # fmt: skip
    return images.order_by().values_list(*columns).iterator(chunk_size=2000)


def _reading(
    version: ModelVersion,
    labels: Mapping[str, Label],
    results: dict[UUID, list[UUID]],
    days: dict[UUID, date],
) -> WeekReading:
    @lru_cache
    def as_named(said: str) -> str:
        return as_version_names(said, version, labels)

    # Keys are random, so the first of their order are drawn at random, and always the same ones.
    chosen = sorted(results)[:MOST_SAMPLES]
    sample_of = {job: sample for sample in chosen for job in results[sample]}
    tallies = {sample: _Tally(days[sample]) for sample in chosen}
    for job, row in _cells_of(list(sample_of), least_objectness(version)):
        tallies[sample_of[job]].add(row, as_named)
    found = [tally for tally in tallies.values() if tally.cells]
    strange = sorted((t.strangest for t in found if t.strangest), reverse=True)
    return WeekReading(
        samples=len(results),
        counts=[tally.counts() for tally in found],
        strangest=[key for *_, key in strange[:EXAMPLES]],
        overridden=[t.overridden_cell for t in found if t.overridden_cell][:EXAMPLES],
        typical=[t.typical for t in found if t.typical][:EXAMPLES],
    )


_Row = tuple[Any, ...]


def _cells_of(jobs: Sequence[UUID], least: float) -> Iterator[tuple[UUID, _Row]]:
    columns = (
        "job_id", "pk", "label", "confidence", "familiarity_percentile", "disposition",
        "present_label", "last_review_number",
    )  # fmt: skip
    for begin in range(0, len(jobs), _RESULTS_AT_ONCE):
        cells = Cell.objects.filter(
            job__in=jobs[begin : begin + _RESULTS_AT_ONCE],
            # What a person added was not found by the version.
            origin=Cell.Origin.MODEL,
            # What has little objectness says nothing of the microscope.
            objectness__gte=least,
        )
        for job, *row in cells.order_by().values_list(*columns).iterator(chunk_size=5000):
            yield job, tuple(row)


@dataclass
class _Tally:
    """The cells of one sample, counted while they are read."""

    day: date
    cells: int = 0
    accepted: int = 0
    reviewed: int = 0
    overridden: int = 0
    classes: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    confidence: list[int] = field(default_factory=lambda: [0] * (len(CONFIDENCE_EDGES) + 1))
    familiarity: list[int] = field(default_factory=lambda: [0] * (len(FAMILIARITY_EDGES) + 1))
    strangest: tuple[float, float, str] | None = None
    overridden_cell: str = ""
    known: list[tuple[float, str]] = field(default_factory=list)

    def add(self, row: _Row, as_named: Callable[[str], str]) -> None:
        """Count one cell; `as_named` says what a person said in the version's classes."""
        key, label, confidence, percentile, disposition, present_label, reviews = row
        self.cells += 1
        self.accepted += disposition == Cell.Disposition.ACCEPTED
        self.classes[label] += 1
        self.confidence[bin_of(confidence, CONFIDENCE_EDGES)] += 1
        if percentile is not None:
            self.familiarity[bin_of(percentile, FAMILIARITY_EDGES)] += 1
        strange = (-1.0 if percentile is None else percentile, 1 - confidence, str(key))
        self.strangest = max(strange, self.strangest or strange)
        self.known.append((strange[0], str(key)))
        # Of what it left unidentified the version said nothing that could be overruled.
        if reviews and disposition != Cell.Disposition.UNIDENTIFIED:
            self.reviewed += 1
            if as_named(present_label) != label:
                self.overridden += 1
                self.overridden_cell = max(self.overridden_cell, str(key))

    @property
    def typical(self) -> str:
        """The cell in the middle of the sample, by familiarity."""
        return sorted(self.known)[len(self.known) // 2][1]

    def counts(self) -> SampleCounts:
        """What is kept."""
        return SampleCounts(
            classes=dict(self.classes),
            confidence=tuple(self.confidence),
            familiarity=tuple(self.familiarity),
            cells=self.cells,
            accepted=self.accepted,
            reviewed=self.reviewed,
            overridden=self.overridden,
            day=self.day.isoformat(),
        )
