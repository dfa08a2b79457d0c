"""Reading the audit trail. `chain_reports` is the operator's and knows no viewer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from accounts.models import AuditChain, AuditEvent

FIRST_HASH = "0" * 64


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
    for chain in AuditChain.objects.order_by("key"):
        yield _report_on(chain)


def _report_on(chain: AuditChain) -> ChainReport:
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
