"""What each role sees first: figures and lists, each from the viewer's own laboratory."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Count, F, Min, QuerySet, Window
from django.db.models.functions import RowNumber, TruncDate
from django.utils import timezone

from accounts.models import AuditEvent, Laboratory, User
from accounts.policy import Action, require
from mlmodels.models import Label, ModelVersion
from mlmodels.selectors.labels import labels_for
from mlmodels.selectors.versions.active import active_version
from predictions import policy
from predictions.models import Cell, ClassificationJob, Sample
from predictions.selectors.imaging.history import (
    UNFINISHED,
    HistoryRow,
    images_with_state,
    rows_of,
    with_status,
)

if TYPE_CHECKING:
    from predictions.selectors.imaging.history import ImageWithState

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
        days: the last `DAYS_SHOWN` days, the oldest first, those without uploads too.
        most_images, most_cells: the highest of the days, at least 1.
        waiting: jobs that are queued or running.
        waiting_since: when the oldest of them was asked for.
        failed: images whose newest job failed.
        classes: of the cells of those days, most frequent first, unidentified last.
        cells: the sum of `classes`.
        version: the model that classifies now.
        active_users: people who did something today.
        users: people with an open account.
    """

    days: list[DayFigures]
    most_images: int
    most_cells: int
    waiting: int
    waiting_since: datetime | None
    failed: int
    classes: list[ClassFigure]
    cells: int
    version: ModelVersion | None
    active_users: int
    users: int

    @property
    def images_in_days(self) -> int:
        """Uploads of the days shown."""
        return sum(day.images for day in self.days)


def bench_work(viewer: User) -> BenchWork:
    """The technician's own queue, failures, samples and count of today."""
    require(viewer, Action.UPLOAD_IMAGES)
    mine = images_with_state(viewer).filter(uploaded_by=viewer)
    today = mine.filter(uploaded_at__gte=_midnight(viewer.laboratory))
    queue = with_status(mine, UNFINISHED).order_by("uploaded_at", "id")
    failures = mine.filter(status=ClassificationJob.Status.FAILED)
    return BenchWork(
        queue=rows_of(viewer, queue[:20]),
        failures=rows_of(viewer, failures[:10]),
        samples=_samples_of(viewer),
        images_today=today.count(),
        cells_today=_cells_of(today).count(),
    )


def recent_results(viewer: User, *, at_most: int = 20) -> list[HistoryRow]:
    """The newest images that have a result."""
    finished = images_with_state(viewer).filter(status=ClassificationJob.Status.SUCCEEDED)
    return rows_of(viewer, finished[:at_most])


def usage(viewer: User) -> Usage:
    """The figures of the viewer's laboratory."""
    require(viewer, Action.SEE_USAGE)
    laboratory = viewer.laboratory
    first_day = _today(laboratory) - timedelta(days=DAYS_SHOWN - 1)
    state = images_with_state(viewer)
    shown = state.filter(uploaded_at__gte=_midnight(laboratory, first_day))
    days = _by_day(laboratory, shown, first_day)
    classes = _by_class(laboratory, shown)
    jobs = (
        ClassificationJob.objects.filter(image__in=policy.visible_images(viewer))
        .exclude(status__in=ClassificationJob.FINAL)
        .aggregate(waiting=Count("id"), since=Min("queued_at"))
    )
    return Usage(
        days=days,
        most_images=max(1, *(day.images for day in days)),
        most_cells=max(1, *(day.cells for day in days)),
        waiting=jobs["waiting"],
        waiting_since=jobs["since"],
        failed=state.filter(status=ClassificationJob.Status.FAILED).count(),
        classes=classes,
        cells=sum(figure.cells for figure in classes),
        version=active_version(laboratory),
        active_users=_active_today(laboratory),
        users=User.objects.filter(laboratory=laboratory, is_active=True).count(),
    )


def _samples_of(viewer: User, at_most: int = 10, images_each: int = 8) -> list[SampleRow]:
    """The samples to which the viewer last added something."""
    touched = (
        policy.visible_images(viewer)
        .filter(uploaded_by=viewer)
        .order_by("-uploaded_at")
        .values_list("sample", flat=True)
    )
    # The newest uploads name the samples; a batch may hold many images of one.
    keys = list(dict.fromkeys(touched[:1000]))[:at_most]
    samples = policy.visible_samples(viewer).annotate(images_count=Count("images")).in_bulk(keys)
    place = Window(
        RowNumber(), partition_by=F("sample_id"), order_by=[F("uploaded_at").desc(), F("id").desc()]
    )
    newest = images_with_state(viewer).filter(sample__in=keys).annotate(place=place)
    images: dict[UUID, list[HistoryRow]] = {key: [] for key in keys}
    for row in rows_of(viewer, newest.filter(place__lte=images_each)):
        images[row.image.sample_id].append(row)
    return [SampleRow(samples[key], samples[key].images_count, images[key]) for key in keys]


def _by_day(
    laboratory: Laboratory, images: QuerySet[ImageWithState], first_day: date
) -> list[DayFigures]:
    day = TruncDate("uploaded_at", tzinfo=zone_of(laboratory))
    uploads = _counted(images.order_by().annotate(day=day).values_list("day"))
    day_of_image = TruncDate("image__uploaded_at", tzinfo=zone_of(laboratory))
    cells = _counted(_cells_of(images).annotate(day=day_of_image).values_list("day"))
    shown = [first_day + timedelta(days=n) for n in range(DAYS_SHOWN)]
    return [DayFigures(each, uploads.get(each, 0), cells.get(each, 0)) for each in shown]


def _by_class(laboratory: Laboratory, images: QuerySet[ImageWithState]) -> list[ClassFigure]:
    cells = _cells_of(images)
    unidentified = cells.filter(disposition=Cell.Disposition.UNIDENTIFIED).count()
    named = _counted(cells.exclude(disposition=Cell.Disposition.UNIDENTIFIED).values_list("label"))
    total = max(1, unidentified + sum(named.values()))
    labels = labels_for(laboratory)
    figures = [
        ClassFigure(labels.get(code), code, count, count / total)
        for code, count in sorted(named.items(), key=lambda item: -item[1])
    ]
    if unidentified:
        figures.append(ClassFigure(None, "unidentified", unidentified, unidentified / total))
    return figures


def _cells_of(images: QuerySet[ImageWithState]) -> QuerySet[Cell]:
    """The cells of the newest result of each of `images_with_state`."""
    results = images.order_by().values("result_id")
    return Cell.objects.filter(job__in=results).order_by()


def _counted(values: QuerySet[Any, Any]) -> dict[Any, int]:
    return dict(values.annotate(n=Count("pk")))


def _active_today(laboratory: Laboratory) -> int:
    return (
        AuditEvent.objects.filter(laboratory=laboratory, at__gte=_midnight(laboratory))
        .exclude(actor=None)
        .aggregate(people=Count("actor", distinct=True))["people"]
    )


def zone_of(laboratory: Laboratory) -> ZoneInfo:
    """Where a laboratory's days begin."""
    return ZoneInfo(laboratory.time_zone)


def _today(laboratory: Laboratory) -> date:
    return timezone.now().astimezone(zone_of(laboratory)).date()


def _midnight(laboratory: Laboratory, day: date | None = None) -> datetime:
    """When a day of the laboratory began; today, where none is named."""
    return datetime.combine(day or _today(laboratory), time.min, tzinfo=zone_of(laboratory))
