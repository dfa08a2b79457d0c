"""What becomes of a signed report later: it is amended, the amendment is withdrawn, or all of it.

A signed report itself never changes: a newer version replaces it, and both stay.
"""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from django.db import transaction

from accounts.models import User
from accounts.policy import require
from accounts.services.reauthentication import prove_again
from predictions import policy
from predictions.errors import SomethingChanged
from predictions.models import Sample, SampleEvent
from predictions.reports.content import ReportContent
from predictions.selectors.reports.case import case_of, read_case
from predictions.selectors.reports.contents import Said, assemble
from predictions.services.exchange import outbox
from predictions.services.reports.changes import is_changed
from predictions.services.samples.steps import (
    given_reason,
    refuse_step,
    sample_under_lock,
    take_step,
)

_Kind = SampleEvent.Kind


@transaction.atomic
def begin_amendment(*, actor: User, sample_id: UUID, reason: str) -> Sample:
    """Open a signed sample again; the signed report counts until a newer one is signed.

    Raises:
        SampleNotFound: there is no such sample in the actor's laboratory.
        StateRefused: it is not signed.
        ReasonMissing: the reason is empty or cannot be kept.
    """
    require(actor, policy.TRANSITIONS[_Kind.AMENDMENT_BEGUN].action)
    reason = given_reason(reason)
    sample = _held(actor, sample_id, _Kind.AMENDMENT_BEGUN)
    _move(actor, sample, _Kind.AMENDMENT_BEGUN, reason)
    return sample


@transaction.atomic
def withdraw_amendment(*, actor: User, sample_id: UUID) -> Sample:
    """Close a sample again of which nothing was changed; the signed report goes on to count.

    Raises:
        SampleNotFound: there is no such sample in the actor's laboratory.
        StateRefused: it is not being amended.
        SomethingChanged: the signed report says something else.
    """
    require(actor, policy.TRANSITIONS[_Kind.AMENDMENT_WITHDRAWN].action)
    sample = _held(actor, sample_id, _Kind.AMENDMENT_WITHDRAWN)
    signed = ReportContent.from_json(sample.reports.latest("version").content)
    said = Said(
        signed.comment,
        signed.morphology,
        signed.differential.limited_count_reason,
        signed.findings,
    )
    case = read_case(sample)
    facts = case.facts
    is_open = facts.images_unfinished or facts.images_failed or facts.cells_waiting
    # That the patient's result before is another one now is no change of this sample.
    now = replace(assemble(case, said), previous=signed.previous)
    if is_open or is_changed(signed, now):
        raise SomethingChanged()
    _move(actor, sample, _Kind.AMENDMENT_WITHDRAWN)
    return sample


def retract(*, actor: User, sample_id: UUID, password: str, reason: str) -> Sample:
    """Take a signed report back: it was of another patient or sample. Its number is free again.

    Raises:
        SampleNotFound: there is no such sample in the actor's laboratory.
        SignInLocked, ProofRefused: the actor did not prove who they are.
        StateRefused: it is not signed.
        ReasonMissing: the reason is empty or cannot be kept.
    """
    require(actor, policy.TRANSITIONS[_Kind.RETRACTED].action)
    reason = given_reason(reason)
    refuse_step(case_of(actor, sample_id).sample, _Kind.RETRACTED)
    # Before the row is held: the hash takes a while.
    prove_again(actor=actor, password=password)
    with transaction.atomic():
        sample = _held(actor, sample_id, _Kind.RETRACTED)
        outbox.report_retracted(sample)
        _move(actor, sample, _Kind.RETRACTED, reason)
    return sample


def _held(actor: User, sample_id: UUID, kind: SampleEvent.Kind) -> Sample:
    sample = sample_under_lock(actor, sample_id)
    refuse_step(sample, kind)
    return sample


def _move(actor: User, sample: Sample, kind: SampleEvent.Kind, reason: str = "") -> None:
    to = policy.TRANSITIONS[kind].to
    take_step(actor=actor, sample=sample, kind=kind, to=to, reason=reason)
