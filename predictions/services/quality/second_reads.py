"""Second reads: a person takes the next cell, says what it is, and a doctor looks where two differ.

A second read changes no label, no count and no report.
"""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from accounts.models import AuditAction, User
from accounts.policy import Action, require
from accounts.services.audit import record_event
from hematovision import leases
from mlmodels.selectors.labels import labels_for
from predictions import policy
from predictions.errors import LookRefused, SecondReadNotFound, SecondReadTaken
from predictions.models import Sample, SecondRead, SecondReadAnswer, SecondReadLook
from predictions.selectors.quality.reading import are_one
from predictions.selectors.quality.second_reads import waiting_for
from predictions.services.imaging.sheets import tile_bytes
from predictions.services.reports.amending import begin_amendment
from predictions.services.review.reviews import refuse_label
from predictions.services.samples.steps import given_reason

# As long as nobody else gets a cell that somebody has on screen.
ON_SCREEN = timedelta(minutes=10)
# A day: what is open for longer was not looked at.
MOST_SECONDS = 86_400

_State, _Outcome = SecondRead.State, SecondReadLook.Outcome


def next_second_read(*, actor: User) -> SecondRead | None:
    """The cell that the actor reads now, held for them for some minutes; none where none waits.

    Whoever comes again gets the same one; two people never get the same.
    """
    require(actor, Action.READ_AGAIN)
    until = timezone.now() + ON_SCREEN
    waiting = waiting_for(actor)
    # Each round somebody else was faster, so there are as many as people at most.
    while key := waiting.values_list("pk", flat=True).first():
        free = SecondRead.objects.filter(pk=key, state=_State.WAITING)
        mine = free.filter(reader=actor).update(lease_until=until)
        if mine or free.filter(leases.unheld()).update(reader=actor, lease_until=until):
            return SecondRead.objects.select_related("cell__image").get(pk=key)
    return None


def held_second_read(actor: User, read_id: UUID) -> SecondRead:
    """The cell that the actor has on screen.

    Raises:
        SecondReadNotFound: there is no such cell for them, or somebody else has it now.
    """
    rows = policy.second_reads_for(actor).filter(state=_State.WAITING, reader=actor)
    read = rows.select_related("cell__image").filter(pk=read_id).first()
    if read is None:
        raise SecondReadNotFound()
    return read


def second_read_crop(*, actor: User, read_id: UUID) -> bytes:
    """A JPEG of the cell, as the gallery shows it.

    Raises:
        SecondReadNotFound: the actor does not have it on screen.
        OriginalMissing, StorageUnavailable: as for any picture.
    """
    require(actor, Action.READ_AGAIN)
    return tile_bytes(held_second_read(actor, read_id).cell)


def answer_second_read(
    *, actor: User, read_id: UUID, label: str, seconds: float | None = None
) -> SecondReadAnswer:
    """Say what the cell is that one has on screen.

    Args:
        label: code of a label that the laboratory uses; empty: cannot tell.
        seconds: how long it was on screen; none where that is not known.

    Raises:
        SecondReadNotFound: there is no such cell for the actor to read.
        SecondReadTaken: somebody else has it now, or it was read before.
        ReviewRefused: there is no such label.
    """
    require(actor, Action.READ_AGAIN)
    labels = labels_for(actor.laboratory)
    if label:
        refuse_label(labels, label)
    read = policy.second_reads_for(actor).filter(pk=read_id).first()
    if read is None:
        raise SecondReadNotFound()
    differs = bool(label) and not are_one(labels, read.first_label, label)
    with transaction.atomic():
        held = SecondRead.objects.filter(pk=read_id, state=_State.WAITING, reader=actor)
        if not held.update(state=_State.DIFFERS if differs else _State.READ, lease_until=None):
            raise SecondReadTaken()
        answer = SecondReadAnswer.objects.create(
            read=read,
            laboratory_id=read.laboratory_id,
            by=actor,
            by_role=actor.role,
            label=label,
            differs=differs,
            seconds=seconds if seconds is None or 0 <= seconds <= MOST_SECONDS else None,
        )
        record_event(
            action=AuditAction.CELL_READ_AGAIN,
            actor=actor,
            laboratory=actor.laboratory,
            obj=read,
            changes={"answer": [None, label or "cannot tell"]},
        )
    return answer


@transaction.atomic
def look_and_keep(*, actor: User, read_id: UUID, reason: str) -> SecondReadLook:
    """Note that a doctor looked at a cell that two people named differently, and that it stays.

    Raises:
        SecondReadNotFound: no such disagreement is open in the actor's laboratory.
        LookRefused: somebody has looked meanwhile, or the second read is the actor's own.
        ReasonMissing: the reason is empty or cannot be kept.
    """
    require(actor, Action.SIGN_OUT)
    return _look(actor, _disagreement(actor, read_id), _Outcome.STAYS, given_reason(reason))


@transaction.atomic
def look_and_amend(*, actor: User, read_id: UUID, reason: str) -> SecondReadLook:
    """Begin an amendment since two people named a cell differently; one that is begun goes on.

    Raises:
        SecondReadNotFound, LookRefused, ReasonMissing: as for `look_and_keep`.
        StateRefused: the sample is neither signed nor being amended any more.
    """
    require(actor, Action.SIGN_OUT)
    read, reason = _disagreement(actor, read_id), given_reason(reason)
    if read.sample.state != Sample.State.AMENDING:
        begin_amendment(actor=actor, sample_id=read.sample_id, reason=reason)
    return _look(actor, read, _Outcome.AMENDED, reason)


def _disagreement(actor: User, read_id: UUID) -> SecondRead:
    rows = policy.visible_disagreements(actor).select_related("sample")
    read = rows.select_related("answer").filter(pk=read_id).first()
    if read is None:
        raise SecondReadNotFound()
    if read.answer.by_id == actor.pk:
        raise LookRefused(
            "You read this cell the second time yourself, so another doctor looks at it: the one "
            "who signed may."
        )
    return read


def _look(
    actor: User, read: SecondRead, outcome: SecondReadLook.Outcome, reason: str
) -> SecondReadLook:
    open_ones = SecondRead.objects.filter(pk=read.pk, state=_State.DIFFERS)
    if not open_ones.update(state=_State.SETTLED):
        raise LookRefused("Another doctor has looked at this cell meanwhile. Load the page again.")
    look = SecondReadLook.objects.create(read=read, by=actor, outcome=outcome, reason=reason)
    record_event(
        action=AuditAction.CELL_READ_AGAIN,
        actor=actor,
        laboratory=actor.laboratory,
        obj=read,
        changes={"looked": [None, str(outcome)]},
        reason=reason,
    )
    return look
