"""Compares summaries with the rows that they follow from, and writes them anew where asked.

For the operator. It reads everything, a few hundred samples at a time; what changes while it reads
may be told as a difference, so it is run while nothing is classified or reviewed. It repairs
nothing while a job is unfinished.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Count, F, Q, QuerySet

from predictions.models import (
    Cell,
    CellReview,
    ClassificationJob,
    DailyAgreement,
    DailyCells,
    ImageLabel,
    JobStatus,
    Sample,
    SampleLabel,
    SmearImage,
)
from predictions.selectors.samples.alarm import alarm_columns
from predictions.services.summaries import named_anew, stands_behind

_SAMPLES_AT_ONCE = 200
_IMAGE = (
    "newest_job_id",
    "newest_result_id",
    "status",
    "cells_found",
    "laboratory_id",
    "last_reviewed_at",
)
_CELL = ("present_label", "named_by_role", "last_review_number")
_SAMPLE = ("images_count", "images_unfinished", "images_failed", "cells_found", "cells_to_review")


@dataclass
class _Sources:
    """What the summaries of some samples should be, by primary key."""

    images: dict[UUID, dict[str, Any]] = field(default_factory=dict)
    samples: dict[UUID, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    labels: Counter[tuple[UUID, str]] = field(default_factory=Counter)
    standing: dict[tuple[UUID, str], Counter[str]] = field(
        default_factory=lambda: defaultdict(Counter)
    )
    # As reviews make them, from what the model said.
    cells: dict[UUID, Cell] = field(default_factory=dict)


def verify_summaries(*, repair: bool = False) -> Iterator[str]:
    """A line for each summary that is not what its sources say.

    Args:
        repair: write what the sources say, in short transactions.
    """
    keys = list(Sample.objects.order_by("pk").values_list("pk", flat=True))
    for begin in range(0, len(keys), _SAMPLES_AT_ONCE):
        part = keys[begin : begin + _SAMPLES_AT_ONCE]
        with transaction.atomic():
            if repair:
                # In the order of the services, so that a worker and this never wait for each other.
                images = SmearImage.objects.filter(sample__in=part)
                list(images.select_for_update(of=("self",)).order_by("pk").values_list("pk"))
                list(Sample.objects.select_for_update().filter(pk__in=part).order_by("pk"))
            yield from _differences(part, repair=repair)
    yield from _daily_differences(repair=repair)


def work_is_unfinished() -> bool:
    """Whether a job waits or runs, whose result would be counted beside a repair."""
    return SmearImage.objects.filter(status__in=(JobStatus.QUEUED, JobStatus.RUNNING)).exists()


def _differences(samples: list[UUID], *, repair: bool) -> Iterator[str]:
    cells = list(
        Cell.objects.filter(image__sample__in=samples).defer("probabilities", "attributes")
    )
    said = _sources_of(samples, cells)
    for cell in cells:
        wanted = {name: getattr(said.cells[cell.pk], name) for name in _CELL}
        yield from _compare("cell", cell, _CELL, wanted, repair=repair)
    for image in SmearImage.objects.filter(sample__in=samples):
        yield from _compare("image", image, _IMAGE, said.images[image.pk], repair=repair)
    for sample in Sample.objects.filter(pk__in=samples):
        sums = {name: said.samples[sample.pk][name] for name in _SAMPLE}
        yield from _compare("sample", sample, _SAMPLE, sums, repair=repair)
        alarm = alarm_columns(sample)
        yield from _compare("sample", sample, tuple(alarm), alarm, repair=repair)
    yield from _label_differences(samples, said.labels, repair=repair)
    yield from _sample_label_differences(samples, said.standing, repair=repair)


def _sources_of(samples: list[UUID], cells: list[Cell]) -> _Sources:
    """Work out summaries from samples, images, jobs, cells and reviews alone."""
    said = _Sources()
    for cell in cells:
        said.cells[cell.pk] = Cell(
            job_id=cell.job_id,
            label=cell.label,
            present_label=cell.label,
            disposition=cell.disposition,
        )
    reviewed_at: dict[UUID, datetime] = {}
    rows = CellReview.objects.filter(cell__image__sample__in=samples).select_related("cell")
    for review in rows.order_by("number"):
        said.cells[review.cell_id] = named_anew(said.cells[review.cell_id], review)
        image_id = review.cell.image_id
        reviewed_at[image_id] = max(review.at, reviewed_at.get(image_id, review.at))
    jobs: dict[UUID, list[tuple[UUID, str]]] = defaultdict(list)
    newest_first = ClassificationJob.objects.filter(image__sample__in=samples)
    for image_id, job_id, status in newest_first.values_list("image", "pk", "status"):
        jobs[image_id].append((job_id, status))
    by_job: dict[UUID, list[Cell]] = defaultdict(list)
    for cell in said.cells.values():
        by_job[cell.job_id].append(cell)
    images = SmearImage.objects.filter(sample__in=samples).values_list(
        "pk", "sample", "sample__laboratory", "dismissed_at"
    )
    for key, sample, laboratory, dismissed_at in images:
        newest = jobs[key][0] if jobs[key] else (None, JobStatus.QUEUED)
        done = (job for job, status in jobs[key] if status == JobStatus.SUCCEEDED)
        # A dismissed image's cells count no more.
        result = next(done, None) if dismissed_at is None else None
        found = by_job[result] if result else []
        said.images[key] = {
            "newest_job_id": newest[0],
            "newest_result_id": result,
            "status": newest[1],
            "cells_found": len(found) if result else None,
            "laboratory_id": laboratory,
            "last_reviewed_at": reviewed_at.get(key),
        }
        said.samples[sample].update(
            images_count=1,
            images_unfinished=int(not JobStatus(newest[1]).is_final),
            images_failed=int(newest[1] == JobStatus.FAILED and dismissed_at is None),
            cells_found=len(found),
            cells_to_review=sum(cell.asks_for_review for cell in found),
        )
        said.labels.update((key, cell.shown_label) for cell in found)
        for cell in found:
            said.standing[sample, cell.shown_label][stands_behind(cell)] += 1
    return said


def _compare(
    what: str, row: Any, names: Iterable[str], wanted: dict[str, Any], *, repair: bool
) -> Iterator[str]:
    wrong = {name: wanted[name] for name in names if getattr(row, name) != wanted[name]}
    for name, value in wrong.items():
        yield f"{what} {row.pk}: {name} is {getattr(row, name)}, not {value}"
    if wrong and repair:
        type(row).objects.filter(pk=row.pk).update(**wrong)


def _label_differences(
    samples: list[UUID], wanted: Counter[tuple[UUID, str]], *, repair: bool
) -> Iterator[str]:
    rows = ImageLabel.objects.filter(image__sample__in=samples).select_related("image")
    stored = {
        (row.image_id, row.code): row.cells
        for row in rows
        if row.uploaded_at == row.image.uploaded_at and row.laboratory_id == row.image.laboratory_id
    }
    wrong = {key[0] for key in {*stored, *wanted} if stored.get(key, 0) != wanted.get(key, 0)}
    for image_id in sorted(wrong):
        yield f"image {image_id}: its labels are not counted right"
    if wrong and repair:
        rows.filter(image__in=wrong).delete()
        ImageLabel.objects.bulk_create(
            ImageLabel.of(image, code, count)
            for image in SmearImage.objects.filter(pk__in=wrong)
            for (key, code), count in wanted.items()
            if key == image.pk
        )


def _sample_label_differences(
    samples: list[UUID], wanted: dict[tuple[UUID, str], Counter[str]], *, repair: bool
) -> Iterator[str]:
    columns = ("reviewed", "accepted", "to_review")
    laboratories = dict(Sample.objects.filter(pk__in=samples).values_list("pk", "laboratory"))
    rows = SampleLabel.objects.filter(sample__in=samples)
    stored = {
        (row.sample_id, row.code): Counter({name: getattr(row, name) for name in columns})
        for row in rows
        if row.laboratory_id == laboratories[row.sample_id]
    }
    keys = {*stored, *wanted}
    wrong = {key[0] for key in keys if stored.get(key, Counter()) != wanted.get(key, Counter())}
    for sample_id in sorted(wrong):
        yield f"sample {sample_id}: its labels are not counted right"
    if wrong and repair:
        rows.filter(sample__in=wrong).delete()
        SampleLabel.objects.bulk_create(
            SampleLabel(sample_id=key, laboratory_id=laboratories[key], code=code, **dict(counts))
            for (key, code), counts in wanted.items()
            if key in wrong
        )


def _daily_differences(*, repair: bool) -> Iterator[str]:
    """What the days count against the cells of the newest results, counted in the database."""
    names = ("laboratory_id", "day", "version", "profile", "code")
    yield from _differences_of_days(DailyCells, names, _days_from_cells(), repair=repair)
    yield from _differences_of_days(
        DailyAgreement, (*names, "said"), _agreement_from_cells(), repair=repair
    )


def _differences_of_days(
    model: type[DailyCells] | type[DailyAgreement],
    names: tuple[str, ...],
    wanted: dict[tuple[Any, ...], tuple[int, int]],
    *,
    repair: bool,
) -> Iterator[str]:
    stored = {
        tuple(getattr(row, name) for name in names): (row.cells, row.accepted)
        for row in model._default_manager.all()
        if row.cells or row.accepted
    }
    wrong = {key for key in {*stored, *wanted} if stored.get(key) != wanted.get(key)}
    for key in sorted(wrong, key=str):
        what = ", said ".join(key[4:])
        yield f"day {key[1]}, {what}: {stored.get(key)} is counted, not {wanted.get(key)}"
    if wrong and repair:
        with transaction.atomic():
            rows: list[Any] = [
                model(**dict(zip(names, key, strict=True)), cells=cells, accepted=accepted)
                for key, (cells, accepted) in wanted.items()
            ]
            model._default_manager.all().delete()
            model._default_manager.bulk_create(rows)


def _days_from_cells() -> dict[tuple[Any, ...], tuple[int, int]]:
    found = Cell.objects.filter(origin=Cell.Origin.MODEL)
    return _counted_by_day(found, lambda code, origin, said: (code,))


def _agreement_from_cells() -> dict[tuple[Any, ...], tuple[int, int]]:
    def pair(code: str, origin: str, said: str) -> tuple[str, str]:
        return code if origin == Cell.Origin.MODEL else DailyAgreement.NOT_FOUND, said

    return _counted_by_day(Cell.objects.filter(last_review_number__gt=0), pair)


def _counted_by_day(
    cells: QuerySet[Cell], named: Callable[[str, str, str], tuple[str, ...]]
) -> dict[tuple[Any, ...], tuple[int, int]]:
    """Cells of newest results with how many of them the model accepted, by the day's columns.

    Args:
        named: the last columns, of what the model named a cell, who found it, and its present
            label.
    """
    counted: dict[tuple[Any, ...], tuple[int, int]] = {}
    sure = Q(disposition=Cell.Disposition.ACCEPTED, origin=Cell.Origin.MODEL)
    rows = (
        cells.filter(job=F("image__newest_result"))
        .order_by()
        .values_list(
            "image__laboratory",
            "image__uploaded_on",
            "job__model_version",
            "image__imaging_profile",
            "label",
            "disposition",
            "origin",
            "present_label",
        )
        .annotate(n=Count("pk"), sure=Count("pk", filter=sure))
    )
    for laboratory, day, version, profile, label, disposition, origin, said, n, accepted in rows:
        is_unidentified = disposition == Cell.Disposition.UNIDENTIFIED
        code = ImageLabel.UNIDENTIFIED if is_unidentified else label
        place = (laboratory, day, str(version or ""), str(profile or ""))
        key = (*place, *named(code, origin, said))
        before = counted.get(key, (0, 0))
        counted[key] = (before[0] + n, before[1] + accepted)
    return counted
