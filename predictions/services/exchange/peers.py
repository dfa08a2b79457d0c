"""Which information systems may order: named by the operator, each for one laboratory."""

from __future__ import annotations

import ipaddress

from django.db import transaction

from accounts.models import AuditAction, Laboratory
from accounts.services.audit import record_event
from hematovision.errors import DomainError
from predictions.models import OrderPeer


class PeerRefused(DomainError):
    """A system that cannot be allowed to order, in a sentence."""

    code = "peer_refused"


def allow_peer(
    *, laboratory: str, address: str, name: str, hides_references: bool = True
) -> OrderPeer:
    """Let the system at an address order samples for a laboratory.

    Args:
        laboratory: its name.
        address: IPv4 or IPv6.
        hides_references: whether patients' numbers are replaced by a reference made with a key.

    Raises:
        PeerRefused: there is no such laboratory, no such address, or it orders for another one.
    """
    found, address = _laboratory(laboratory), _address(address)
    with transaction.atomic():
        peer = OrderPeer.objects.select_for_update().filter(address=address).first()
        if peer is not None and peer.is_active and peer.laboratory_id != found.pk:
            raise PeerRefused(
                f"{address} orders for another laboratory. Stop it there first (--stop)."
            )
        peer = peer or OrderPeer(address=address)
        peer.laboratory, peer.name, peer.is_active = found, name.strip()[:60], True
        peer.hides_references = hides_references
        peer.save()
        _record(peer, [None, address])
    return peer


def stop_peer(*, laboratory: str, address: str) -> None:
    """Take no orders from an address any more.

    Raises:
        PeerRefused: there is no such laboratory, or no system orders for it from there.
    """
    found, address = _laboratory(laboratory), _address(address)
    with transaction.atomic():
        rows = OrderPeer.objects.select_for_update()
        peer = rows.filter(laboratory=found, address=address, is_active=True).first()
        if peer is None:
            raise PeerRefused(f"No system orders for {laboratory} from {address}.")
        peer.is_active = False
        peer.save(update_fields=["is_active"])
        _record(peer, [address, None])


def _laboratory(name: str) -> Laboratory:
    found = Laboratory.objects.filter(name=name).first()
    if found is None:
        known = ", ".join(Laboratory.objects.order_by("name").values_list("name", flat=True))
        raise PeerRefused(f"There is no laboratory {name}. There are: {known or 'none'}.")
    return found


def _address(text: str) -> str:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError as error:
        raise PeerRefused(f"{text} is no address. Give one as 192.0.2.7 or 2001:db8::7.") from error


def _record(peer: OrderPeer, was_and_is: list[str | None]) -> None:
    record_event(
        action=AuditAction.PEER_CHANGED,
        actor=None,
        laboratory=peer.laboratory,
        obj=peer,
        changes={"address": was_and_is},
    )
