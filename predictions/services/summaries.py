"""What lists show of images and samples, kept beside the rows that it follows from.

Each function belongs inside the transaction that changes the job, the result or the review. Rows
are taken in one order everywhere, image, labels, sample, its labels, days, agreement of days, so
that no two transactions wait for each other. `verify_summaries` compares all of it with its
sources.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import connection, models
from django.db.models import F

from accounts.models import Role
from mlmodels.models import ModelVersion
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
from predictions.selectors.samples.alarm import BLAST, alarm_columns

_UNFINISHED = (JobStatus.QUEUED, JobStatus.RUNNING)
_AT_ONCE = 1000


def stands_behind(cell: Cell) -> str:
    """Who stands behind the label of a cell, as `SampleLabel` counts them."""
    if cell.is_reviewed:
        return "reviewed"
    return "accepted" if cell.disposition == Cell.Disposition.ACCEPTED else "to_review"


def image_added(image: SmearImage, job: ClassificationJob) -> None:
    """A new image, whose first job is queued."""
    SmearImage.objects.filter(pk=image.pk).update(newest_job=job)
    _add(image.sample_id, images_count=1, images_unfinished=1)


def job_queued_again(image: SmearImage, job: ClassificationJob) -> None:
    """An image that has been classified, or has failed, is to be classified once more.

    Args:
        image: as it was, under its row's lock; not dismissed.
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
    labels = _SampleLabels()
    days = _Days()
    for result in results:
        found, before = new[result.job_id], old.get(result.job_id, _Tally())
        samples[result.image.sample_id].update(
            images_unfinished=-1,
            cells_found=found.cells - before.cells,
            cells_to_review=found.to_review - before.to_review,
        )
        sample_id, laboratory_id = result.image.sample_id, result.image.laboratory_id
        labels.add(sample_id, laboratory_id, found)
        labels.add(sample_id, laboratory_id, before, sign=-1)
        days.add(result.image, result.version, found)
        if result.image.newest_result is not None:
            days.add(result.image, result.image.newest_result.model_version, before, sign=-1)
    for sample_id, changes in sorted(samples.items()):
        _add(sample_id, **changes)
    labels.write()
    days.write()
    # First results of versions without an alarm, nearly all there are, cost nothing.
    alarms_renewed(
        {
            result.image.sample_id
            for result in results
            if result.image.newest_result is not None
            or any(cell.suspicion is not None for cell in result.cells)
        }
    )


def cell_reviewed(cell: Cell, review: CellReview) -> None:
    """A person said what a cell of its image's newest result is.

    Args:
        cell: as it was before, with its image, whose row is held.
        review: what the person said.
    """
    cells_reviewed([(cell, review)])


def cells_reviewed(reviews: Sequence[tuple[Cell, CellReview]]) -> None:
    """People said what cells of one sample are, each of its image's newest result.

    Args:
        reviews: cells as they were before, each once, with their images, whose rows are held;
            and what was said of each.
    """
    named = [named_anew(cell, review) for cell, review in reviews]
    Cell.objects.bulk_update(named, ["present_label", "named_by_role", "last_review_number"])
    seen: dict[UUID, datetime] = {}
    for cell, review in reviews:
        seen[cell.image_id] = max(review.at, seen.get(cell.image_id, review.at))
    images: dict[datetime, list[UUID]] = defaultdict(list)
    for image_id, at in seen.items():
        images[at].append(image_id)
    for at, image_ids in images.items():
        SmearImage.objects.filter(pk__in=image_ids).update(last_reviewed_at=at)
    _recount([(cell, after) for (cell, _), after in zip(reviews, named, strict=True)])
    alarms_renewed(
        {
            cell.image.sample_id
            for cell, review in reviews
            if cell.suspicion is not None or BLAST in (cell.present_label, review.to_label)
        }
    )


def cell_added(cell: Cell) -> None:
    """A person added a cell to its image's newest result; the image's row is held."""
    SmearImage.objects.filter(pk=cell.image_id).update(cells_found=F("cells_found") + 1)
    _add(cell.image.sample_id, cells_found=1)
    _recount([(None, cell)])


def cell_named(before: Cell, after: Cell) -> None:
    """The engine named a cell that a person had added; its image's row is held."""
    # Before its labels, in the one order of rows: counting alone may not touch the sample's row.
    _held(Sample, Sample.objects.filter(pk=after.image.sample_id).values("pk"))
    _recount([(before, after)])
    alarms_renewed({after.image.sample_id})


