"""Orders of a laboratory's information system become samples, so that nobody types them.

They act for no person: a peer whose address the operator named stands for its laboratory. Asked
twice, the same is done once.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import AuditAction, Laboratory
from accounts.services.audit import record_event
from hematovision.errors import DomainError
from predictions.exchange.hl7_orders import (
    Head,
    Order,
    OrderUnreadable,
    acknowledgement,
    head_of,
    orders_of,
)
from predictions.models import OrderPeer, Sample, SampleEvent
from predictions.selectors.samples.rules import key_in
from predictions.services.samples.fields import as_told, identifier, judged, refuse_contradictions
from predictions.services.samples.steps import take_step

_COMPARED = ("accession_key", "patient_key")
# What a later order may still say otherwise; the patient only while nothing was found.
_DETAILS = ("sex", "birth_date", "collected_at", "requester", "priority")
# 16 characters, without those that are taken for one another: 80 bits.
_HASH_BYTES = 10


class OrderRefused(DomainError):
    """An order that cannot be followed, in a sentence for whoever sent it."""

    code = "order_refused"
    http_status = 409


@dataclass(frozen=True)
class Taken:
    """What an order came to.

    Args:
        sample: that it is about; none where it cancelled what is not there.
        text: a sentence for the other system's log.
    """

    sample: Sample | None
    text: str


def answer_message(*, peer: OrderPeer, message: str) -> str:
    """Do what a message orders and answer it: all of its specimens, or none.

    Args:
        peer: who sent it, known by its address.
        message: as it came.

    Returns:
        The acknowledgement. AE says what is wrong with the order; AR that nothing of the kind is
        taken.
    """
    head = Head()
    try:
        head = head_of(message)
        orders = orders_of(message, peer.laboratory.zone)
        with transaction.atomic():
            done = [_follow(peer, order) for order in orders]
    except OrderUnreadable as error:
        return _answer(head, "AR" if error.rejected else "AE", str(error))
    except DomainError as error:
        return _answer(head, "AE", error.message)
    return _answer(head, "AA", " ".join(taken.text for taken in done))


def _answer(head: Head, verdict: Any, text: str) -> str:
    return acknowledgement(head, verdict, text, timezone.now())


def _follow(peer: OrderPeer, order: Order) -> Taken:
    said = _said(peer, order)
    known = _known(peer.laboratory, said["accession_number"])
    if order.act == "cancel":
        return _cancel(known, order)
    if known is None:
        return _create(peer, order, said)
    return _change(peer, known, order, said)


def _said(peer: OrderPeer, order: Order) -> dict[str, Any]:
    """What an order says of a sample, by the fields that people fill."""
    patient = order.patient
    if patient and peer.hides_references:
        patient = hidden_reference(peer.laboratory, patient)
    return {
        "accession_number": identifier("accession_number", order.accession_number),
        "patient_reference": patient,
        "sex": order.sex,
        "birth_date": order.birth_date,
        "collected_at": order.collected_at,
        "requester": order.requester,
        "priority": Sample.Priority.URGENT if order.is_urgent else Sample.Priority.ROUTINE,
    }


def hidden_reference(laboratory: Laboratory, patient: str) -> str:
    """A reference for a patient's number: always the same, and nobody without the key can go back.

    HMAC-SHA-256 (RFC 2104) by a key of the installation's own, and of the laboratory, so that two
    laboratories cannot tell that a patient is in both.
    """
    said = f"{laboratory.pk}\n{patient.strip()}".encode()
    digest = hmac.new(settings.PSEUDONYM_KEY.encode(), said, hashlib.sha256).digest()
    return f"P-{base64.b32encode(digest[:_HASH_BYTES]).decode()}"


def _known(laboratory: Laboratory, number: str) -> Sample | None:
    rows = Sample.objects.filter(
        laboratory=laboratory, accession_key=key_in(laboratory, number), number_collides=False
    ).exclude(state__in=Sample.GONE)
    held = rows.select_for_update(of=("self",), no_key=True).select_related("laboratory")
    return held.first()


def _create(peer: OrderPeer, order: Order, said: dict[str, Any]) -> Taken:
    columns = judged(peer.laboratory, said)
    sample = Sample(
        laboratory=peer.laboratory,
        origin=Sample.Origin.ORDER,
        order_number=order.placer_number[:64],
        **columns,
    )
    refuse_contradictions(sample)
    told = {
        name: [None, as_told(value)]
        for name, value in columns.items()
        if value not in (None, "") and name not in _COMPARED
    }
    try:
        with transaction.atomic():
            sample.save(force_insert=True)
            take_step(actor=None, sample=sample, kind=SampleEvent.Kind.ORDERED, changes=told)
    except IntegrityError as error:
        raise OrderRefused(
            f"Sample {sample.accession_number} was made by somebody else in this moment. Send the "
            "order again."
        ) from error
    return Taken(sample, f"Sample {sample.accession_number} was made.")


def _change(peer: OrderPeer, sample: Sample, order: Order, said: dict[str, Any]) -> Taken:
    """Say of a known sample what the order says, as far as it may still be said."""
    columns = judged(peer.laboratory, said)
    if _is_other_patient(sample, columns):
        raise OrderRefused(
            f"Sample {sample.accession_number} is here already, of another patient. Give the order "
            "another number, or let the laboratory correct the sample."
        )
    wanted = {name: columns[name] for name in _DETAILS if columns.get(name) not in (None, "")}
    wanted |= {name: columns[name] for name in ("patient_reference", "patient_key")}
    if order.placer_number:
        wanted["order_number"] = order.placer_number[:64]
    changed = {
        name: [as_told(getattr(sample, name)), as_told(value)]
        for name, value in wanted.items()
        if getattr(sample, name) != value and value != ""
    }
    if not changed:
        return Taken(sample, f"Sample {sample.accession_number} is here already.")
    if sample.is_frozen:
        raise OrderRefused(
            f"Sample {sample.accession_number} is {sample.get_state_display()}, so it stays as it "
            "is. A doctor has to begin an amendment first."
        )
    for name in changed:
        setattr(sample, name, wanted[name])
    if "birth_date" in changed:
        sample.age_days_given = None
    refuse_contradictions(sample)
    sample.save(update_fields=[*changed, "age_days_given"])
    record_event(
        action=AuditAction.SAMPLE_CHANGED,
        actor=None,
        laboratory=sample.laboratory,
        obj=sample,
        changes={name: v for name, v in changed.items() if name not in _COMPARED},
        reason=f"By an order of {peer.name}.",
    )
    return Taken(sample, f"Sample {sample.accession_number} was changed.")


def _is_other_patient(sample: Sample, columns: dict[str, Any]) -> bool:
    theirs = columns["patient_key"]
    return bool(sample.patient_key and theirs and sample.patient_key != theirs)


def _cancel(sample: Sample | None, order: Order) -> Taken:
    if sample is None:
        return Taken(None, f"There is no sample {order.accession_number} to cancel.")
    if sample.images_count or sample.state != Sample.State.OPEN:
        raise OrderRefused(
            f"Sample {sample.accession_number} is being read already. Let the laboratory cancel it."
        )
    take_step(
        actor=None,
        sample=sample,
        kind=SampleEvent.Kind.CANCELLED,
        to=Sample.State.CANCELLED,
        reason="The order was cancelled.",
    )
    return Taken(sample, f"Sample {sample.accession_number} was cancelled.")
