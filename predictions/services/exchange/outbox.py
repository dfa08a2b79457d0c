"""What is to be told to other systems: written with the signature, then sent until it is heard.

How a claim holds is the business of `hematovision.leases`; here is what it means for a delivery.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, F, Max, OuterRef, Q, QuerySet
from django.utils import timezone

from accounts.models import AuditAction, User
from accounts.policy import Action, require
from accounts.services.audit import record_event
from hematovision import leases, queue
from hematovision.queue import enqueue_on_commit
from predictions import policy
from predictions.errors import DeliveryNotFound, ResendRefused
from predictions.models import Delivery, Report, ResultConnection, Sample

_TASK = "predictions.deliver"
# Between tries, growing; then the last one for as long as it takes.
PAUSES_S = (10, 30, 60, 5 * 60, 15 * 60, 60 * 60)


@dataclass(frozen=True)
class Claim:
    """A delivery that this process sends for as long as its lease is renewed."""

    delivery: Delivery
    fence: int


def report_signed(report: Report) -> None:
    """Let every system of the laboratory be told of a report; in the signature's transaction."""
    _write(report, is_retraction=False)


def report_retracted(sample: Sample) -> None:
    """Let every system that was to be told of a sample's report be told that it was taken back."""
    newest = sample.reports.order_by("-version").first()
    if newest is not None:
        _write(newest, is_retraction=True)


def _write(report: Report, *, is_retraction: bool) -> None:
    told_before = Delivery.objects.filter(connection=OuterRef("pk"), sample=report.sample_id)
    connections = ResultConnection.objects.filter(laboratory=report.laboratory_id)
    # One that is switched off and knows of the sample learns the rest once it is on again.
    for connection in connections.filter(Q(is_active=True) | Exists(told_before)):
        of_sample = Delivery.objects.filter(connection=connection, sample=report.sample_id)
        # The sample's row is held, so nobody else counts beside this.
        last = of_sample.aggregate(last=Max("number"))["last"] or 0
        if is_retraction and not last:
            continue
        delivery = Delivery.objects.create(
            laboratory_id=report.laboratory_id,
            connection=connection,
            sample_id=report.sample_id,
            report=report,
            is_retraction=is_retraction,
            number=last + 1,
            **leases.just_sent(),
        )
        enqueue_on_commit(_TASK, delivery_id=str(delivery.pk))


# --- The worker --------------------------------------------------------------------------------


def claim(delivery_id: UUID) -> Claim | None:
    """Take a delivery whose time has come and whose forerunners are delivered; else none."""
    taken = leases.claim(_due(), delivery_id, status=Delivery.Status.RUNNING)
    if taken is None:
        return None
    rows = Delivery.objects.select_related("connection", "report__file", "sample__laboratory")
    return Claim(rows.get(pk=taken.pk), taken.fence)


def renew(held: Claim) -> bool:
    """Prolong the lease; false when the delivery is no longer this process's."""
    return leases.renew(_held(held))


def keep_message(held: Claim, *, message: str, control_id: str) -> bool:
    """Write down what will be sent, this time and every other; false when the fence is old."""
    held.delivery.message, held.delivery.control_id = message, control_id
    return leases.renew(_held(held), message=message, control_id=control_id)


def delivered(held: Claim, answer: str) -> bool:
    """The other system has it; false, and nothing written, when the fence is old."""
    now = timezone.now()
    with transaction.atomic():
        ended = leases.finish(
            _held(held),
            status=Delivery.Status.DELIVERED,
            tries=F("tries") + 1,
            answer=answer,
            answered_at=now,
            delivered_at=now,
        )
        if not ended:
            return False
        _record(held.delivery, AuditAction.REPORT_DELIVERED)
        _send_next(held.delivery)
    return True


def refused(held: Claim, answer: str) -> bool:
    """The other system will not have it as it is: a person has to look."""
    with transaction.atomic():
        ended = leases.finish(
            _held(held),
            status=Delivery.Status.REFUSED,
            tries=F("tries") + 1,
            answer=answer,
            answered_at=timezone.now(),
        )
        if ended:
            # Its code alone: what else another system says may name a patient.
            _record(held.delivery, AuditAction.REPORT_REFUSED, reason=answer.split(":")[0][:40])
    return ended


def try_later(held: Claim, answer: str, *, was_sent: bool = True) -> bool:
    """Nobody answered, or not now: it is tried again after a pause that grows."""
    tries = held.delivery.tries
    pause = PAUSES_S[min(tries, len(PAUSES_S) - 1)] if was_sent else PAUSES_S[0]
    values: dict[str, Any] = {"tries": F("tries") + 1} if was_sent else {}
    if was_sent:
        _put_off_others(held.delivery)
    return leases.release(
        _held(held),
        # Whatever the other system does, this process did its work.
        counts=False,
        status=Delivery.Status.QUEUED,
        next_try_at=timezone.now() + timedelta(seconds=pause),
        answer=answer,
        answered_at=timezone.now(),
        **values,
    )


def _put_off_others(delivery: Delivery) -> None:
    """Let what else waits for a system that does not answer wait a little, too.

    Or each of a hundred reports would wait for its answer in turn, and nothing else be done.
    """
    now = timezone.now()
    others = Delivery.objects.filter(
        connection=delivery.connection_id, status=Delivery.Status.QUEUED, next_try_at__lte=now
    )
    others.exclude(pk=delivery.pk).update(next_try_at=now + timedelta(seconds=PAUSES_S[0]))


