"""What each role does next: the top of the technician's and of the doctor's first page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import OuterRef, Subquery

from accounts.models import User
from accounts.policy import Action, require
from predictions import policy
from predictions.models import Report, Sample, SampleEvent
from predictions.selectors.samples.samples import samples_newest_first
from predictions.selectors.samples.worklist import (
    Filters,
    WorklistRow,
    samples_by_state,
    worklist,
    worklist_rows,
)


@dataclass(frozen=True)
class SentBack:
    """A sample that a doctor sent back, with the note."""

    sample: Sample
    event: SampleEvent


@dataclass(frozen=True)
class DoctorsDesk:
    """What waits for a doctor.

    Args:
        to_sign: urgent ones first.
        waiting: how many there are in all.
        sent_back: what this doctor sent back and is in review still, the newest first.
        signed: what this doctor signed last.
    """

    to_sign: list[WorklistRow]
    waiting: int
    sent_back: list[SentBack]
    signed: list[Report]


def samples_to_review(viewer: User, *, at_most: int = 5) -> list[WorklistRow]:
    """Samples with cells that the viewer's role has to look at, urgent ones first."""
    require(viewer, Action.REVIEW_CELLS)
    return worklist_rows(viewer, list(worklist(viewer, Filters(awaits_me=True))[:at_most]))


def doctors_desk(viewer: User, *, to_sign: int = 20, others: int = 8) -> DoctorsDesk:
    """What waits for this doctor, and what they signed last."""
    require(viewer, Action.SIGN_OUT)
    ready = worklist(viewer, Filters(state=Sample.State.READY))[:to_sign]
    reports = policy.visible_reports(viewer).filter(signature__by=viewer)
    return DoctorsDesk(
        to_sign=worklist_rows(viewer, list(ready)),
        waiting=samples_by_state(viewer)[Sample.State.READY],
        sent_back=_sent_back(viewer, others),
        signed=list(reports.select_related("sample", "file").order_by("-at", "-id")[:others]),
    )


def _sent_back(viewer: User, at_most: int) -> list[SentBack]:
    """The last note of each sample that the viewer sent back and that is in review still."""
    notes = SampleEvent.objects.filter(kind=SampleEvent.Kind.SENT_BACK, sample=OuterRef("pk"))
    last = notes.order_by("-number")
    samples = (
        samples_newest_first(viewer)
        .filter(state=Sample.State.IN_REVIEW)
        .annotate(
            last_note=Subquery(last.values("pk")[:1]), sent_back_by=Subquery(last.values("by")[:1])
        )
        .filter(sent_back_by=viewer.pk)
        .order_by("-state_changed_at", "-pk")[:at_most]
    )
    found: list[Any] = list(samples)
    events = SampleEvent.objects.in_bulk([sample.last_note for sample in found])
    return [SentBack(sample, events[sample.last_note]) for sample in found]
