"""What lists show of images and samples, kept beside the rows that it follows from.

Each function belongs inside the transaction that changes the job, the result or the review. Rows
are taken in one order everywhere, image, labels, sample, days, so that no two transactions wait
for each other. `verify_summaries` compares all of it with its sources.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import F

from mlmodels.models import ModelVersion
from predictions.models import (
    Cell,
    CellReview,
    ClassificationJob,
    DailyCells,
    ImageLabel,
    JobStatus,
    Sample,
    SmearImage,
)

_UNFINISHED = (JobStatus.QUEUED, JobStatus.RUNNING)


def shown_label(cell: Cell) -> str:
    """What lists count a cell as: its present label, or unidentified where nobody named it."""
    return cell.present_label if cell.is_named else ImageLabel.UNIDENTIFIED


def asks_for_review(cell: Cell) -> bool:
    """Whether the model wants a person's look at it, and nobody has looked."""
    return not cell.is_reviewed and cell.disposition != Cell.Disposition.ACCEPTED


def image_added(image: SmearImage, job: ClassificationJob) -> None:
    """A new image, whose first job is queued."""
    SmearImage.objects.filter(pk=image.pk).update(newest_job=job)
    _add(image.sample_id, images_count=1, images_unfinished=1)


def job_queued_again(image: SmearImage, job: ClassificationJob) -> None:
    """An image that has been classified, or has failed, is to be classified once more.

    Args:
        image: as it was, under its row's lock.
    """
    had_failed = image.status == JobStatus.FAILED
    SmearImage.objects.filter(pk=image.pk).update(newest_job=job, status=JobStatus.QUEUED)
    _add(image.sample_id, images_unfinished=1, images_failed=-int(had_failed))


def jobs_moved(images: Sequence[UUID], status: JobStatus) -> None:
    """The unfinished jobs of images were claimed, or were given back."""
    SmearImage.objects.filter(pk__in=images).update(status=status)


def job_failed(image: SmearImage) -> None:
    """The unfinished job of an image ended without a result; an older result stays."""
    SmearImage.objects.filter(pk=image.pk).update(status=JobStatus.FAILED)
    _add(image.sample_id, images_unfinished=-1, images_failed=1)


@dataclass(frozen=True)
class Recorded:
    """An image whose unfinished job ended with these cells, in place of an older result's.

    Args:
        image: with the `newest_result` that was there before.
        job_id: of the job that succeeded.
        version: that made the result.
        cells: its new rows.
    """

    image: SmearImage
    job_id: UUID
    version: ModelVersion | None
    cells: Sequence[Cell]


def results_recorded(results: Sequence[Recorded]) -> None:
    """Jobs of images ended with a result."""
    new = {result.job_id: _Tally.of(result.cells) for result in results}
    images = [
        SmearImage(
            pk=result.image.pk,
            status=JobStatus.SUCCEEDED,
            newest_result_id=result.job_id,
            cells_found=new[result.job_id].cells,
        )
        for result in results
    ]
    SmearImage.objects.bulk_update(images, ["status", "newest_result", "cells_found"])
    # Read with the images' rows held: nobody reviews the older results any more.
    old = {
        result.job_id: _Tally.of(result.image.newest_result.cells.defer("probabilities"))
        for result in results
        if result.image.newest_result is not None
    }
    if old:
        ImageLabel.objects.filter(image__in=[r.image for r in results if r.job_id in old]).delete()
    ImageLabel.objects.bulk_create(
        ImageLabel.of(result.image, code, count)
        for result in results
        for code, count in sorted(new[result.job_id].shown.items())
    )
    samples: dict[UUID, Counter[str]] = defaultdict(Counter)
    days = _Days()
    for result in results:
        found, before = new[result.job_id], old.get(result.job_id, _Tally())
        samples[result.image.sample_id].update(
            images_unfinished=-1,
            cells_found=found.cells - before.cells,
            cells_to_review=found.to_review - before.to_review,
        )
        days.add(result.image, result.version, found)
        if result.image.newest_result is not None:
            days.add(result.image, result.image.newest_result.model_version, before, sign=-1)
    for sample_id, changes in sorted(samples.items()):
        _add(sample_id, **changes)
    days.write()