def _record(delivery: Delivery, action: AuditAction, reason: str = "") -> None:
    record_event(
        action=action,
        actor=None,
        laboratory=delivery.sample.laboratory,
        obj=delivery.report,
        changes={"to": [None, delivery.connection.name], "message": [None, delivery.control_id]},
        reason=reason,
    )


def _send_next(delivery: Delivery) -> None:
    following = Delivery.objects.filter(
        connection=delivery.connection_id, sample=delivery.sample_id, number__gt=delivery.number
    ).first()
    if following is not None:
        enqueue_on_commit(_TASK, delivery_id=str(following.pk))


# --- People ------------------------------------------------------------------------------------


def resend(*, actor: User, delivery_id: UUID) -> Delivery:
    """Send a delivery now: one that waits, one that was refused, or the last that was delivered.

    What is sent is what was sent before; but of one that was refused, and so is nowhere, the
    message is made anew, by the connection as it is now.

    Raises:
        DeliveryNotFound: there is no such delivery in the actor's laboratory.
        ResendRefused: nothing would be sent now, or a later one of its sample has arrived.
    """
    require(actor, Action.MANAGE_DELIVERY)
    with transaction.atomic():
        delivery = _under_lock(actor, delivery_id)
        later = Delivery.objects.filter(
            connection=delivery.connection_id, sample=delivery.sample_id, number__gt=delivery.number
        )
        if delivery.status == Delivery.Status.DELIVERED and later.exists():
            raise ResendRefused(
                "A later version of this report went to the same system, and this one would take "
                "its place there. Send the later one."
            )
        if delivery.status == Delivery.Status.RUNNING:
            raise ResendRefused("It is being sent now. Look again in a moment.")
        if not delivery.connection.is_active:
            raise ResendRefused(f"{delivery.connection.name} is switched off. Switch it on first.")
        if delivery.status == Delivery.Status.REFUSED:
            delivery.message = delivery.control_id = ""
        delivery.status, delivery.next_try_at = Delivery.Status.QUEUED, timezone.now()
        delivery.attempts, delivery.sends = 0, 1
        delivery.last_sent_at = timezone.now()
        delivery.save(
            update_fields=[
                "status",
                "next_try_at",
                "attempts",
                "sends",
                "last_sent_at",
                "message",
                "control_id",
            ]
        )
        if not _due().filter(pk=delivery.pk).exists():
            raise ResendRefused(
                "An earlier version of this report has not arrived there yet, and goes first. Send "
                "that one."
            )
        enqueue_on_commit(_TASK, delivery_id=str(delivery.pk))
        record_event(
            action=AuditAction.DELIVERY_ASKED_FOR,
            actor=actor,
            laboratory=actor.laboratory,
            obj=delivery.report,
            changes={"to": [None, delivery.connection.name]},
        )
    return delivery


def _under_lock(actor: User, delivery_id: UUID) -> Delivery:
    rows = policy.visible_deliveries(actor).select_related("connection", "report")
    delivery = rows.select_for_update(of=("self",)).filter(pk=delivery_id).first()
    if delivery is None:
        raise DeliveryNotFound()
    return delivery


# --- The sweeper -------------------------------------------------------------------------------


def give_up_exhausted() -> int:
    """Leave to a person what no attempt is left for: each of them ended a worker. Says how many."""
    sentence = (
        f"Something failed in {settings.JOB_MAX_ATTEMPTS} attempts; the reason is in the log. Send "
        "it again; if it fails again, tell the operator."
    )
    exhausted = leases.exhausted(_waiting())
    rows = exhausted[: settings.JOB_RESEND_AT_MOST]
    return sum(
        leases.finish(leases.left(exhausted, row), status=Delivery.Status.REFUSED, answer=sentence)
        for row in rows
    )


def send_due() -> int:
    """Send a message for what is to be tried now; says how many went out."""
    return leases.send_due(_due().defer("message"), _send)


def _send(row: Delivery) -> bool:
    return queue.send(_TASK, delivery_id=str(row.pk))


def _waiting() -> QuerySet[Delivery]:
    return Delivery.objects.filter(status__in=Delivery.WAITING)


def _due() -> QuerySet[Delivery]:
    """Those whose time has come, of each sample the first alone.

    That a report was taken back is told past earlier versions that the system would not have.
    """
    forerunners = Delivery.objects.filter(
        connection=OuterRef("connection"),
        sample=OuterRef("sample"),
        number__lt=OuterRef("number"),
    )
    waits = Exists(forerunners.filter(status__in=Delivery.WAITING))
    stuck = Exists(forerunners.filter(status=Delivery.Status.REFUSED))
    # Asked, not joined: a claim is one conditional update of the row itself.
    paused = ResultConnection.objects.filter(pk=OuterRef("connection"), is_active=False)
    return _waiting().filter(
        ~waits,
        Q(is_retraction=True) | ~stuck,
        ~Exists(paused),
        next_try_at__lte=timezone.now(),
    )


def _held(held: Claim) -> QuerySet[Delivery]:
    return leases.held(_waiting(), {held.delivery.pk: held.fence})
