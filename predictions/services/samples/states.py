"""The steps of a sample that need no signature: to the doctor, back, and out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from uuid import UUID

from django.db import transaction

from accounts.models import User
from accounts.policy import require
from predictions import checklist, policy
from predictions.checklist import Missing
from predictions.errors import NotReady
from predictions.models import Sample, SampleEvent
from predictions.selectors.reports.case import read_case
from predictions.services.samples.steps import (
    given_reason,
    refuse_step,
    sample_under_lock,
    take_step,
)

_Kind = SampleEvent.Kind


@transaction.atomic
def send_to_doctor(*, actor: User, sample_id: UUID) -> Sample:
    """Let a doctor sign the sample: nothing waits, and every cell in doubt has been looked at.

    Raises:
        SampleNotFound: there is no such sample in the actor's laboratory.
        StateRefused: it is not in review.
        NotReady: something is missing.
    """
    require(actor, policy.TRANSITIONS[_Kind.SENT].action)
    sample = sample_under_lock(actor, sample_id)
    refuse_step(sample, _Kind.SENT)
    refuse_missing(checklist.for_doctor(read_case(sample).facts))
    _move(actor, sample, _Kind.SENT)
    return sample


@transaction.atomic
def send_back(*, actor: User, sample_id: UUID, reason: str) -> Sample:
    """Put a sample that waits for the doctor into review again, with a note.

    Raises:
        SampleNotFound: there is no such sample in the actor's laboratory.
        StateRefused: it does not wait for the doctor.
        ReasonMissing: the note is empty or cannot be kept.
    """
    return _leave(actor, sample_id, _Kind.SENT_BACK, reason)


@transaction.atomic
def cancel(*, actor: User, sample_id: UUID, reason: str) -> Sample:
    """End a sample without a result; its number is free again.

    Raises:
        SampleNotFound: there is no such sample in the actor's laboratory.
        StateRefused: it was signed or cancelled before.
        ReasonMissing: the reason is empty or cannot be kept.
    """
    return _leave(actor, sample_id, _Kind.CANCELLED, reason)


def bring_to(*, actor: User, sample_id: UUID, to: Sample.State, reason: str = "") -> Sample:
    """Take the step that leads to a state: to the doctor, back into review, or out.

    Raises:
        as `send_to_doctor`, `send_back` and `cancel`.
    """
    if to == Sample.State.READY:
        return send_to_doctor(actor=actor, sample_id=sample_id)
    leave = {Sample.State.IN_REVIEW: send_back, Sample.State.CANCELLED: cancel}[to]
    return leave(actor=actor, sample_id=sample_id, reason=reason)


def refuse_missing(missing: Sequence[Missing]) -> None:
    """Let pass only what nothing is missing for."""
    if missing:
        raise NotReady([asdict(each) for each in missing])


def _leave(actor: User, sample_id: UUID, kind: SampleEvent.Kind, reason: str) -> Sample:
    require(actor, policy.TRANSITIONS[kind].action)
    reason = given_reason(reason)
    sample = sample_under_lock(actor, sample_id)
    refuse_step(sample, kind)
    _move(actor, sample, kind, reason)
    return sample


def _move(actor: User, sample: Sample, kind: SampleEvent.Kind, reason: str = "") -> None:
    to = policy.TRANSITIONS[kind].to
    take_step(actor=actor, sample=sample, kind=kind, to=to, reason=reason)
