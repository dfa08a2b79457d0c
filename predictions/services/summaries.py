"""What lists show of images and samples, kept beside the rows that it follows from.

Each function belongs inside the transaction that changes the job, the result or the review. Rows
are taken in one order everywhere, image, labels, sample, days, so that no two transactions wait
for each other. `verify_summaries` compares all of it with its sources.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import F

from mlmodels.models import ModelVersion
from predictions.models import (
    Cell,
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


def job_moved(image: SmearImage, status: JobStatus) -> None:
    """The unfinished job of an image was claimed, or was given back."""
    SmearImage.objects.filter(pk=image.pk).update(status=status)


def job_failed(image: SmearImage) -> None:
    """The unfinished job of an image ended without a result; an older result stays."""
    SmearImage.objects.filter(pk=image.pk).update(status=JobStatus.FAILED)
    _add(image.sample_id, images_unfinished=-1, images_failed=1)


def result_recorded(
    image: SmearImage, job_id: UUID, version: ModelVersion | None, cells: Iterable[Cell]
) -> None:
    """The unfinished job of an image ended with these cells, in place of an older result's.

    Args:
        image: with the `newest_result` that was there before.
        job_id: of the job that succeeded.
        version: that made the result.
        cells: its new rows.
    """
    new = _Tally.of(cells)
    SmearImage.objects.filter(pk=image.pk).update(
        status=JobStatus.SUCCEEDED, newest_result=job_id, cells_found=new.cells
    )
    older, old = image.newest_result, _Tally()
    if older is not None:
        # Read with the image's row held: nobody reviews the older result any more.
        old = _Tally.of(older.cells.defer("probabilities", "attributes"))
        ImageLabel.objects.filter(image=image).delete()
    ImageLabel.objects.bulk_create(
        ImageLabel(
            image=image,
            laboratory_id=image.laboratory_id,
            uploaded_at=image.uploaded_at,
            code=code,
            cells=count,
        )
        for code, count in sorted(new.shown.items())
    )
    _add(
        image.sample_id,
        images_unfinished=-1,
        cells_found=new.cells - old.cells,
        cells_to_review=new.to_review - old.to_review,
    )
    if older is not None:
        _add_to_day(image, older.model_version, old.named, sign=-1)
    _add_to_day(image, version, new.named)


def cell_reviewed(cell: Cell, *, label: str, number: int) -> None:
    """A person said what a cell of its image's newest result is.

    Args:
        cell: as it was before, with its image, whose row is held.
        label: what it is now.
        number: of the review.
    """
    Cell.objects.filter(pk=cell.pk).update(present_label=label, last_review_number=number)
    _relabel(cell, shown_label(cell), label)
    if asks_for_review(cell):
        _add(cell.image.sample_id, cells_to_review=-1)


def _relabel(cell: Cell, before: str, label: str) -> None:
    if label == before:
        return
    rows = ImageLabel.objects.filter(image_id=cell.image_id)
    rows.filter(code=before).update(cells=F("cells") - 1)
    rows.filter(code=before, cells=0).delete()
    if not rows.filter(code=label).update(cells=F("cells") + 1):
        ImageLabel.objects.create(
            image=cell.image,
            laboratory_id=cell.image.laboratory_id,
            uploaded_at=cell.image.uploaded_at,
            code=label,
            cells=1,
        )


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


def _add_to_day(
    image: SmearImage,
    version: ModelVersion | None,
    named: Counter[tuple[str, bool]],
    *,
    sign: int = 1,
) -> None:
    """Count cells on the day of their image, all codes in one statement."""
    codes = sorted({code for code, _ in named})
    if not codes:
        return
    profile = str(image.imaging_profile_id or "")
    rows = [
        DailyCells(
            laboratory_id=image.laboratory_id,
            day=image.uploaded_on,
            version=str(version.pk) if version else "",
            profile=profile,
            code=code,
            cells=sign * (named[code, True] + named[code, False]),
            accepted=sign * named[code, True],
        )
        for code in codes
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
            f"INSERT INTO {table} ({columns}) VALUES {places} "  # noqa: S608  names of our own
            "ON CONFLICT (laboratory_id, day, version, profile, code) DO UPDATE SET "
            f"cells = {table}.cells + EXCLUDED.cells, "
            f"accepted = {table}.accepted + EXCLUDED.accepted",
            values,
        )