def named_anew(cell: Cell, review: CellReview) -> Cell:
    """The cell as it is once the review counts: a technician does not overrule a doctor."""
    named = copy(cell)
    named.last_review_number = review.number
    if review.is_doctors or cell.named_by_role != Role.DOCTOR:
        named.present_label, named.named_by_role = review.to_label, review.by_role
    return named


def image_dismissed(image: SmearImage) -> None:
    """A person set an image aside; its row is held, and its sample's."""
    if image.status == JobStatus.FAILED:
        _add(image.sample_id, images_failed=-1)
    # Before its cells are taken out: an alarm is asked of newest results.
    SmearImage.objects.filter(pk=image.pk).update(newest_result=None, cells_found=None)
    if image.newest_result is not None:
        _count_result(image, image.newest_result, sign=-1)


def image_taken_back(image: SmearImage) -> None:
    """A dismissed image counts again, with its newest result; held as for `image_dismissed`."""
    image.dismissed_at, image.dismissed_by, image.dismissal_reason = None, None, ""
    done = image.jobs.filter(status=JobStatus.SUCCEEDED).first()
    image.newest_result = done
    image.cells_found = done.cells.count() if done else None
    changed = ["dismissed_at", "dismissed_by", "dismissal_reason", "newest_result", "cells_found"]
    image.save(update_fields=changed)
    if image.status == JobStatus.FAILED:
        _add(image.sample_id, images_failed=1)
    if done is not None:
        _count_result(image, done)


def _count_result(image: SmearImage, result: ClassificationJob, *, sign: int = 1) -> None:
    """Count the cells of a result, or take that back; rows of image and sample are held."""
    tally = _Tally.of(result.cells.defer("probabilities"))
    if sign < 0:
        ImageLabel.objects.filter(image=image).delete()
    else:
        ImageLabel.objects.bulk_create(
            ImageLabel.of(image, code, count) for code, count in sorted(tally.shown.items())
        )
    _add(image.sample_id, cells_found=sign * tally.cells, cells_to_review=sign * tally.to_review)
    labels, days = _SampleLabels(), _Days()
    labels.add(image.sample_id, image.laboratory_id, tally, sign=sign)
    days.add(image, result.model_version, tally, sign=sign)
    labels.write()
    days.write()
    alarms_renewed({image.sample_id})


def image_moved(image: SmearImage, sample_before: UUID) -> None:
    """An image came from another sample, with its cells; its row is held, and both samples'."""
    result = image.newest_result
    tally = _Tally.of(result.cells.defer("probabilities")) if result else _Tally()
    is_failed = image.status == JobStatus.FAILED and image.dismissed_at is None
    labels = _SampleLabels()
    for sample_id, sign in ((sample_before, -1), (image.sample_id, 1)):
        _add(
            sample_id,
            images_count=sign,
            images_failed=sign * is_failed,
            cells_found=sign * tally.cells,
            cells_to_review=sign * tally.to_review,
        )
        labels.add(sample_id, image.laboratory_id, tally, sign=sign)
    labels.write()
    alarms_renewed({sample_before, image.sample_id})


def alarms_renewed(sample_ids: Collection[Any]) -> None:
    """What cells of samples are, or which they have, changed; the samples' rows are held.

    An alarm asks for a doctor again as soon as a cell makes it that none has acknowledged.
    """
    if not sample_ids:
        return
    for sample in Sample.objects.filter(pk__in=sample_ids).order_by("pk"):
        columns = alarm_columns(sample)
        if any(getattr(sample, name) != value for name, value in columns.items()):
            Sample.objects.filter(pk=sample.pk).update(**columns)


def review_asked(laboratory_id: Any, codes: Collection[str]) -> None:
    """A laboratory asks for a person's look at every cell of these classes, however sure a model.

    What a model had accepted waits for that look, in samples that are not at their end.
    """
    accepted = Cell.objects.filter(
        image__laboratory=laboratory_id,
        job=F("image__newest_result"),
        label__in=codes,
        last_review_number=0,
        disposition=Cell.Disposition.ACCEPTED,
    ).exclude(image__sample__state__in=Sample.FROZEN)
    # All images, then all samples: as whoever records results holds them.
    images = _held(SmearImage, accepted.values("image"))
    samples = _held(Sample, accepted.values("image__sample"))
    cells = [
        cell
        for cell in accepted.select_related("image", "job__model_version").only(
            "label", "present_label", "last_review_number", "disposition", "origin", "image", "job"
        )
        if cell.image_id in images and cell.image.sample_id in samples
    ]
    to_review: Counter[UUID] = Counter()
    labels, days = _SampleLabels(), _Days()
    for cell in cells:
        image, version = cell.image, cell.job.model_version
        asked = copy(cell)
        asked.disposition = Cell.Disposition.REVIEW
        for each, sign in ((cell, -1), (asked, 1)):
            labels.add(image.sample_id, image.laboratory_id, _Tally.of([each]), sign=sign)
            days.add(image, version, _Tally.of([each]), sign=sign)
        to_review[image.sample_id] += 1
    for begin in range(0, len(cells), _AT_ONCE):
        part = [cell.pk for cell in cells[begin : begin + _AT_ONCE]]
        Cell.objects.filter(pk__in=part).update(disposition=Cell.Disposition.REVIEW)
    for sample_id, count in sorted(to_review.items()):
        _add(sample_id, cells_to_review=count)
    labels.write()
    days.write()


