"""Images and their results, newest first, page by page."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.db.models import Exists, F, FilteredRelation, OuterRef, Q, QuerySet

from accounts.models import User
from mlmodels.models import Label
from mlmodels.selectors.labels import labels_for
from mlmodels.selectors.profiles import profiles_of
from predictions import policy
from predictions.models import ImageLabel, JobStatus, SmearImage
from predictions.selectors.review.counts import CellCounts, counts_of_results
from predictions.selectors.samples.rules import key_in

UNIDENTIFIED = ImageLabel.UNIDENTIFIED
UNFINISHED = "unfinished"
NO_PROFILE = "none"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class HistoryRow:
    """An image with what became of it.

    Args:
        image: with its sample and uploader.
        status: of its newest job.
        error: of its newest job, a sentence; empty where it did not fail.
        cells_found: of its newest result; none where there is no result yet.
        counts: of the cells of that result.
        headline: these counts in words.
    """

    image: SmearImage
    status: str
    error: str
    cells_found: int | None
    counts: CellCounts
    headline: str


@dataclass(frozen=True)
class HistoryPage:
    """Some rows, and where the neighbouring pages begin.

    Args:
        rows: newest first.
        newer: cursor of the page before; empty where there is none.
        older: cursor of the page after; empty where there is none.
    """

    rows: list[HistoryRow]
    newer: str = ""
    older: str = ""


def images_newest_first(viewer: User) -> QuerySet[SmearImage]:
    """The viewer's images with what a row of a list shows beside them."""
    return (
        policy.visible_images(viewer)
        .select_related("sample", "uploaded_by", "newest_job")
        .defer("newest_job__timings_ms", "newest_job__field_note", "sample__note")
        .order_by("-uploaded_at", "-id")
    )


def with_label(images: QuerySet[SmearImage], code: str) -> QuerySet[SmearImage]:
    """Those whose result holds a cell of that class, or one without; still newest first.

    They are put in order by the label's copies of the image's time and key: so the database walks
    along the index of labels, and a common class costs no more than a rare one.
    """
    return (
        images.annotate(shown=FilteredRelation("labels", condition=Q(labels__code=code)))
        .filter(shown__laboratory=F("laboratory"))
        .annotate(shown_at=F("shown__uploaded_at"), shown_key=F("shown__image"))
        .order_by("-shown_at", "-shown_key")
    )


def without_result_but_label(images: QuerySet[SmearImage], code: str) -> QuerySet[SmearImage]:
    """As `with_label`, for images that wait or failed after an older result: few in any case.

    They are found along the index of their state, and each is asked for its label.
    """
    labels = ImageLabel.objects.filter(image=OuterRef("pk"), code=code)
    return images.filter(Exists(labels))


def between(
    images: QuerySet[SmearImage], *, since: datetime | None = None, before: datetime | None = None
) -> QuerySet[SmearImage]:
    """Those uploaded from a moment on, or before one; after `with_label`, along its index."""
    time, _ = order_of(images)
    if since is not None:
        images = images.filter(**{f"{time}__gte": since})
    if before is not None:
        images = images.filter(**{f"{time}__lt": before})
    return images


def with_status(images: QuerySet[SmearImage], status: str) -> QuerySet[SmearImage]:
    """Those whose newest job is in that state, or is not at an end."""
    if status == UNFINISHED:
        return images.filter(status__in=(JobStatus.QUEUED, JobStatus.RUNNING))
    return images.filter(status=status)


def with_profile(images: QuerySet[SmearImage], profile: str) -> QuerySet[SmearImage]:
    """Those that were taken so; "none" for those that say nothing."""
    if profile == NO_PROFILE:
        return images.filter(imaging_profile__isnull=True)
    return images.filter(imaging_profile=UUID(profile))


def matching(viewer: User, images: QuerySet[SmearImage], search: str) -> QuerySet[SmearImage]:
    """Those whose accession number or patient reference holds what is searched for.

    Args:
        search: in its canonical form.
    """
    if not search:
        return images
    key = key_in(viewer.laboratory, search)
    # Samples are few beside images: they are searched first.
    samples = policy.visible_samples(viewer).filter(
        Q(accession_key__contains=key) | Q(patient_key__contains=key)
    )
    return images.filter(sample__in=samples)