def cell_reviewed(cell: Cell, review: CellReview) -> None:
    """A person said what a cell of its image's newest result is.

    Args:
        cell: as it was before, with its image, whose row is held.
        review: what the person said.
    """
    Cell.objects.filter(pk=cell.pk).update(
        present_label=review.to_label, last_review_number=review.number
    )
    SmearImage.objects.filter(pk=cell.image_id).update(last_reviewed_at=review.at)
    _relabel(cell, shown_label(cell), review.to_label)
    if asks_for_review(cell):
        _add(cell.image.sample_id, cells_to_review=-1)


def _relabel(cell: Cell, before: str, label: str) -> None:
    if label == before:
        return
    rows = ImageLabel.objects.filter(image_id=cell.image_id)
    rows.filter(code=before).update(cells=F("cells") - 1)
    rows.filter(code=before, cells=0).delete()
    if not rows.filter(code=label).update(cells=F("cells") + 1):
        ImageLabel.of(cell.image, label, 1).save(force_insert=True)


@dataclass(frozen=True)
class _Tally:
    """Cells of one result, counted.

    Args:
        shown: by what lists count them as now.
        named: by what the model named them, and whether it accepted them.
    """

    cells: int = 0
    to_review: int = 0
    shown: Counter[str] = field(default_factory=Counter)
    named: Counter[tuple[str, bool]] = field(default_factory=Counter)

    @classmethod
    def of(cls, cells: Iterable[Cell]) -> _Tally:
        cells = list(cells)
        return cls(
            cells=len(cells),
            to_review=sum(map(asks_for_review, cells)),
            shown=Counter(map(shown_label, cells)),
            named=Counter((_named(cell), _is_accepted(cell)) for cell in cells),
        )


def _named(cell: Cell) -> str:
    is_unidentified = cell.disposition == Cell.Disposition.UNIDENTIFIED
    return ImageLabel.UNIDENTIFIED if is_unidentified else cell.label


def _is_accepted(cell: Cell) -> bool:
    return cell.disposition == Cell.Disposition.ACCEPTED


def _add(sample_id: Any, **changes: int) -> None:
    changed = {name: F(name) + by for name, by in changes.items() if by}
    if changed:
        Sample.objects.filter(pk=sample_id).update(**changed)


class _Days:
    """Cells to be counted on the days of their images."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[UUID, date, str, str, str, bool]] = Counter()

    def add(
        self, image: SmearImage, version: ModelVersion | None, tally: _Tally, *, sign: int = 1
    ) -> None:
        """Count what a version named in an image, or take it back."""
        by, profile = str(version.pk) if version else "", str(image.imaging_profile_id or "")
        for (code, is_accepted), cells in tally.named.items():
            key = (image.laboratory_id, image.uploaded_on, by, profile, code, is_accepted)
            self._counts[key] += sign * cells

    def write(self) -> None:
        """Add everything to the stored rows, in one statement and one order."""
        keys = sorted({key[:-1] for key in self._counts})
        if not keys:
            return
        rows = [
            DailyCells(
                laboratory_id=laboratory,
                day=day,
                version=version,
                profile=profile,
                code=code,
                cells=sum(
                    self._counts[laboratory, day, version, profile, code, sure]
                    for sure in (True, False)
                ),
                accepted=self._counts[laboratory, day, version, profile, code, True],
            )
            for laboratory, day, version, profile, code in keys
        ]
        # The ORM's upsert can only overwrite; this one adds.
        fields = [each for each in DailyCells._meta.concrete_fields if not each.primary_key]
        columns = ", ".join(str(each.column) for each in fields)
        places = ", ".join(["(" + ", ".join(["%s"] * len(fields)) + ")"] * len(rows))
        table = DailyCells._meta.db_table
        values = [
            each.get_db_prep_save(getattr(row, each.attname), connection)
            for row in rows
            for each in fields
        ]
        with connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO {table} ({columns}) VALUES {places} "  # noqa: S608  our own names
                "ON CONFLICT (laboratory_id, day, version, profile, code) DO UPDATE SET "
                f"cells = {table}.cells + EXCLUDED.cells, "
                f"accepted = {table}.accepted + EXCLUDED.accepted",
                values,
            )
