"""One image: its state, its result, its files."""

from __future__ import annotations

import time
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Prefetch, QuerySet

from accounts.models import User
from accounts.policy import Action, allows
from mlmodels.models import Label, ModelVersion
from mlmodels.selectors.labels import labels_for
from predictions import policy, storage
from predictions.errors import ImageNotFound
from predictions.models import Cell, CellReview, ClassificationJob, Sample, SmearImage
from predictions.selectors.imaging.familiarity import Familiarity, familiarity_of_cells
from predictions.selectors.review.counts import CellCounts, counts_of
from predictions.selectors.samples.alarm import alarming_cells

POLL_EVERY_S = 0.1


@dataclass(frozen=True)
class ImageReading:
    """An image as a person or a program reads it.

    Args:
        job: the newest one; its state is the image's.
        status: "queued", "running", "succeeded" or "failed".
        error: a sentence, where the newest job failed.
        model_version: the one that found the cells; before there are any, the newest job's.
        cells: of the newest job that succeeded, the principal cell first.
        labels: what a cell can be called in this laboratory, by code.
        has_result: whether a job of this image ever succeeded.
        field_note: why the picture may be no stained blood film; else empty.
        photograph_again: why the field should be photographed again, a code; else empty.
        familiarity: of its cells, as the version that found them sees it.
        alarming: its cells among those that make the sample's alarm.
        can_rerun, can_download, can_review: what the viewer may do with it now.
        can_overrule: whether the viewer's word goes before a doctor's; else it is a remark.
    """

    image: SmearImage
    sample: Sample
    job: ClassificationJob | None
    status: str
    error: str
    model_version: ModelVersion | None
    cells: list[Cell]
    labels: dict[str, Label]
    has_result: bool
    field_note: str
    photograph_again: str
    can_rerun: bool
    can_download: bool
    can_review: bool
    can_overrule: bool
    familiarity: Familiarity
    alarming: list[Cell]

    @property
    def is_final(self) -> bool:
        """Whether nothing is at work on the image."""
        return self.image.is_final

    @property
    def conversions(self) -> list[str]:
        """What was converted or chosen when the file was read, in sentences."""
        return self.image.conversions or []

    @property
    def can_add(self) -> bool:
        """Whether the viewer may add a cell that the model missed."""
        return self.can_review and self.has_result and self.is_final

    @property
    def counts(self) -> CellCounts:
        """Its cells by class, and how many of them ask for a person."""
        return counts_of(self.cells)

    @property
    def headline(self) -> str:
        """Its cells by class, in words."""
        return self.counts.headline(self.labels)

    @property
    def principal_cell(self) -> Cell | None:
        """The one with the largest nucleus, of which `/predict/` tells."""
        return self.cells[0] if self.cells else None


@dataclass(frozen=True)
class ImageState:
    """The little that a poll needs."""

    image_id: UUID
    job_id: UUID | None
    status: str
    stage: str
    is_final: bool

    @property
    def etag(self) -> str:
        """Changes whenever the page would look different."""
        return f'"{self.job_id}-{self.status}-{self.stage}"'


def image_for_viewer(viewer: User, image_id: UUID) -> SmearImage:
    """The image's row with its sample.

    Raises:
        ImageNotFound: there is no such image in the viewer's laboratory.
    """
    images = policy.visible_images(viewer).select_related(
        "sample__laboratory",
        "uploaded_by",
        "imaging_profile",
        "newest_job__model_version",
        "newest_result__model_version",
    )
    image = images.filter(pk=image_id).first()
    if image is None:
        raise ImageNotFound()
    return image


def image_for_reading(viewer: User, image_id: UUID) -> ImageReading:
    """All of an image that the result page and the API show.

    Raises:
        ImageNotFound: there is no such image in the viewer's laboratory.
    """
    image = image_for_viewer(viewer, image_id)
    job, made_by = image.newest_job, image.newest_result
    shown = made_by or job
    version = shown.model_version if shown else None
    cells = list(_with_reviews(made_by.cells.all())) if made_by else []
    for cell in cells:
        # What their cards say depends on the picture's size.
        cell.image = image
    alarm = set(alarming_cells(image.sample)) if image.sample.alarm_cells else set()
    return ImageReading(
        image=image,
        sample=image.sample,
        job=job,
        status=image.status,
        error=job.error if job else "",
        model_version=version,
        cells=cells,
        labels=labels_for(image.sample.laboratory),
        has_result=made_by is not None,
        field_note=made_by.field_note if made_by else "",
        photograph_again=(made_by.photograph_again or "") if made_by else "",
        can_rerun=policy.can_rerun(viewer, image),
        can_download=allows(viewer, Action.DOWNLOAD_ORIGINALS),
        can_review=policy.can_review(viewer, image.sample),
        can_overrule=policy.can_overrule(viewer),
        familiarity=familiarity_of_cells(cells, version),
        alarming=[cell for cell in cells if cell.pk in alarm],
    )


def image_state(viewer: User, image_id: UUID) -> ImageState:
    """What has become of an image, in one query.

    Raises:
        ImageNotFound: there is no such image in the viewer's laboratory.
    """
    row = (
        policy.visible_images(viewer)
        .filter(pk=image_id)
        .values_list("newest_job", "status", "newest_job__stage")
        .first()
    )
    if row is None:
        raise ImageNotFound()
    job_id, status, stage = row
    return ImageState(
        image_id=image_id,
        job_id=job_id,
        status=status,
        stage=stage or "",
        is_final=status in ClassificationJob.FINAL,
    )


def reading_within(viewer: User, image_id: UUID, *, wait_s: float) -> ImageReading:
    """The image as soon as nothing is at work on it, or as it is after `wait_s` seconds.

    Asks the database again and again in short reads; it holds no transaction.

    Raises:
        ImageNotFound: there is no such image in the viewer's laboratory.
    """
    end = time.monotonic() + wait_s
    while time.monotonic() < end and not image_state(viewer, image_id).is_final:
        time.sleep(min(POLL_EVERY_S, max(0.0, end - time.monotonic())))
    return image_for_reading(viewer, image_id)


def _with_reviews(cells: QuerySet[Cell]) -> QuerySet[Cell]:
    """Cells with what people said of each, in one further query."""
    return cells.select_related("added_by").prefetch_related(
        Prefetch("reviews", queryset=CellReview.objects.select_related("by"))
    )


def rendition_bytes(image: SmearImage) -> bytes:
    """Our own JPEG of the picture.

    Raises:
        OriginalMissing: it is gone from storage.
    """
    return storage.read_file(image.rendition)


def thumbnail_bytes(image: SmearImage) -> bytes:
    """Our own small JPEG of the picture.

    Raises:
        OriginalMissing: it is gone from storage.
    """
    return storage.read_file(image.thumbnail)
