"""The audit trail as people read it: filtered, in words, page by page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from accounts.models import AuditAction, AuditCheck, AuditEvent, User
from accounts.policy import visible_audit_checks, visible_events, visible_users
from accounts.selectors.audit import in_words

PAGE_SIZE = 50
# What is only looked at: left out unless asked for, or it would hide what was done.
READS = (
    AuditAction.RESULT_VIEWED,
    AuditAction.ORIGINAL_DOWNLOADED,
    AuditAction.REPORT_DOWNLOADED,
    AuditAction.REPORT_VERIFIED,
    AuditAction.REPORT_EXPORTED,
    AuditAction.TABLE_EXPORTED,
    AuditAction.MODEL_DOWNLOADED,
    AuditAction.AUDIT_EXPORTED,
)
# What a person calls the kinds of rows; others by their name in the database.
_OBJECTS = {
    "smearimage": "image",
    "cellexport": "export of cells",
    "imagingprofile": "imaging profile",
    "trainingrun": "training run",
    "modelversion": "model version",
    "caserules": "rules",
    "intervalset": "reference intervals",
    "resultconnection": "connection",
    "orderpeer": "system that orders",
    "imagearchive": "archive of images",
    "datasetimage": "picture of a dataset",
    "nearduplicate": "pair of near-duplicates",
    "gatecheck": "gate check",
    "auditcheck": "alert about the trail",
    "tokenfamily": "API token",
    "driftfinding": "finding of drift",
}


@dataclass(frozen=True)
class TrailFilter:
    """Which events are asked for; nothing that is empty chooses.

    Args:
        person: who did it; "nobody" for what the program did by itself.
        action: one of `AuditAction`.
        obj: key of the row it was done to.
        first_day, last_day: of the laboratory, both with their whole day.
        with_reads: what was only looked at, too.
    """

    person: str = ""
    action: str = ""
    obj: str = ""
    first_day: date | None = None
    last_day: date | None = None
    with_reads: bool = False


@dataclass(frozen=True)
class ChangedInWords:
    """One field of what was changed; none where it was not there before or is not there now."""

    name: str
    before: str | None
    after: str | None


@dataclass(frozen=True)
class TrailRow:
    """An event in words.

    Args:
        obj: what kind of row it was done to; empty for none.
    """

    event: AuditEvent
    by: str
    did: str
    obj: str
    changes: tuple[ChangedInWords, ...]


@dataclass(frozen=True)
class TrailPage:
    """One page, the newest first.

    Args:
        older: the position to go on from; none on the last page.
        last_check: the newest verification; none before the first one.
        alerts: verifications that failed and that nobody has dismissed.
    """

    rows: list[TrailRow]
    older: int | None
    last_check: AuditCheck | None
    alerts: list[AuditCheck]


def trail_page(viewer: User, asked: TrailFilter, *, before: int | None = None) -> TrailPage:
    """A page of the laboratory's trail.

    Args:
        before: events older than this position; none for the newest.
    """
    events = matching(viewer, asked).select_related("actor").order_by("-position")
    if before is not None:
        events = events.filter(position__lt=before)
    found = list(events[: PAGE_SIZE + 1])
    more, found = found[PAGE_SIZE:], found[:PAGE_SIZE]
    return TrailPage(
        rows=[row_of(event) for event in found],
        older=found[-1].position if more else None,
        last_check=last_check(viewer),
        alerts=alerts(viewer),
    )


def matching(viewer: User, asked: TrailFilter) -> QuerySet[AuditEvent]:
    """The events of the laboratory that a filter asks for."""
    events = visible_events(viewer)
    if asked.person == "nobody":
        events = events.filter(actor=None)
    elif asked.person:
        events = events.filter(actor=UUID(asked.person))
    if asked.action:
        events = events.filter(action=asked.action)
    elif not asked.with_reads:
        events = events.exclude(action__in=READS)
    if asked.obj:
        events = events.filter(object_id=asked.obj)
    if asked.first_day is not None:
        events = events.filter(at__gte=_begin(viewer, asked.first_day))
    if asked.last_day is not None:
        events = events.filter(at__lt=_begin(viewer, asked.last_day + timedelta(days=1)))
    return events


def exported(viewer: User, asked: TrailFilter) -> Iterator[tuple[Any, ...]]:
    """What a filter asks for as rows of a table, the oldest first, read while it is sent."""
    events = matching(viewer, asked).select_related("actor").order_by("position")
    for event in events.iterator(chunk_size=1000):
        row = row_of(event)
        yield (
            event.position,
            event.at.isoformat(timespec="seconds"),
            row.by,
            event.action,
            row.did,
            row.obj,
            event.object_id,
            "; ".join(
                f"{c.name}: {c.before or 'nothing'} → {c.after or 'nothing'}" for c in row.changes
            ),
            event.reason,
            event.ip_address or "",
            event.request_id,
            event.hash,
        )


EXPORTED_COLUMNS = (
    "number", "at", "by", "action", "in words", "object", "object id", "changes", "reason",
    "address", "request", "hash",
)  # fmt: skip


def people_of_trail(viewer: User) -> list[tuple[str, str]]:
    """Who can be asked for: the laboratory's people, and nobody."""
    people = visible_users(viewer).order_by("username")
    return [*((str(p.pk), p.display_name) for p in people), ("nobody", "nobody: the program")]


def last_check(viewer: User) -> AuditCheck | None:
    """The newest verification of the laboratory's trail."""
    return visible_audit_checks(viewer).first()


def alerts(viewer: User) -> list[AuditCheck]:
    """Verifications that failed and that nobody has dismissed, the newest first."""
    rows = visible_audit_checks(viewer).filter(broken_at__isnull=False, dismissed_at=None)
    return list(rows)


def row_of(event: AuditEvent) -> TrailRow:
    """An event in words."""
    kind = event.object_type
    return TrailRow(
        event=event,
        by=event.actor.display_name if event.actor else "the program",
        did=event.get_action_display(),
        obj=_OBJECTS.get(kind, kind),
        changes=tuple(
            ChangedInWords(name.replace("_", " "), *map(in_words, _pair(value)))
            for name, value in event.changes.items()
        ),
    )


def _pair(value: Any) -> tuple[Any, Any]:
    """What was and what is; what is no such pair is what is."""
    is_pair = isinstance(value, list) and len(value) == 2
    return (value[0], value[1]) if is_pair else (None, value)


def _begin(viewer: User, day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=viewer.laboratory.zone)
