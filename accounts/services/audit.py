"""The audit trail: one hash chain a laboratory, and one of the installation.

Rows are only ever added. `record_event` belongs inside the business transaction and should be its
last statement: it takes the chain's row lock, so whoever comes next waits for the commit.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.core.serializers.json import DjangoJSONEncoder
from django.db import DatabaseError, models, transaction
from django.utils import timezone

from accounts.models import AuditAction, AuditChain, AuditEvent, Laboratory, User
from hematovision.origin import Origin, current_origin

__all__ = ["Origin", "current_origin", "record_event", "record_read", "record_viewed"]

logger = logging.getLogger(__name__)

INSTALLATION_CHAIN = "installation"


@dataclass(frozen=True)
class Event:
    """What was done.

    Args:
        action: from the closed list.
        obj: the row it was done to.
        changes: only what changed, e.g. {"role": ["technician", "doctor"]}; never a secret.
        reason: a sentence, where the action asks for one.
    """

    action: AuditAction
    obj: models.Model | None = None
    changes: dict[str, Any] | None = None
    reason: str = ""


def record_event(
    *,
    action: AuditAction,
    actor: User | AnonymousUser | None,
    laboratory: Laboratory | None,
    obj: models.Model | None = None,
    changes: dict[str, Any] | None = None,
    reason: str = "",
    origin: Origin | None = None,
) -> AuditEvent:
    """Add one event to the end of the laboratory's chain.

    Args:
        actor: who did it; nobody for a worker, a command or a failed sign-in.
        laboratory: whose chain; none for the installation's own.
        action, obj, changes, reason: as in `Event`.
        origin: where it came from; the present request's unless given.
    """
    event = Event(action, obj, changes, reason)
    return record_events(laboratory=laboratory, events=[event], actor=actor, origin=origin)[0]


@transaction.atomic
def record_events(
    *,
    laboratory: Laboratory | None,
    events: Sequence[Event],
    actor: User | AnonymousUser | None = None,
    origin: Origin | None = None,
) -> list[AuditEvent]:
    """Add events to the end of the laboratory's chain, in their order; as `record_event`."""
    origin = origin or current_origin()
    chain = _locked_chain(laboratory)
    rows = []
    for event in events:
        row = AuditEvent(
            chain=chain,
            position=chain.length + 1,
            laboratory=laboratory,
            actor=actor if isinstance(actor, User) else None,
            action=event.action,
            object_type=event.obj._meta.model_name or "" if event.obj is not None else "",
            object_id=str(event.obj.pk) if event.obj is not None else "",
            changes=_as_stored(event.changes or {}),
            reason=event.reason.replace("\x00", ""),
            ip_address=origin.ip_address,
            user_agent=origin.user_agent[:200],
            request_id=origin.request_id[:40],
            at=timezone.now(),
            previous_hash=chain.last_hash,
        )
        row.hash = row.computed_hash()
        chain.length, chain.last_hash = row.position, row.hash
        rows.append(row)
    AuditEvent.objects.bulk_create(rows)
    chain.save(update_fields=["length", "last_hash"])
    return rows


def record_read(
    *,
    action: AuditAction,
    actor: User | AnonymousUser | None,
    laboratory: Laboratory | None,
    obj: models.Model | None = None,
    changes: dict[str, Any] | None = None,
    reason: str = "",
    origin: Origin | None = None,
) -> None:
    """Add an event in a short transaction of its own; a failure is logged and loses no answer."""
    try:
        record_event(
            action=action,
            actor=actor,
            laboratory=laboratory,
            obj=obj,
            changes=changes,
            reason=reason,
            origin=origin,
        )
    except DatabaseError:
        logger.exception("The audit event %s could not be written.", action)


def record_viewed(actor: User, *shown: models.Model) -> None:
    """Add, as `record_read` does, that somebody looked at results: an event for each."""
    events = [Event(AuditAction.RESULT_VIEWED, obj) for obj in shown]
    try:
        record_events(laboratory=actor.laboratory, events=events, actor=actor)
    except DatabaseError:
        logger.exception("The audit events of %s results could not be written.", len(events))


def _locked_chain(laboratory: Laboratory | None) -> AuditChain:
    """The chain's end, locked until the commit (SQLite's transactions are IMMEDIATE anyway)."""
    key = f"laboratory:{laboratory.pk}" if laboratory else INSTALLATION_CHAIN
    chains = AuditChain.objects.select_for_update()
    chain = chains.filter(key=key).first()
    if chain is None:
        # Only the first event of a chain comes here.
        AuditChain.objects.get_or_create(key=key)
        chain = chains.get(key=key)
    return chain


def _as_stored(changes: dict[str, Any]) -> dict[str, Any]:
    """What the database gives back later: plain JSON, without the character that it refuses."""
    text = json.dumps(changes, cls=DjangoJSONEncoder, allow_nan=False)
    return _without_nul(json.loads(text))


def _without_nul(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\x00", "")
    if isinstance(value, list):
        return [_without_nul(item) for item in value]
    if isinstance(value, dict):
        return {_without_nul(key): _without_nul(item) for key, item in value.items()}
    return value