def uploaders(viewer: User) -> QuerySet[User]:
    """The people who uploaded what the viewer may see."""
    theirs = policy.visible_images(viewer).filter(uploaded_by=OuterRef("pk"))
    return User.objects.filter(Exists(theirs), laboratory_id=viewer.laboratory_id).order_by(
        "username"
    )


def profile_choices(viewer: User) -> list[tuple[str, str]]:
    """The laboratory's imaging profiles, and none; nothing to choose where there are none."""
    profiles = profiles_of(viewer)
    if not profiles:
        return []
    named = [(str(p.pk), f"{p.name} (retired)" if p.is_retired else p.name) for p in profiles]
    return [*named, (NO_PROFILE, "No profile")]


def label_choices(viewer: User) -> list[tuple[str, str]]:
    """Classes that a cell of the laboratory can carry, and that it carries none."""
    labels = labels_for(viewer.laboratory)
    return [(code, label.name) for code, label in labels.items()] + [(UNIDENTIFIED, "Unidentified")]


def history_page(
    viewer: User,
    images: QuerySet[SmearImage],
    *,
    before: str = "",
    after: str = "",
    size: int = 50,
) -> HistoryPage:
    """One page of `images_newest_first`, filtered or not.

    Args:
        before: cursor; rows older than it. What is no cursor asks for the first page.
        after: cursor; rows newer than it.
    """
    older_than, newer_than = _read_cursor(before), _read_cursor(after)
    if older_than is not None:
        found = list(beyond(images, older_than, "lt")[: size + 1])
        has_newer, has_older = True, len(found) > size
        found = found[:size]
    elif newer_than is not None:
        upwards = beyond(images, newer_than, "gt").order_by(*order_of(images))
        found = list(upwards[: size + 1])
        has_newer, has_older = len(found) > size, True
        found = found[:size][::-1]
    else:
        found = list(images[: size + 1])
        has_newer, has_older = False, len(found) > size
        found = found[:size]
    return HistoryPage(
        rows=rows_of(viewer, found),
        newer=_cursor(found[0]) if found and has_newer else "",
        older=_cursor(found[-1]) if found and has_older else "",
    )


def rows_of(viewer: User, images: Iterable[SmearImage]) -> list[HistoryRow]:
    """Rows for images of `images_newest_first`, in their order, with two queries for all."""
    images = list(images)
    labels = labels_for(viewer.laboratory)
    results = [image.newest_result_id for image in images if image.newest_result_id]
    counts = counts_of_results(results)
    return [_row(image, counts, labels) for image in images]


def _row(image: SmearImage, counts: dict[UUID, CellCounts], labels: dict[str, Label]) -> HistoryRow:
    found = counts.get(image.newest_result_id) if image.newest_result_id else None
    found = found or CellCounts()
    return HistoryRow(
        image=image,
        status=image.status,
        error=image.newest_job.error if image.newest_job else "",
        cells_found=image.cells_found,
        counts=found,
        headline=found.headline(labels),
    )


def _cursor(image: SmearImage) -> str:
    microseconds = (image.uploaded_at - _EPOCH) // timedelta(microseconds=1)
    return f"{microseconds}-{image.pk.hex}"


def _read_cursor(text: str) -> tuple[datetime, UUID] | None:
    microseconds, _, key = text.partition("-")
    try:
        return _EPOCH + timedelta(microseconds=int(microseconds)), UUID(hex=key)
    except (ValueError, OverflowError):
        return None


def beyond(
    images: QuerySet[SmearImage], cursor: tuple[datetime, UUID], side: str
) -> QuerySet[SmearImage]:
    """The images on one side of a cursor, "lt" or "gt".

    The first condition says nothing new; it is the one with which an index is entered.
    """
    at, key = cursor
    time, name = order_of(images)
    return images.filter(
        Q(**{f"{time}__{side}": at}) | Q(**{time: at, f"{name}__{side}": key}),
        **{f"{time}__{side}e": at},
    )


def order_of(images: QuerySet[SmearImage]) -> tuple[str, str]:
    """What a list is in the order of: the images' own time and key, or a label's copies."""
    by_label = "shown_at" in images.query.annotations
    return ("shown_at", "shown_key") if by_label else ("uploaded_at", "id")
