"""The cells of signed samples that may leave: which are wanted, how many, and in what order."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime, time, timedelta
from itertools import groupby
from typing import Any
from uuid import UUID

from django.db.models import Count, F, Q, QuerySet, Sum

from accounts.models import Laboratory, User
from predictions import policy
from predictions.models import Cell, ImageLabel, Report, Sample, SmearImage
from predictions.selectors.imaging.history import NO_PROFILE
from predictions.selectors.laboratory.diseases import has_disease
from predictions.selectors.reports.contents import NO_CELL_OF_ITS_OWN

_AT_ONCE = 500


@dataclass(frozen=True)
class Wanted:
    """Which cells of signed samples somebody wants; what is empty narrows nothing.

    Boxes that are no cells of their own are wanted only where they are named among the labels.

    Args:
        first_day, last_day: of the laboratory, on which the report that stands was signed.
        profiles: ids of imaging profiles, or `NO_PROFILE`.
        labels: codes of what cells are called now.
        diseases: codes of disease labels, of which the sample carries one.
        with_diseases: whether the table says what each patient has; else nothing does.
    """

    first_day: date | None = None
    last_day: date | None = None
    profiles: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    diseases: tuple[str, ...] = ()
    with_diseases: bool = False

    def as_json(self) -> dict[str, Any]:
        """As a row keeps it."""
        return {
            name: said.isoformat() if isinstance(said, date) else said
            for name, said in asdict(self).items()
        }

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Wanted:
        """What a row kept."""
        return cls(
            first_day=_day(kept.get("first_day")),
            last_day=_day(kept.get("last_day")),
            profiles=tuple(kept.get("profiles", ())),
            labels=tuple(kept.get("labels", ())),
            diseases=tuple(kept.get("diseases", ())),
            with_diseases=kept.get("with_diseases", False),
        )


@dataclass(frozen=True)
class Found:
    """How much there is of what is wanted.

    Args:
        cells, images, samples: how many would be exported.
        by_label: cells of each label in the span and the profiles, of whatever label.
    """

    cells: int
    images: int
    samples: int
    by_label: dict[str, int]


@dataclass(frozen=True)
class ImageCells:
    """The wanted cells of one image.

    Args:
        sample_id: of the image.
        cells: keys with what each is called.
    """

    image_id: UUID
    sample_id: UUID
    cells: tuple[tuple[UUID, str], ...]


def signed_samples(viewer: User, wanted: Wanted) -> QuerySet[Sample]:
    """The samples whose report stands, by the day on which it was signed."""
    signed = Report.objects.filter(
        *_in_span(viewer.laboratory, wanted),
        laboratory_id=viewer.laboratory_id,
        replaced_by__isnull=True,
    )
    samples = policy.visible_samples(viewer).filter(
        state=Sample.State.SIGNED, pk__in=signed.values("sample")
    )
    return samples.filter(has_disease(viewer, wanted.diseases)) if wanted.diseases else samples


def found_cells(viewer: User, wanted: Wanted) -> Found:
    """How many cells somebody would get: counted from the summaries of images."""
    counted = ImageLabel.objects.filter(
        of_profiles(wanted.profiles, "image__imaging_profile"),
        image__sample__in=signed_samples(viewer, wanted),
        cells__gt=0,
    ).exclude(code=ImageLabel.UNIDENTIFIED)
    by_label: dict[str, int] = dict(counted.order_by().values_list("code").annotate(n=Sum("cells")))
    sums = counted.filter(_of_labels(wanted.labels, "code")).aggregate(
        cells=Sum("cells"),
        images=Count("image", distinct=True),
        samples=Count("image__sample", distinct=True),
    )
    return Found(sums["cells"] or 0, sums["images"], sums["samples"], by_label)


def cells_to_export(viewer: User, wanted: Wanted, *, at_most: int) -> list[ImageCells]:
    """The cells themselves, image by image, in the order of upload.

    Args:
        at_most: cells; one more is given where there are more, so that it can be told.
    """
    cells = cells_that_stand().filter(
        Q(last_review_number__gt=0) | ~Q(disposition=Cell.Disposition.UNIDENTIFIED),
        of_profiles(wanted.profiles, "image__imaging_profile"),
        _of_labels(wanted.labels, "present_label"),
        image__sample__in=signed_samples(viewer, wanted),
    )
    rows = cells.order_by("image__sample", "image__uploaded_at", "image", "position").values_list(
        "image__sample", "image", "pk", "present_label"
    )[: at_most + 1]
    return by_image(rows)


def by_image(rows: Any) -> list[ImageCells]:
    """Sample, image, cell and label of each, put together by image; those of one image adjoin."""
    return [
        ImageCells(image, sample, tuple((cell, label) for _, _, cell, label in group))
        for (sample, image), group in groupby(rows, key=lambda row: (row[0], row[1]))
    ]


def places_of_images(sample_ids: Collection[UUID]) -> dict[UUID, int]:
    """Which image of its sample each one is, from 1, by upload.

    All images of a sample are numbered, wanted or not: what leaves in two files under one study
    code is the same field wherever it has the same number.
    """
    places: dict[UUID, int] = {}
    keys = list(sample_ids)
    for begin in range(0, len(keys), _AT_ONCE):
        images = SmearImage.objects.filter(sample__in=keys[begin : begin + _AT_ONCE])
        rows = images.order_by("sample", "uploaded_at", "pk").values_list("sample", "pk")
        for _, of_sample in groupby(rows, key=lambda row: row[0]):
            places |= {image: place for place, (_, image) in enumerate(of_sample, 1)}
    return places


def cells_that_stand() -> QuerySet[Cell]:
    """Cells of the result that counts for their image; none of a dismissed one."""
    return Cell.objects.filter(job=F("image__newest_result"))


def of_profiles(profiles: tuple[str, ...], column: str) -> Q:
    """Whether an image was taken with one of the profiles; without any, every image."""
    if not profiles:
        return Q()
    keys = [key for key in profiles if key != NO_PROFILE]
    chosen = Q(**{f"{column}__in": keys})
    return chosen | Q(**{f"{column}__isnull": True}) if NO_PROFILE in profiles else chosen


def _of_labels(labels: tuple[str, ...], column: str) -> Q:
    if labels:
        return Q(**{f"{column}__in": labels})
    return ~Q(**{f"{column}__in": NO_CELL_OF_ITS_OWN})


def _in_span(laboratory: Laboratory, wanted: Wanted) -> list[Q]:
    conditions = []
    if wanted.first_day:
        conditions.append(Q(at__gte=_midnight(laboratory, wanted.first_day)))
    if wanted.last_day:
        conditions.append(Q(at__lt=_midnight(laboratory, wanted.last_day + timedelta(days=1))))
    return conditions


def _midnight(laboratory: Laboratory, day: date) -> datetime:
    return datetime.combine(day, time(), laboratory.zone)


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
