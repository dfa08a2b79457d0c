"""Orders of a laboratory's information system become samples, so that nobody types them.

They act for no person: a peer whose address the operator named stands for its laboratory. Asked
twice, the same is done once.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence
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
        done = _done(peer, orders)
    except OrderUnreadable as error:
        return _answer(head, "AR" if error.rejected else "AE", str(error))
    except DomainError as error:
        return _answer(head, "AE", error.message)
    return _answer(head, "AA", " ".join(taken.text for taken in done))


def not_now(message: str) -> str:
    """The answer to a message that could not be followed for a reason that is not in it."""
    try:
        head = head_of(message)
    except OrderUnreadable:
        head = Head()
    return _answer(head, "AR", "Something failed here. Send the order again in a while.")


def _done(peer: OrderPeer, orders: Sequence[Order]) -> list[Taken]:
    """Follow all orders of a message; once more where a sample was made in this very moment."""
    for last in (False, True):
        try:
            with transaction.atomic():
                _hold(peer, orders)
                return [_follow(peer, order) for order in orders]
        except IntegrityError:
            if last:
                raise
    return []


def _hold(peer: OrderPeer, orders: Sequence[Order]) -> None:
    """Hold all samples that are there already, in one order, before the trail's chain is held."""
    keys = [key_in(peer.laboratory, _number(order)) for order in orders]
    rows = Sample.objects.filter(laboratory=peer.laboratory, accession_key__in=keys)
    list(rows.select_for_update(no_key=True).order_by("pk").values_list("pk"))


def _number(order: Order) -> str:
    return identifier("accession_number", order.accession_number)


def _answer(head: Head, verdict: Any, text: str) -> str:
    return acknowledgement(head, verdict, text, timezone.now())


def _follow(peer: OrderPeer, order: Order) -> Taken:
    said = _said(peer, order)
    known = _known(peer.laboratory, said["accession_number"])
    if order.act == "cancel":
        return _cancel(peer, known, order, said)
    if known is None:
        return _create(peer, order, said)
    return _change(peer, known, order, said)


def _said(peer: OrderPeer, order: Order) -> dict[str, Any]:
    """What an order says of a sample, by the fields that people fill."""
    patient = order.patient
    if patient and peer.hides_references:
        patient = hidden_reference(peer, patient, order.patient_authority)
    said = {
        "accession_number": _number(order),
        "patient_reference": patient,
        "sex": order.sex,
        "birth_date": order.birth_date,
        "collected_at": order.collected_at,
        "requester": order.requester,
    }
    if order.is_urgent is not None:
        urgent, routine = Sample.Priority.URGENT, Sample.Priority.ROUTINE
        said["priority"] = urgent if order.is_urgent else routine
    return said


def hidden_reference(peer: OrderPeer, patient: str, authority: str) -> str:
    """A reference for a patient's number: always the same, and nobody without the key can go back.

    HMAC-SHA-256 (RFC 2104) by a key of the installation's own, and of the laboratory, so that two
    laboratories cannot tell that a patient is in both.

    Args:
        peer: who sent the number; it stands for whoever gave it where that is not said.
        patient: the number.
        authority: who gave it: 4711 of one hospital is not 4711 of another.
    """
    of = authority.strip() or str(peer.pk)
    said = f"{peer.laboratory_id}\n{of}\n{patient.strip()}".encode()
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
        order_number=order.placer_number,
        **columns,
    )
    refuse_contradictions(sample)
    told = {
        name: [None, as_told(value)]
        for name, value in columns.items()
        if value not in (None, "") and name not in _COMPARED
    }
    sample.save(force_insert=True)
    kind = SampleEvent.Kind.ORDERED
    take_step(actor=None, sample=sample, kind=kind, changes=told, reason=f"By {peer.name}.")
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
    if not sample.patient_key and not sample.cells_found:
        wanted |= {name: columns[name] for name in ("patient_reference", "patient_key")}
    wanted["order_number"] = order.placer_number
    if order.act == "new":
        # The same order once more takes back nothing that people corrected meanwhile.
        wanted = {name: v for name, v in wanted.items() if _is_unsaid(sample, name, v)}
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
        reason=f"By {peer.name}.",
    )
    return Taken(sample, f"Sample {sample.accession_number} was changed.")


def _is_unsaid(sample: Sample, name: str, value: Any) -> bool:
    """Whether nothing is said of a field yet; a sample that becomes urgent becomes so at once."""
    if name == "priority":
        return bool(value == Sample.Priority.URGENT)
    if name == "birth_date" and sample.age_days_given is not None:
        return False
    return getattr(sample, name) in (None, "")


def _is_other_patient(sample: Sample, columns: dict[str, Any]) -> bool:
    theirs = columns["patient_key"]
    return bool(sample.patient_key and theirs and sample.patient_key != theirs)


def _cancel(peer: OrderPeer, sample: Sample | None, order: Order, said: dict[str, Any]) -> Taken:
    if sample is None:
        return Taken(None, f"There is no sample {order.accession_number} to cancel.")
    is_of_order = sample.order_number == order.placer_number
    if _is_other_patient(sample, judged(peer.laboratory, said)) or not is_of_order:
        raise OrderRefused(
            f"Sample {sample.accession_number} was made for another order or patient, so this one "
            "does not cancel it. Check the number, or let the laboratory cancel it."
        )
    if sample.images_count or sample.state != Sample.State.OPEN:
        raise OrderRefused(
            f"Sample {sample.accession_number} is being read already. Let the laboratory cancel it."
        )
    take_step(
        actor=None,
        sample=sample,
        kind=SampleEvent.Kind.CANCELLED,
        to=Sample.State.CANCELLED,
        reason=f"The order was cancelled by {peer.name}.",
    )
    return Taken(sample, f"Sample {sample.accession_number} was cancelled.")
