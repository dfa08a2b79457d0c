"""The systems that a laboratory's reports are sent to: added, changed, switched off by admins."""

from __future__ import annotations

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
    """Say something else of a connection; what is not made into a message yet goes by it.

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
    host, is_url = host_of(fields.address), "://" in fields.address
    if fields.kind == _Kind.FHIR and not (host and is_url):
        raise ConnectionInvalid("address", "Write the address as https://server/fhir.")
    if fields.kind != _Kind.FHIR and (not host or is_url):
        raise ConnectionInvalid("address", "Write the address as host:port, e.g. lis.lan:2575.")
    # One that is switched off may name what the operator allows no more.
    if fields.is_active and not is_allowed(fields.address):
        raise ConnectionInvalid(
            "address",
            f"The operator does not let results go to {host}. Ask for it to be "
            "added to EXCHANGE_HOSTS.",
        )
