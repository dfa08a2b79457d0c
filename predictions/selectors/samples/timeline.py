"""Who did what with a sample, and when: uploads, steps, corrections and reviews in their order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef

from accounts.models import AuditAction, AuditEvent, Role, User
from mlmodels.ml.classes import class_in_words
from mlmodels.models import Label
from mlmodels.selectors.labels import labels_for
from predictions import policy
from predictions.models import CellReview, Sample, SampleEvent, SmearImage
from predictions.selectors.samples.page import SampleHead, short_head

_Kind = SampleEvent.Kind
# What a person reads; keys, hashes and the like stay in the trail.
_FIELDS = {
    "accession_number": "Accession number",
    "patient_reference": "Patient reference",
    "sex": "Sex",
    "birth_date": "Birth date",
    "age_days_given": "Age in days",
    "collected_at": "Collected",
    "requester": "Requester",
    "note": "Note",
    "priority": "Priority",
    "wbc": "WBC",
    "wbc_at": "Time of the WBC",
    "wbc_is_corrected": "WBC corrected for erythroblasts",
    "number": "Report",
    "status": "Status of the report",
    "critical_value": "Critical value",
    "blasts": "Cells called blast",
    "immature_granulocytes": "Immature granulocytes",
}

_NAME_THE_STATE = (_Kind.SIGNED, _Kind.AMENDMENT_BEGUN, _Kind.RETRACTED, _Kind.CANCELLED)


@dataclass(frozen=True)
class Change:
    """What was and what is, in words; empty where nothing was said."""

    what: str
    before: str
    after: str


@dataclass(frozen=True)
class ReviewedCell:
    """One cell that somebody gave another label."""

    image_id: UUID
    position: int
    before: str
    after: str


@dataclass(frozen=True)
class Entry:
    """One line of the history.

    Args:
        by: nobody where it follows from a result or an order.
        by_order: an information system asked for it.
        at: when it was done; of several things at once, the last.
        did: in words, to be read after the name.
        state: what the sample was from then on, where that changed.
        cells: those that got another label.
    """

    by: User | None
    at: datetime
    did: str
    by_order: bool = False
    state: str = ""
    reason: str = ""
    changes: tuple[Change, ...] = ()
    cells: tuple[ReviewedCell, ...] = ()


@dataclass(frozen=True)
class SampleHistory:
    """The history of a sample, the newest entry first."""

    head: SampleHead
    entries: list[Entry]


@dataclass(frozen=True)
class _Moment:
    """Something that somebody did; what stands next to each other and is alike is told as one."""

    at: datetime
    by: User | None
    row: SampleEvent | AuditEvent | CellReview | SmearImage

    @property
    def alike(self) -> tuple[object, ...]:
        """Equal for what is told as one."""
        is_alone = isinstance(self.row, SampleEvent | AuditEvent)
        return (type(self.row), self.by and self.by.pk, self.row.pk if is_alone else None)


def sample_history(viewer: User, sample_id: UUID) -> SampleHistory:
    """Everything that was done with a sample.

    Raises:
        SampleNotFound: there is no such sample in the viewer's laboratory.
    """
    head = short_head(viewer, sample_id)
    labels = labels_for(viewer.laboratory)
    moments = sorted(_moments(viewer, head.sample), key=lambda moment: moment.at)
    entries = [
        _entry([moment.row for moment in alike], labels)
        for _, alike in groupby(moments, key=lambda moment: moment.alike)
    ]
    return SampleHistory(head, entries[::-1])


def _moments(viewer: User, sample: Sample) -> Iterator[_Moment]:
    images = policy.visible_images(viewer).filter(sample=sample).select_related("uploaded_by")
    for image in images:
        yield _Moment(image.uploaded_at, image.uploaded_by, image)
    for event in sample.events.select_related("by"):
        # The trail tells of all corrections, those without a reason too.
        if event.kind != _Kind.CORRECTED:
            yield _Moment(event.at, event.by, event)
    trail = AuditEvent.objects.filter(
        laboratory_id=sample.laboratory_id,
        object_type="sample",
        object_id=str(sample.pk),
        action=AuditAction.SAMPLE_CHANGED,
    )
    for correction in trail.select_related("actor"):
        yield _Moment(correction.at, correction.actor, correction)
    of_doctors = CellReview.objects.filter(
        cell=OuterRef("cell"), number__lt=OuterRef("number"), by_role=Role.DOCTOR
    )
    reviews = CellReview.objects.filter(cell__image__sample=sample, carried_from__isnull=True)
    reviews = reviews.annotate(follows_a_doctor=Exists(of_doctors))
    for review in reviews.select_related("by", "cell"):
        yield _Moment(review.at, review.by, review)


def _entry(rows: Sequence[Any], labels: Mapping[str, Label]) -> Entry:
    first, last = rows[0], rows[-1]
    if isinstance(first, SmearImage):
        did = f"uploaded {_number(len(rows), 'image')}"
        return Entry(by=first.uploaded_by, at=last.uploaded_at, did=did)
    if isinstance(first, CellReview):
        return _of_reviews(rows, labels)
    if isinstance(first, AuditEvent):
        return Entry(
            by=first.actor,
            at=first.at,
            did="corrected what is said of the sample",
            by_order=first.actor is None,
            reason=first.reason,
            changes=_changes(first.changes),
        )
    return _of_event(first)


def _of_event(event: SampleEvent) -> Entry:
    moved = event.from_state not in ("", event.to_state) and event.kind not in _NAME_THE_STATE
    return Entry(
        by=event.by,
        at=event.at,
        did=event.get_kind_display(),
        by_order=event.by is None and event.kind in (_Kind.ORDERED, _Kind.CANCELLED),
        state=event.get_to_state_display() if moved else "",
        reason=event.reason,
        changes=_changes(event.changes),
    )


def _of_reviews(reviews: Sequence[CellReview], labels: Mapping[str, Label]) -> Entry:
    """Reviews of one person without anything between them: how many, and what they changed."""
    said = [review for review in reviews if not _is_remark(review)]
    remarks = len(reviews) - len(said)
    changed = [review for review in said if review.from_label != review.to_label]
    confirmed = len(said) - len(changed)
    parts = [
        f"confirmed {_number(confirmed, 'cell')}" if confirmed else "",
        f"gave {_number(len(changed), 'cell')} another label" if changed else "",
        f"remarked on {_number(remarks, 'cell')} that a doctor had named" if remarks else "",
    ]
    ways = Counter(
        (_name(review.from_label, labels), _name(review.to_label, labels)) for review in changed
    )
    return Entry(
        by=reviews[0].by,
        at=reviews[-1].at,
        did=_listed([part for part in parts if part]),
        changes=tuple(
            Change(_number(count, "cell"), before, after)
            for (before, after), count in ways.most_common()
        ),
        cells=tuple(
            ReviewedCell(
                image_id=review.cell.image_id,
                position=review.cell.position,
                before=_name(review.from_label, labels),
                after=_name(review.to_label, labels),
            )
            for review in changed
        ),
    )


def _is_remark(review: Any) -> bool:
    """Whether a technician said it after a doctor: it stands beside and changes nothing."""
    return bool(review.follows_a_doctor) and not review.is_doctors


def _listed(parts: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(parts[:-1]), parts[-1])))


def _changes(changes: Mapping[str, Any]) -> tuple[Change, ...]:
    return tuple(
        Change(_FIELDS[name], _said(was), _said(now)) for name, (was, now) in _known(changes)
    )


def _known(changes: Mapping[str, Any]) -> Iterable[tuple[str, tuple[Any, Any]]]:
    return ((name, both) for name, both in changes.items() if name in _FIELDS)


def _said(value: Any) -> str:
    words: dict[Any, str] = {None: "", True: "yes", False: "no"}
    return words[value] if value is None or isinstance(value, bool) else str(value)


def _name(code: str, labels: Mapping[str, Label]) -> str:
    return labels[code].name if code in labels else class_in_words(code)


def _number(count: int, one: str) -> str:
    return f"{count} {one}{'' if count == 1 else 's'}"
