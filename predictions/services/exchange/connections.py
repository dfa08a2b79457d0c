"""The systems that a laboratory's reports are sent to: added, changed, switched off by admins."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from uuid import UUID

from django.db import IntegrityError, transaction

from accounts.models import AuditAction, User
from accounts.policy import Action, require
from accounts.services.audit import record_event
from predictions import policy
from predictions.errors import ConnectionInvalid, ConnectionNotFound
from predictions.models import ResultConnection
from predictions.services.exchange.transports import host_of, is_allowed

_Kind = ResultConnection.Kind
_HOST_AND_PORT = re.compile(r"[A-Za-z0-9.\-]{1,180}:([1-9]\d{0,4})")


@dataclass(frozen=True)
class ConnectionFields:
    """What is said of a connection.

    Args:
        kind: one of `ResultConnection.Kind`.
        address: host:port, or for FHIR the address that Bundles are posted to.
        receiver, receiver_facility: as the other system calls itself.
        report_code: the laboratory's own code of the whole report; empty for LOINC's.
        sends_file: whether the PDF goes with the results.
    """

    name: str
    kind: str
    address: str
    receiver: str = ""
    receiver_facility: str = ""
    report_code: str = ""
    sends_file: bool = False
    is_active: bool = True


def add_connection(*, actor: User, fields: ConnectionFields) -> ResultConnection:
    """Let reports that are signed from now on be sent to a system.

    Raises:
        ConnectionInvalid: a field is not right, with the sentence for it.
    """
    require(actor, Action.MANAGE_DELIVERY)
    _check(fields)
    connection = ResultConnection(laboratory=actor.laboratory)
    _save(actor, connection, fields)
    return connection


def change_connection(
    *, actor: User, connection_id: UUID, fields: ConnectionFields
) -> ResultConnection:
    """Say something else of a connection; what waits goes by it from now on.

    Raises:
        ConnectionNotFound: there is none in the actor's laboratory.
        ConnectionInvalid: a field is not right, with the sentence for it.
    """
    require(actor, Action.MANAGE_DELIVERY)
    _check(fields)
    with transaction.atomic():
        rows = policy.visible_connections(actor).select_for_update()
        connection = rows.filter(pk=connection_id).first()
        if connection is None:
            raise ConnectionNotFound()
        spoke_fhir = connection.speaks_fhir
        if spoke_fhir != (fields.kind == _Kind.FHIR) and connection.deliveries.exists():
            raise ConnectionInvalid(
                "kind", "Reports went there in another language. Add a connection of its own."
            )
        _save(actor, connection, fields)
    return connection


def _save(actor: User, connection: ResultConnection, fields: ConnectionFields) -> None:
    changes = {
        name: [None if connection._state.adding else getattr(connection, name), value]
        for name, value in asdict(fields).items()
        if connection._state.adding or getattr(connection, name) != value
    }
    if not changes:
        return
    for name, value in asdict(fields).items():
        setattr(connection, name, value)
    try:
        with transaction.atomic():
            connection.save()
            record_event(
                action=AuditAction.CONNECTION_CHANGED,
                actor=actor,
                laboratory=actor.laboratory,
                obj=connection,
                changes=changes,
            )
    except IntegrityError as error:
        raise ConnectionInvalid("name", "A connection has this name. Choose another.") from error


def _check(fields: ConnectionFields) -> None:
    if not fields.name.strip():
        raise ConnectionInvalid("name", "Give the connection a name.")
    if fields.kind not in _Kind.values:
        raise ConnectionInvalid("kind", "Choose one from the list.")
    if fields.kind == _Kind.FHIR:
        if not fields.address.startswith(("https://", "http://")):
            raise ConnectionInvalid("address", "Write the address as https://server/fhir.")
    else:
        found = _HOST_AND_PORT.fullmatch(fields.address)
        if found is None or int(found[1]) > 65535:
            raise ConnectionInvalid("address", "Write the address as host:port, e.g. lis.lan:2575.")
    if not is_allowed(fields.address):
        raise ConnectionInvalid(
            "address",
            f"The operator does not let results go to {host_of(fields.address)}. Ask for it to be "
            "added to EXCHANGE_HOSTS.",
        )