def _held(model: type[SmearImage] | type[Sample], keys: models.QuerySet) -> set[UUID]:
    """Rows, held until the transaction ends, taken in one order."""
    rows = model._default_manager.select_for_update(no_key=True).filter(pk__in=keys)
    return set(rows.order_by("pk").values_list("pk", flat=True))


def _recount(changes: Sequence[tuple[Cell | None, Cell]]) -> None:
    """Count cells of one sample as they are now instead of as they were, or beside the others."""
    labels, days = _SampleLabels(), _Days()
    shown: dict[UUID, Counter[str]] = defaultdict(Counter)
    to_review = 0
    for before, after in changes:
        image = after.image
        for cell, sign in ((before, -1), (after, 1)):
            if cell is None:
                continue
            tally = _Tally.of([cell])
            labels.add(image.sample_id, image.laboratory_id, tally, sign=sign)
            if tally.spoken:
                days.add_spoken(image, after.job.model_version_id, tally, sign=sign)
            to_review += sign * cell.asks_for_review
            shown[image.pk][cell.shown_label] += sign
    _relabel({after.image_id: after.image for _, after in changes}, shown)
    if changes:
        _add(changes[0][1].image.sample_id, cells_to_review=to_review)
    labels.write()
    days.write()


def _relabel(images: Mapping[UUID, SmearImage], shown: Mapping[UUID, Counter[str]]) -> None:
    """Count so many more or fewer cells of images under labels; the images' rows are held."""
    moved = {(key, code): by for key, codes in shown.items() for code, by in codes.items() if by}
    if not moved:
        return
    rows = {(row.image_id, row.code): row for row in ImageLabel.objects.filter(image__in=images)}
    known = [rows[key] for key in moved if key in rows]
    for row in known:
        row.cells += moved[row.image_id, row.code]
    ImageLabel.objects.bulk_update([row for row in known if row.cells > 0], ["cells"])
    ImageLabel.objects.filter(pk__in=[row.pk for row in known if row.cells <= 0]).delete()
    ImageLabel.objects.bulk_create(
        ImageLabel.of(images[key], code, by)
        for (key, code), by in sorted(moved.items())
        if (key, code) not in rows and by > 0
    )


@dataclass(frozen=True)
class _Tally:
    """Cells of one result, counted.

    Args:
        shown: by what lists count them as now.
        named: of those that the model found, by what it named them, and whether it accepted them.
        standing: by what lists count them as, and the column of `SampleLabel` for who stands
            behind it.
        spoken: of those that a person spoke of, by what the model named them, what the person
            whose word counts did, and whether the model had accepted them.
    """

    cells: int = 0
    to_review: int = 0
    shown: Counter[str] = field(default_factory=Counter)
    named: Counter[tuple[str, bool]] = field(default_factory=Counter)
    standing: Counter[tuple[str, str]] = field(default_factory=Counter)
    spoken: Counter[tuple[str, str, bool]] = field(default_factory=Counter)

    @classmethod
    def of(cls, cells: Iterable[Cell]) -> _Tally:
        cells = list(cells)
        return cls(
            cells=len(cells),
            to_review=sum(cell.asks_for_review for cell in cells),
            shown=Counter(cell.shown_label for cell in cells),
            named=Counter(
                (_named(cell), _is_accepted(cell))
                for cell in cells
                if cell.origin == Cell.Origin.MODEL
            ),
            standing=Counter((cell.shown_label, stands_behind(cell)) for cell in cells),
            spoken=Counter(
                (found_as(cell), cell.present_label, is_found and _is_accepted(cell))
                for cell in cells
                if cell.is_reviewed
                for is_found in [cell.origin == Cell.Origin.MODEL]
            ),
        )


def _named(cell: Cell) -> str:
    is_unidentified = cell.disposition == Cell.Disposition.UNIDENTIFIED
    return ImageLabel.UNIDENTIFIED if is_unidentified else cell.label


