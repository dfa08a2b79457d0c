"""What was told to other systems, what waits, and why, for the laboratory's admins."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db.models import Count, Min, Q
from django.utils.dateparse import parse_datetime

from accounts.models import User
from predictions import policy
from predictions.errors import ConnectionNotFound
from predictions.models import Delivery, ResultConnection

PAGE_SIZE = 50
_Status = Delivery.Status
# What the page shows first: whatever did not arrive.
OPEN = "open"


@dataclass(frozen=True)
class ConnectionRow:
    """A system, and how it stands with it.

    Args:
        waiting, refused: deliveries that did not arrive yet, and that the system will not have.
        waits_since: the oldest of those that wait.
    """

    connection: ResultConnection
    waiting: int
    refused: int
    waits_since: datetime | None


@dataclass(frozen=True)
class DeliveryPage:
    """One page of deliveries, the newest first.

    Args:
        shown: "open" for what did not arrive, "delivered", or empty for all.
        older: cursor of the next page; empty on the last one.
        hosts: where the operator lets results go.
    """

    connections: list[ConnectionRow]
    deliveries: list[Delivery]
    shown: str
    older: str
    hosts: list[str]


def delivery_page(viewer: User, *, shown: str = OPEN, before: str = "") -> DeliveryPage:
    """The page of deliveries.

    Args:
        shown: which; what is none of the words shows what did not arrive.
        before: cursor; what is none asks for the first page.
    """
    shown = shown if shown in ("", OPEN, _Status.DELIVERED) else OPEN
    rows = policy.visible_deliveries(viewer).select_related("connection", "report", "sample")
    # Not what they say: with a file in them they are long.
    rows = rows.defer("message", "report__content").order_by("-created_at", "-id")
    if shown == OPEN:
        rows = rows.exclude(status=_Status.DELIVERED)
    elif shown:
        rows = rows.filter(status=_Status.DELIVERED)
    place = _place(before)
    if place is not None:
        at, key = place
        rows = rows.filter(Q(created_at__lt=at) | Q(created_at=at, id__lt=key), created_at__lte=at)
    found = list(rows[: PAGE_SIZE + 1])
    more, found = found[PAGE_SIZE:], found[:PAGE_SIZE]
    return DeliveryPage(
        connections=_connections(viewer),
        deliveries=found,
        shown=shown,
        older=f"{found[-1].created_at.isoformat()}_{found[-1].pk}" if more else "",
        hosts=list(settings.EXCHANGE_HOSTS),
    )


def connection_for_viewer(viewer: User, connection_id: UUID) -> ResultConnection:
    """One system.

    Raises:
        ConnectionNotFound: there is none in the viewer's laboratory.
    """
    found = policy.visible_connections(viewer).filter(pk=connection_id).first()
    if found is None:
        raise ConnectionNotFound()
    return found


def _connections(viewer: User) -> list[ConnectionRow]:
    waits = Q(deliveries__status__in=Delivery.WAITING)
    rows = policy.visible_connections(viewer).annotate(
        waiting=Count("deliveries", filter=waits),
        refused=Count("deliveries", filter=Q(deliveries__status=_Status.REFUSED)),
        waits_since=Min("deliveries__created_at", filter=waits),
    )
    return [ConnectionRow(row, row.waiting, row.refused, row.waits_since) for row in rows]


def _place(cursor: str) -> tuple[datetime, UUID] | None:
    at, _, key = cursor.rpartition("_")
    try:
        found = parse_datetime(at)
        return None if found is None or found.tzinfo is None else (found, UUID(key))
    except ValueError:
        return None
