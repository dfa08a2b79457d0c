"""Steps in the life of a sample: from one state to the next, under its row's lock.

A step is a row of the sample's history and an audit event in the transaction of whoever takes it.
Which step is allowed when, and to whom, the policy says; what a sample lacks, its check list.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db.models import F, Max
from django.utils import timezone

from accounts.models import AuditAction, User
from accounts.services.audit import record_event
from predictions import policy
from predictions.errors import ReasonMissing, SampleNotFound, StateRefused
from predictions.models import Sample, SampleEvent
from predictions.services.samples.numbers import pass_number_on

_Kind, _State = SampleEvent.Kind, Sample.State

LONGEST_REASON = 1000

_AUDITED = {
    _Kind.CREATED: AuditAction.SAMPLE_CREATED,
    _Kind.ORDERED: AuditAction.SAMPLE_ORDERED,
    _Kind.STARTED: AuditAction.SAMPLE_STARTED,
    _Kind.SENT: AuditAction.SAMPLE_SENT,
    _Kind.SENT_BACK: AuditAction.SAMPLE_SENT_BACK,
    _Kind.SIGNED: AuditAction.REPORT_SIGNED,
    _Kind.AMENDMENT_BEGUN: AuditAction.AMENDMENT_BEGUN,
    _Kind.AMENDMENT_WITHDRAWN: AuditAction.AMENDMENT_WITHDRAWN,
    _Kind.RETRACTED: AuditAction.REPORT_RETRACTED,
    _Kind.CANCELLED: AuditAction.SAMPLE_CANCELLED,
    _Kind.CORRECTED: AuditAction.SAMPLE_CHANGED,
    _Kind.IMAGE_MOVED: AuditAction.IMAGE_MOVED,
    _Kind.IMAGE_DISMISSED: AuditAction.IMAGE_DISMISSED,
    _Kind.ALARM_ACKNOWLEDGED: AuditAction.ALARM_ACKNOWLEDGED,
    _Kind.CONTACT_RECORDED: AuditAction.CONTACT_RECORDED,
}


def sample_under_lock(actor: User, sample_id: UUID) -> Sample:
    """The sample as it is now, held until the transaction ends.

    Raises:
        SampleNotFound: there is no such sample in the actor's laboratory.
    """
    rows = policy.visible_samples(actor).select_related("laboratory")
    rows = rows.select_for_update(of=("self",), no_key=True)
    sample = rows.filter(pk=sample_id).first()
    if sample is None:
        raise SampleNotFound()
    return sample


def refuse_step(sample: Sample, kind: SampleEvent.Kind) -> None:
    """Let only a sample pass whose state allows the step; who comes second is told of the first.

    Args:
        sample: held.
    """
    if policy.allows_step(sample, kind):
        return
    sentence = f"This sample is {sample.get_state_display()}, so nobody can do this now."
    moves = sample.events.select_related("by").exclude(from_state=F("to_state"))
    last = moves.exclude(from_state="").order_by("-number").first()
    if last is not None and last.by is not None:
        when = _when(last.at.astimezone(sample.laboratory.zone), sample.laboratory.today)
        sentence = (
            f"{last.by.display_name} {last.get_kind_display()} {when}, so this sample is "
            f"{sample.get_state_display()} now. Load it again."
        )
    raise StateRefused(sentence)


def given_reason(text: str) -> str:
    """A reason that somebody gave, as it is kept.

    Raises:
        ReasonMissing: there is none, or it is too long or holds what cannot be kept.
    """
    reason = text.strip().replace("\r\n", "\n")
    if not reason:
        raise ReasonMissing("Give a reason; it stands in the history of the sample.")
    if len(reason) > LONGEST_REASON:
        raise ReasonMissing(f"Use at most {LONGEST_REASON} characters for the reason.")
    if "\x00" in reason:
        raise ReasonMissing("The reason holds a character that cannot be kept.")
    return reason


def _when(moment: datetime, today: date) -> str:
    """ "at 14:03", with the day where it was not today."""
    return moment.strftime("at %H:%M" if moment.date() == today else "on %-d %B %Y at %H:%M")


def take_step(
    *,
    actor: User | None,
    sample: Sample,
    kind: SampleEvent.Kind,
    to: Sample.State | None = None,
    reason: str = "",
    changes: dict[str, Any] | None = None,
) -> SampleEvent:
    """Write a step into the sample's history and into the trail; last in the transaction.

    Args:
        actor: who takes it; nobody where it follows from a result.
        sample: held.
        to: the state it leads to; none where the state stays.
        changes: by field, what was and what is.
    """
    before = _State(sample.state)
    if to is not None and to != before:
        sample.state, sample.state_changed_at = to, timezone.now()
        sample.save(update_fields=["state", "state_changed_at"])
        if to in Sample.GONE:
            pass_number_on(sample, sample.accession_key)
    last = sample.events.aggregate(last=Max("number"))["last"] or 0
    event = SampleEvent.objects.create(
        sample=sample,
        number=last + 1,
        kind=kind,
        from_state="" if kind in (_Kind.CREATED, _Kind.ORDERED) else before,
        to_state=sample.state,
        by=actor,
        reason=reason,
        changes=changes or {},
    )
    moved = {} if before == sample.state else {"state": [before, sample.state]}
    record_event(
        action=_AUDITED[kind],
        actor=actor,
        laboratory=sample.laboratory,
        obj=sample,
        changes={**moved, **(changes or {})},
        reason=reason,
    )
    return event


def begin_review(sample_ids: Sequence[UUID]) -> None:
    """Put open samples in which cells were found into review; there is no way back to open."""
    rows = Sample.objects.select_related("laboratory").select_for_update(of=("self",), no_key=True)
    for sample in rows.filter(pk__in=sample_ids, state=_State.OPEN, cells_found__gt=0).order_by(
        "pk"
    ):
        take_step(actor=None, sample=sample, kind=_Kind.STARTED, to=_State.IN_REVIEW)
