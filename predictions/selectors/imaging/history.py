"""Images and their results, newest first, page by page."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, TypedDict
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery

from accounts.models import User
from mlmodels.models import Label
from mlmodels.selectors.labels import labels_for
from mlmodels.selectors.profiles import profiles_of
from predictions import policy
from predictions.models import Cell, CellReview, ClassificationJob, SmearImage

if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations

UNIDENTIFIED = "unidentified"
UNFINISHED = "unfinished"
NO_PROFILE = "none"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class JobsOfImage(TypedDict):
    """What is known of an image's jobs: state and error of the newest, id of the newest result."""

    status: str | None
    error: str | None
    result_id: UUID | None


if TYPE_CHECKING:
    ImageWithState = WithAnnotations[SmearImage, JobsOfImage]


@dataclass(frozen=True)
class HistoryRow:
    """An image with what became of it.

    Args:
        image: with its sample and uploader.
        status: of its newest job.
        error: of its newest job, a sentence.
        cells_found: of its newest result; none where there is no result yet.
        principal: the principal cell of that result.
        label: what the laboratory calls that cell's class, as reviewed or as the model named it.
    """

    image: SmearImage
    status: str
    error: str
    cells_found: int | None
    principal: Cell | None
    label: Label | None


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


def images_with_state(viewer: User) -> QuerySet[ImageWithState]:
    """The viewer's images, each with `status`, `error` and `result_id` of its jobs."""
    jobs = ClassificationJob.objects.filter(image=OuterRef("pk")).order_by("-queued_at", "-id")
    finished = jobs.filter(status=ClassificationJob.Status.SUCCEEDED)
    return (
        policy.visible_images(viewer)
        .select_related("sample", "uploaded_by")
        .annotate(
            status=Subquery(jobs.values("status")[:1]),
            error=Subquery(jobs.values("error")[:1]),
            result_id=Subquery(finished.values("id")[:1]),
        )
        .order_by("-uploaded_at", "-id")
    )


def with_label(images: QuerySet[ImageWithState], code: str) -> QuerySet[ImageWithState]:
    """Those of `images_with_state` whose result holds a cell of that class, or one without."""
    reviews = CellReview.objects.filter(cell=OuterRef("pk")).order_by("-number")
    cells = Cell.objects.filter(job=OuterRef("result_id")).annotate(
        reviewed=Subquery(reviews.values("to_label")[:1])
    )
    unidentified = Q(reviewed__isnull=True, disposition=Cell.Disposition.UNIDENTIFIED)
    if code == UNIDENTIFIED:
        wanted = unidentified
    else:
        by_model = Q(reviewed__isnull=True, label=code) & ~unidentified
        wanted = Q(reviewed=code) | by_model
    return images.filter(Exists(cells.filter(wanted)))


def with_status(images: QuerySet[ImageWithState], status: str) -> QuerySet[ImageWithState]:
    """Those of `images_with_state` whose newest job is in that state, or is not at an end."""
    if status == UNFINISHED:
        return images.exclude(status__in=ClassificationJob.FINAL)
    return images.filter(status=status)


def with_profile(images: QuerySet[ImageWithState], profile: str) -> QuerySet[ImageWithState]:
    """Those of `images_with_state` that were taken so; "none" for those that say nothing."""
    if profile == NO_PROFILE:
        return images.filter(imaging_profile__isnull=True)
    return images.filter(imaging_profile=UUID(profile))


def matching(images: QuerySet[ImageWithState], search: str) -> QuerySet[ImageWithState]:
    """Those whose accession number or patient reference holds the words searched for."""
    if not search:
        return images
    return images.filter(
        Q(sample__accession_number__icontains=search)
        | Q(sample__patient_reference__icontains=search)
    )


def uploaders(viewer: User) -> QuerySet[User]:
    """The people who uploaded what the viewer may see."""
    return User.objects.filter(
        laboratory_id=viewer.laboratory_id,
        pk__in=policy.visible_images(viewer).values("uploaded_by"),
    ).order_by("username")


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
    images: QuerySet[ImageWithState],
    *,
    before: str = "",
    after: str = "",
    size: int = 50,
) -> HistoryPage:
    """One page of `images_with_state`, newest first.

    Args:
        before: cursor; rows older than it. What is no cursor asks for the first page.
        after: cursor; rows newer than it.
    """
    older_than, newer_than = _read_cursor(before), _read_cursor(after)
    if older_than is not None:
        found = list(images.filter(_older(*older_than))[: size + 1])
        has_newer, has_older = True, len(found) > size
        found = found[:size]
    elif newer_than is not None:
        upwards = images.filter(_newer(*newer_than)).order_by("uploaded_at", "id")
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


def rows_of(viewer: User, images: Iterable[ImageWithState]) -> list[HistoryRow]:
    """Rows for images of `images_with_state`, in their order, with four queries for all."""
    images = list(images)
    labels = labels_for(viewer.laboratory)
    results = [image.result_id for image in images if image.result_id]
    cells = Cell.objects.filter(job__in=results)
    first = cells.filter(position=1).defer("features").prefetch_related("reviews")
    principals = {cell.job_id: cell for cell in first}
    counts = dict(cells.values_list("job").annotate(Count("id")).order_by())
    return [_row(image, principals, counts, labels) for image in images]


def _row(
    image: ImageWithState,
    principals: dict[UUID, Cell],
    counts: dict[UUID, int],
    labels: dict[str, Label],
) -> HistoryRow:
    result_id: UUID | None = image.result_id
    principal = principals.get(result_id) if result_id else None
    return HistoryRow(
        image=image,
        status=image.status or ClassificationJob.Status.QUEUED,
        error=image.error or "",
        cells_found=counts.get(result_id, 0) if result_id else None,
        principal=principal,
        label=labels.get(principal.present_label) if principal else None,
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


def _older(at: datetime, key: UUID) -> Q:
    return Q(uploaded_at__lt=at) | Q(uploaded_at=at, id__lt=key)


def _newer(at: datetime, key: UUID) -> Q:
    return Q(uploaded_at__gt=at) | Q(uploaded_at=at, id__gt=key)
