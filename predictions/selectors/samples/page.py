"""The page of a sample: where it stands, what it lacks, what is next, and its images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby
from typing import Any
from uuid import UUID

from django.db.models import F, QuerySet

from accounts.models import User
from accounts.policy import Action, allows
from mlmodels.models import Label
from mlmodels.selectors.labels import labels_for
from predictions import policy
from predictions.checklist import Missing
from predictions.models import ImageLabel, JobStatus, Report, Sample, SampleEvent, SmearImage
from predictions.selectors.reports.case import Case, missing_for, read_case
from predictions.selectors.samples.alarm import SampleAlarm, alarm_of
from predictions.selectors.samples.samples import sample_for_viewer

_Kind = SampleEvent.Kind


class NextAct(StrEnum):
    """The one thing that this person does next with a sample."""

    UPLOAD = "upload"
    REVIEW = "review"
    SEND = "send"
    SIGN = "sign"
    READ = "read"
    NOTHING = ""


@dataclass(frozen=True)
class SampleHead:
    """What stands on top of every page of a sample.

    Args:
        case: as it stands; none where it is not asked for, or where nothing may change any more.
        missing: what still stops the next step.
        report: the newest signed one, for those who may read it.
        next_act: the one primary button.
        alarm: the sample's, with who acknowledged it; none without one.
    """

    sample: Sample
    case: Case | None
    missing: list[Missing]
    report: Report | None
    next_act: NextAct
    can_upload: bool
    can_change: bool
    can_send: bool
    can_send_back: bool
    can_cancel: bool
    can_sign: bool
    can_withdraw: bool
    alarm: SampleAlarm | None

    @property
    def is_alarming(self) -> bool:
        """Whether something is suspected and no doctor has looked."""
        return self.case is not None and self.case.facts.is_alarming


@dataclass(frozen=True)
class ClassCount:
    """How many cells of an image carry a label now; without one: unidentified."""

    code: str
    label: Label | None
    cells: int


@dataclass(frozen=True)
class ImageTile:
    """An image of the sample, with what was found in it.

    Args:
        photograph_again: why it should be photographed again, in words; else empty.
    """

    number: int
    image: SmearImage
    counts: list[ClassCount]
    error: str
    photograph_again: str
    can_rerun: bool
    can_dismiss: bool
    can_move: bool


@dataclass(frozen=True)
class SamplePage:
    """A sample with its images, those that need somebody first.

    Args:
        failed: images without a result that nobody has dismissed.
        rest: all others, in the order they came.
    """

    head: SampleHead
    failed: list[ImageTile]
    rest: list[ImageTile]

    @property
    def photograph_again(self) -> list[ImageTile]:
        """Images that should be photographed again."""
        return [tile for tile in self.rest if tile.photograph_again]

    @property
    def images_read(self) -> int:
        """Images on which nothing is at work any more."""
        return self.head.sample.images_count - self.head.sample.images_unfinished


def sample_head(viewer: User, sample_id: UUID) -> SampleHead:
    """What stands on top of the pages on which people work on a sample.

    Raises:
        SampleNotFound: there is no such sample in the viewer's laboratory.
    """
    sample = sample_for_viewer(viewer, sample_id)
    return _head(viewer, sample, None if sample.is_frozen else read_case(sample))


def short_head(viewer: User, sample_id: UUID) -> SampleHead:
    """The same without the check list, for pages that tell what was.

    Raises:
        SampleNotFound: there is no such sample in the viewer's laboratory.
    """
    return _head(viewer, sample_for_viewer(viewer, sample_id), None)


def sample_page(viewer: User, sample_id: UUID) -> SamplePage:
    """A sample with its images.

    Raises:
        SampleNotFound: there is no such sample in the viewer's laboratory.
    """
    return page_of(viewer, sample_for_viewer(viewer, sample_id))


def page_of(viewer: User, sample: Sample) -> SamplePage:
    """The page of a sample that was read for this viewer."""
    head = _head(viewer, sample, None if sample.is_frozen else read_case(sample))
    labels = head.case.labels if head.case else labels_for(viewer.laboratory)
    tiles = [
        _tile(viewer, head, labels, number, list(rows))
        for number, (_, rows) in enumerate(
            groupby(_images_by_label(viewer, head.sample), key=lambda row: row.pk), start=1
        )
    ]
    return SamplePage(
        head=head,
        failed=[tile for tile in tiles if _has_failed(tile.image)],
        rest=[tile for tile in tiles if not _has_failed(tile.image)],
    )


def mark_of(sample: Sample) -> str:
    """How far the images of a sample are: changes whenever its page would look different."""
    facts = (
        sample.state,
        sample.images_count,
        sample.images_unfinished,
        sample.images_failed,
        sample.cells_found,
        sample.cells_to_review,
        sample.alarm_cells,
        sample.alarm_unseen,
    )
    return '"' + "-".join(map(str, facts)) + '"'


def _head(viewer: User, sample: Sample, case: Case | None) -> SampleHead:
    missing = missing_for(viewer, case) if case else []
    report = _newest_report(viewer, sample)
    return SampleHead(
        sample=sample,
        case=case,
        missing=missing,
        report=report,
        next_act=_next_act(viewer, sample, case, missing, report),
        can_upload=allows(viewer, Action.UPLOAD_IMAGES) and sample.accepts_images,
        can_change=policy.can_change(viewer, sample),
        can_send=policy.can_take(viewer, sample, _Kind.SENT),
        can_send_back=policy.can_take(viewer, sample, _Kind.SENT_BACK),
        can_cancel=policy.can_take(viewer, sample, _Kind.CANCELLED),
        can_sign=policy.can_take(viewer, sample, _Kind.SIGNED),
        can_withdraw=policy.can_take(viewer, sample, _Kind.AMENDMENT_WITHDRAWN),
        alarm=alarm_of(sample) if case else None,
    )


def _newest_report(viewer: User, sample: Sample) -> Report | None:
    was_signed = (Sample.State.SIGNED, Sample.State.AMENDING, Sample.State.RETRACTED)
    if sample.state not in was_signed or not allows(viewer, Action.SEE_REPORTS):
        return None
    reports = policy.visible_reports(viewer).select_related("signature")
    return reports.filter(sample=sample).order_by("-version").first()


def _next_act(
    viewer: User,
    sample: Sample,
    case: Case | None,
    missing: Sequence[Missing],
    report: Report | None,
) -> NextAct:
    if policy.can_take(viewer, sample, _Kind.SIGNED):
        return NextAct.SIGN
    codes = {each.code for each in missing}
    if case is not None and policy.can_take(viewer, sample, _Kind.SENT):
        if not missing:
            return NextAct.SEND
        if "to_review" in codes:
            return NextAct.REVIEW
    is_empty = sample.state == Sample.State.OPEN or "no_white_cell" in codes
    if is_empty and sample.accepts_images and allows(viewer, Action.UPLOAD_IMAGES):
        return NextAct.UPLOAD
    return NextAct.READ if report else NextAct.NOTHING


def _images_by_label(viewer: User, sample: Sample) -> QuerySet[SmearImage]:
    """The images in the order they came, one row for each label that cells of it carry."""
    return (
        policy.visible_images(viewer)
        .filter(sample=sample)
        .annotate(label_code=F("labels__code"), label_cells=F("labels__cells"))
        .select_related("newest_job", "dismissed_by")
        .defer("newest_job__timings_ms")
        .order_by("uploaded_at", "id")
    )


def _tile(
    viewer: User,
    head: SampleHead,
    labels: Mapping[str, Label],
    number: int,
    rows: list[Any],
) -> ImageTile:
    image: SmearImage = rows[0]
    image.sample = head.sample
    counts = [
        ClassCount(row.label_code, labels.get(row.label_code), row.label_cells)
        for row in rows
        if row.label_cells
    ]
    # What nobody has named comes last, however many there are.
    counts.sort(key=lambda count: (count.code == ImageLabel.UNIDENTIFIED, -count.cells, count.code))
    return ImageTile(
        number=number,
        image=image,
        counts=counts,
        error=image.newest_job.error if image.newest_job else "",
        photograph_again=_why_again(image),
        can_rerun=not head.sample.is_frozen and policy.can_rerun(viewer, image),
        can_dismiss=head.can_change and image.is_final and image.dismissed_at is None,
        can_move=head.can_change and image.is_final,
    )


def _why_again(image: SmearImage) -> str:
    job = image.newest_job
    is_set_aside = image.dismissed_at is not None
    return "" if job is None or is_set_aside else job.get_photograph_again_display() or ""


def _has_failed(image: SmearImage) -> bool:
    return image.status == JobStatus.FAILED and image.dismissed_at is None
