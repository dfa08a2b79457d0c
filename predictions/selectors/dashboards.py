"""What each role sees first: figures and lists, each from the viewer's own laboratory."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, F, Min, Q, QuerySet, Sum, Window
from django.db.models.functions import RowNumber

from accounts.models import AuditEvent, Laboratory, User
from accounts.policy import Action, require
from mlmodels.models import Label, ModelVersion
from mlmodels.selectors.labels import labels_for
from mlmodels.selectors.versions.active import active_version
from predictions import policy
from predictions.models import DailyCells, JobStatus, Sample, SmearImage
from predictions.quality.agreement import Share
from predictions.selectors.imaging.history import (
    UNFINISHED,
    UNIDENTIFIED,
    HistoryRow,
    images_newest_first,
    rows_of,
    with_status,
)
from predictions.selectors.quality.agreement import LATELY_DAYS, overruled_lately
from predictions.selectors.quality.spans import last_days

DAYS_SHOWN = 14


@dataclass(frozen=True)
class SampleRow:
    """A sample with its newest images."""

    sample: Sample
    images_count: int
    images: list[HistoryRow]


@dataclass(frozen=True)
class BenchWork:
    """What a technician has at hand.

    Args:
        queue: own images that are not classified yet, the oldest first.
        failures: own images whose newest job failed.
        samples: the last ten samples that the viewer made or added to.
        images_today: own uploads of the laboratory's present day.
        cells_today: cells found in those.
    """

    queue: list[HistoryRow]
    failures: list[HistoryRow]
    samples: list[SampleRow]
    images_today: int
    cells_today: int


@dataclass(frozen=True)
class DayFigures:
    """Uploads of one day of the laboratory, and the cells found in them."""

    day: date
    images: int
    cells: int


@dataclass(frozen=True)
class ClassFigure:
    """How many cells of one class were found; without a label: unidentified ones."""

    label: Label | None
    code: str
    cells: int
    share: float


@dataclass(frozen=True)
class Usage:
    """How a laboratory uses the installation.

    Args:
        first_day: of the last `DAYS_SHOWN` days, which the figures are of.
        days: those of them with uploads, the oldest first.
        most_images, most_cells: the highest of the days, at least 1.
        waiting: jobs that are queued or running.
        waiting_since: when the oldest of them was asked for.
        failed: images whose newest job failed.
        classes: of the cells of those days, most frequent first, unidentified last.
        cells: the sum of `classes`.
        version: the model that classifies now.
        overruled: cells that people called otherwise than the model, of those they spoke of in
            images since `overruled_since`.
        active_users: people who did something today.
        users: people with an open account.
    """

    first_day: date
    days: list[DayFigures]
    most_images: int
    most_cells: int
    waiting: int
    waiting_since: datetime | None
    failed: int
    classes: list[ClassFigure]
    cells: int
    version: ModelVersion | None
    overruled: Share
    overruled_since: date
    active_users: int
    users: int

    @property
    def days_shown(self) -> int:
        """How many days the figures are of."""
        return DAYS_SHOWN

    @property
    def days_without(self) -> int:
        """How many of them were without an upload."""
        return DAYS_SHOWN - len(self.days)

    @property
    def images_in_days(self) -> int:
        """Uploads of the days shown."""
        return sum(day.images for day in self.days)


def bench_work(viewer: User) -> BenchWork:
    """The technician's own queue, failures, samples and count of today."""
    require(viewer, Action.UPLOAD_IMAGES)
    mine = images_newest_first(viewer).filter(uploaded_by=viewer)
    queue, failures = _without_result(viewer, mine)
    newest = _newest_by_sample(viewer)
    today = mine.filter(uploaded_at__gte=midnight(viewer.laboratory)).aggregate(
        images=Count("pk"), cells=Sum("cells_found")
    )
    # All rows at once: what they show beside the image is asked for once.
    rows = {
        row.image.pk: row for row in rows_of(viewer, {*queue, *failures, *itertools.chain(*newest)})
    }
    return BenchWork(
        queue=[rows[image.pk] for image in queue],
        failures=[rows[image.pk] for image in failures],
        samples=[
            SampleRow(
                images[0].sample,
                images[0].sample.images_count,
                [rows[image.pk] for image in images],
            )
            for images in newest
        ],
        images_today=today["images"],
        cells_today=today["cells"] or 0,
    )


