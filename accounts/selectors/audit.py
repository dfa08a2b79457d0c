"""Reading the audit trail. `chain_reports` is the operator's and knows no viewer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Model

from accounts import storage
from accounts.models import AuditAction, AuditChain, AuditEvent, User
from accounts.policy import visible_changes

FIRST_HASH = "0" * 64
# As many changes as a page of settings shows.
MOST_CHANGES = 100


@dataclass(frozen=True)
class ChangedField:
    """What one field was before and after a change.

    Args:
        name: the field, in words.
        before: as it was, in words; none where it was not there.
        after: as it is since.
    """

    name: str
    before: str | None
    after: str | None


@dataclass(frozen=True)
class Change:
    """One change of a setting.

    Args:
        at: when.
        by: who; none where the program did it.
        fields: what was changed.
        reason: why, where it was asked for.
    """

    at: datetime
    by: User | None
    fields: tuple[ChangedField, ...]
    reason: str


def changes_of(
    viewer: User, *, action: AuditAction, of: Model, words: Mapping[str, str]
) -> list[Change]:
    """The changes of one setting, the newest first.

    Args:
        action: what was done to it.
        of: the row that was changed.
        words: what its fields are called on pages; others belong to another page.
    """
    events = visible_changes(viewer).filter(
        action=action, object_type=of._meta.model_name or "", object_id=str(of.pk)
    )
    newest = events.select_related("actor").order_by("-position")[:MOST_CHANGES]
    changes = (
        Change(event.at, event.actor, _changed_fields(event.changes, words), event.reason)
        for event in newest
    )
    return [change for change in changes if change.fields]


def _changed_fields(
    changes: Mapping[str, list[Any]], words: Mapping[str, str]
) -> tuple[ChangedField, ...]:
    return tuple(
        ChangedField(words[name], in_words(before), in_words(after))
        for name, (before, after) in changes.items()
        if name in words
    )


def in_words(value: Any) -> str | None:
    """A value as people read it; none where there is nothing."""
    if value in (None, "", []):
        return None
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return str(value)


@dataclass(frozen=True)
class ChainReport:
    """What became of one chain.

    Args:
        key: the chain's name.
        length: how many events it should have.
        broken_at: the first position that does not hold; none where all of them do.
        because: what is wrong there.
    """

    key: str
    length: int
    broken_at: int | None = None
    because: str = ""


def chain_reports() -> Iterator[ChainReport]:
    """Each chain, computed again from its first event to its last."""
    known = list(AuditChain.objects.order_by("key").values_list("key", flat=True))
    for key in known:
        yield _report_on(key)
    for key in sorted(set(storage.chains_with_heads()) - set(known)):
        yield ChainReport(key, 0, 1, "the whole chain is missing")


def _report_on(key: str) -> ChainReport:
    # The head before the chain: events that are added meanwhile make the chain longer, never the
    # head that is held against it.
    damage, head = "", None
    try:
        head = storage.newest_head(key)
    except storage.HeadDamaged as error:
        damage = str(error)
    chain = AuditChain.objects.get(key=key)
    report = _report_on_links(chain)
    if report.broken_at is not None:
        return report
    if damage:
        return ChainReport(chain.key, chain.length, chain.length, damage)
    return _report_on_head(chain, head)


def _report_on_head(chain: AuditChain, head: storage.Head | None) -> ChainReport:
    """Hold a chain whose links hold against the head that was kept of it outside the database.

    Somebody who cuts off the newest events and sets the chain's end back leaves links that hold.
    """
    if head is None:
        return ChainReport(chain.key, chain.length)
    if head.length > chain.length:
        because = f"the chain ends before event {head.length}, where it ended on {head.at}"
        return ChainReport(chain.key, head.length, chain.length + 1, because)
    same = AuditEvent.objects.filter(chain=chain, position=head.length, hash=head.hash)
    if head.length and not same.exists():
        because = "it is not the event that stood there when the chain's head was kept"
        return ChainReport(chain.key, chain.length, head.length, because)
    return ChainReport(chain.key, chain.length)


def _report_on_links(chain: AuditChain) -> ChainReport:
    expected_position, previous_hash = 1, FIRST_HASH
    # One query pins the chain's end: events added while we read lie beyond it.
    events = AuditEvent.objects.filter(chain=chain, position__lte=chain.length)
    for event in events.order_by("position").iterator(chunk_size=1000):
        because = _what_is_wrong(event, expected_position, previous_hash)
        if because:
            return ChainReport(chain.key, chain.length, expected_position, because)
        expected_position, previous_hash = event.position + 1, event.hash
    if expected_position <= chain.length:
        because = "the event is missing"
        return ChainReport(chain.key, chain.length, expected_position, because)
    if previous_hash != chain.last_hash:
        because = "the last event is not the one that the chain ends with"
        return ChainReport(chain.key, chain.length, chain.length, because)
    return ChainReport(chain.key, chain.length)


def _what_is_wrong(event: AuditEvent, expected_position: int, previous_hash: str) -> str:
    if event.position != expected_position:
        return "the event is missing"
    if event.previous_hash != previous_hash:
        return "it does not follow the event before it"
    if event.hash != event.computed_hash():
        return "its content was changed"
    return ""