def found_as(cell: Cell) -> str:
    """What the model named a cell when it found it, as `DailyAgreement` keeps it."""
    return _named(cell) if cell.origin == Cell.Origin.MODEL else DailyAgreement.NOT_FOUND


def _is_accepted(cell: Cell) -> bool:
    return cell.disposition == Cell.Disposition.ACCEPTED


def _add(sample_id: Any, **changes: int) -> None:
    changed = {name: F(name) + by for name, by in changes.items() if by}
    if changed:
        Sample.objects.filter(pk=sample_id).update(**changed)


class _SampleLabels:
    """Cells to be counted by label in their samples."""

    def __init__(self) -> None:
        self._counts: dict[tuple[UUID, UUID, str], Counter[str]] = defaultdict(Counter)

    def add(self, sample_id: UUID, laboratory_id: UUID, tally: _Tally, *, sign: int = 1) -> None:
        """Count who stands behind the labels of cells, or take it back."""
        for (code, column), cells in tally.standing.items():
            self._counts[sample_id, laboratory_id, code][column] += sign * cells

    def write(self) -> None:
        """Add everything to the stored rows, in one statement and one order."""
        _add_up(
            [
                SampleLabel(sample_id=sample, laboratory_id=laboratory, code=code, **dict(columns))
                for (sample, laboratory, code), columns in sorted(self._counts.items())
                if any(columns.values())
            ],
            once_by=("sample_id", "code"),
            counts=("reviewed", "accepted", "to_review"),
        )


class _Days:
    """Cells to be counted on the days of their images, and what people said of them."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[UUID, date, str, str, str, bool]] = Counter()
        self._spoken: Counter[tuple[UUID, date, str, str, str, str, bool]] = Counter()

    def add(
        self, image: SmearImage, version: ModelVersion | None, tally: _Tally, *, sign: int = 1
    ) -> None:
        """Count what a version named in an image, or take it back."""
        place = self._place(image, version.pk if version else None)
        for (code, is_accepted), cells in tally.named.items():
            self._counts[(*place, code, is_accepted)] += sign * cells
        self.add_spoken(image, version.pk if version else None, tally, sign=sign)

    def add_spoken(
        self, image: SmearImage, version_id: UUID | None, tally: _Tally, *, sign: int = 1
    ) -> None:
        """Count alone what people said of cells of a version, or take it back."""
        place = self._place(image, version_id)
        for (code, said, was_accepted), cells in tally.spoken.items():
            self._spoken[(*place, code, said, was_accepted)] += sign * cells

    def write(self) -> None:
        """Add everything to the stored rows, in one statement a table and one order."""
        for model, counts, further in (
            (DailyCells, self._counts, ("code",)),
            (DailyAgreement, self._spoken, ("code", "said")),
        ):
            once_by = ("laboratory_id", "day", "version", "profile", *further)
            keys = sorted({key[:-1] for key, cells in counts.items() if cells})
            rows = [
                model(
                    **dict(zip(once_by, key, strict=True)),
                    cells=counts[(*key, True)] + counts[(*key, False)],
                    accepted=counts[(*key, True)],
                )
                for key in keys
            ]
            _add_up(rows, once_by=once_by, counts=("cells", "accepted"))

    def _place(self, image: SmearImage, version_id: UUID | None) -> tuple[UUID, date, str, str]:
        profile = str(image.imaging_profile_id or "")
        return image.laboratory_id, image.uploaded_on, str(version_id or ""), profile


def _add_up(rows: Sequence[models.Model], *, once_by: Sequence[str], counts: Sequence[str]) -> None:
    """Store rows of one table; where one is there already, add to it.

    The ORM's upsert can only overwrite; this one adds.

    Args:
        rows: in the order in which they are to be held.
        once_by: columns of the table's unique constraint.
        counts: columns to be added to.
    """
    if not rows:
        return
    meta = rows[0]._meta
    fields = [each for each in meta.concrete_fields if not each.primary_key]
    columns = ", ".join(str(each.column) for each in fields)
    places = ", ".join(["(" + ", ".join(["%s"] * len(fields)) + ")"] * len(rows))
    added = ", ".join(f"{name} = {meta.db_table}.{name} + EXCLUDED.{name}" for name in counts)
    values = [
        each.get_db_prep_save(getattr(row, each.attname), connection)
        for row in rows
        for each in fields
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {meta.db_table} ({columns}) VALUES {places} "  # noqa: S608  our names
            f"ON CONFLICT ({', '.join(once_by)}) DO UPDATE SET {added}",
            values,
        )