def usage(viewer: User) -> Usage:
    """The figures of the viewer's laboratory."""
    require(viewer, Action.SEE_USAGE)
    laboratory = viewer.laboratory
    first_day = laboratory.today - timedelta(days=DAYS_SHOWN - 1)
    images = policy.visible_images(viewer)
    days = _by_day(images, first_day)
    labels = labels_for(laboratory)
    classes = _by_class(laboratory, first_day, labels)
    left = _without_result_yet(images)
    people = _people_of_today(laboratory)
    return Usage(
        first_day=first_day,
        days=days,
        most_images=max([1, *(day.images for day in days)]),
        most_cells=max([1, *(day.cells for day in days)]),
        waiting=left["waiting"],
        waiting_since=left["since"],
        failed=left["failed"],
        classes=classes,
        cells=sum(figure.cells for figure in classes),
        version=active_version(laboratory),
        overruled=overruled_lately(viewer, labels),
        overruled_since=last_days(viewer, LATELY_DAYS).first_day,
        active_users=people["active"],
        users=people["users"],
    )


def _without_result(
    viewer: User, mine: QuerySet[SmearImage], waiting: int = 20, failed: int = 10
) -> tuple[list[SmearImage], list[SmearImage]]:
    """The oldest of the viewer's images that wait, and the newest that failed; one query."""
    oldest = with_status(mine, UNFINISHED).order_by("uploaded_at", "id")[:waiting]
    newest = mine.filter(status=JobStatus.FAILED)[:failed]
    # A slice cannot stand in a union on every database; what it selects can.
    first, second = (
        SmearImage.objects.filter(pk__in=part.values("pk")).order_by().values("pk")
        for part in (oldest, newest)
    )
    found = list(mine.filter(pk__in=first.union(second)))
    queue = [image for image in found if not image.is_final]
    return queue[::-1], [image for image in found if image.is_final]


def _newest_by_sample(
    viewer: User, at_most: int = 10, images_each: int = 8
) -> list[list[SmearImage]]:
    """The newest images of each sample to which the viewer last added something."""
    touched = (
        policy.visible_images(viewer)
        .filter(uploaded_by=viewer)
        .order_by("-uploaded_at", "-id")
        .values_list("sample", flat=True)
    )
    # The newest uploads name the samples; a batch may hold many images of one.
    keys = list(dict.fromkeys(touched[:1000]))[:at_most]
    place = Window(
        RowNumber(), partition_by=F("sample_id"), order_by=[F("uploaded_at").desc(), F("id").desc()]
    )
    newest = images_newest_first(viewer).filter(sample__in=keys).annotate(place=place)
    images: dict[UUID, list[SmearImage]] = {key: [] for key in keys}
    for image in newest.filter(place__lte=images_each):
        images[image.sample_id].append(image)
    return list(images.values())


def _by_day(images: QuerySet[SmearImage], first_day: date) -> list[DayFigures]:
    rows = (
        images.filter(uploaded_on__gte=first_day)
        .values_list("uploaded_on")
        .annotate(uploads=Count("pk"), found=Sum("cells_found"))
    )
    return [
        DayFigures(day, count, cells or 0) for day, count, cells in rows.order_by("uploaded_on")
    ]


def _by_class(
    laboratory: Laboratory, first_day: date, labels: Mapping[str, Label]
) -> list[ClassFigure]:
    rows = DailyCells.objects.filter(laboratory=laboratory, day__gte=first_day)
    named = dict(rows.values_list("code").annotate(n=Sum("cells")).filter(n__gt=0))
    total = max(1, sum(named.values()))
    unidentified = named.pop(UNIDENTIFIED, 0)
    figures = [
        ClassFigure(labels.get(code), code, count, count / total)
        for code, count in sorted(named.items(), key=lambda item: -item[1])
    ]
    if unidentified:
        figures.append(ClassFigure(None, UNIDENTIFIED, unidentified, unidentified / total))
    return figures


def _without_result_yet(images: QuerySet[SmearImage]) -> dict[str, Any]:
    """How many images wait or run, since when the oldest of them, and how many failed."""
    waits = Q(status__in=(JobStatus.QUEUED, JobStatus.RUNNING))
    return images.exclude(status=JobStatus.SUCCEEDED).aggregate(
        waiting=Count("pk", filter=waits),
        since=Min("newest_job__queued_at", filter=waits),
        failed=Count("pk", filter=Q(status=JobStatus.FAILED)),
    )


def _people_of_today(laboratory: Laboratory) -> dict[str, int]:
    """How many open accounts there are, and how many people did something today."""
    acted = AuditEvent.objects.filter(laboratory=laboratory, at__gte=midnight(laboratory))
    return User.objects.filter(laboratory=laboratory).aggregate(
        users=Count("pk", filter=Q(is_active=True)),
        active=Count("pk", filter=Q(pk__in=acted.exclude(actor=None).values("actor"))),
    )


def midnight(laboratory: Laboratory, day: date | None = None) -> datetime:
    """When a day of the laboratory began; today, where none is named."""
    return datetime.combine(day or laboratory.today, time.min, tzinfo=laboratory.zone)
