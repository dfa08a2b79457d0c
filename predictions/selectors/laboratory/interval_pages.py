"""The reference intervals of a laboratory as its people read them, and how they came to be."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from accounts.models import User
from mlmodels.selectors.labels import labels_for
from predictions import policy
from predictions.errors import IntervalsNotFound
from predictions.intervals import WHITE_CELLS, CriticalLimit, Interval, ages_in_words
from predictions.models import IntervalSet
from predictions.selectors.laboratory.intervals import (
    Intervals,
    intervals_in,
    intervals_of,
)

WHITE_CELLS_NAME = "White cells"
UNIT_WORDS = {"%": "%", "10*9/L": "× 10⁹/L", "/100{WBCs}": "per 100 white cells"}
# As many versions as the page shows.
MOST_VERSIONS = 50


@dataclass(frozen=True)
class IntervalGroup:
    """What is normal of one label, and what is critical.

    Args:
        label: its code, or "wbc".
        name: of the label, for people.
        intervals: by unit, sex and age.
        limits: in words, e.g. "below 0.5".
    """

    label: str
    name: str
    intervals: tuple[Interval, ...]
    limits: tuple[str, ...]


@dataclass(frozen=True)
class IntervalVersion:
    """One set, and what it changed.

    Args:
        number: of the set.
        is_shipped: whether it came with the program.
        by: who saved it; none for a shipped one.
        reason: why.
        added: intervals and limits that the set before did not have, in words.
        removed: those that it had and this one has not.
    """

    number: int
    is_shipped: bool
    at: datetime
    by: User | None
    reason: str
    added: tuple[str, ...]
    removed: tuple[str, ...]


@dataclass(frozen=True)
class IntervalsPage:
    """All intervals of a laboratory.

    Args:
        number: of the set that counts.
        is_own: whether the laboratory changed what is shipped.
        groups: by label, in the order of lists.
        without: code and name of labels that have none.
        versions: the newest first.
    """

    number: int
    is_own: bool
    groups: tuple[IntervalGroup, ...]
    without: tuple[tuple[str, str], ...]
    versions: tuple[IntervalVersion, ...]


@dataclass(frozen=True)
class LabelIntervals:
    """The intervals of one label, to be changed.

    Args:
        label: its code, or "wbc".
        number: of the set that they stand in.
        limit: when somebody is called; none where never.
    """

    label: str
    name: str
    number: int
    intervals: tuple[Interval, ...]
    limit: CriticalLimit | None


def present_intervals(viewer: User) -> Intervals:
    """The set that counts in the viewer's laboratory."""
    row = _newest_last(viewer)[-1:]
    return intervals_in(row[0]) if row else intervals_of(viewer.laboratory_id)


def intervals_page(viewer: User) -> IntervalsPage:
    """Every interval of the viewer's laboratory, and its versions."""
    rows = _newest_last(viewer)
    names = _names(viewer)
    present = present_intervals(viewer)
    labels = {row.label for row in present.intervals} | {row.label for row in present.limits}
    order = [*names, *sorted(labels - set(names))]
    return IntervalsPage(
        number=present.number,
        is_own=present.is_own,
        groups=tuple(_group(code, names, present) for code in order if code in labels),
        without=tuple((code, name) for code, name in names.items() if code not in labels),
        versions=tuple(_versions(rows, names)),
    )


def intervals_of_label(viewer: User, label: str) -> LabelIntervals:
    """What one label's intervals are now.

    Raises:
        IntervalsNotFound: the viewer's laboratory has no such label.
    """
    names, present = _names(viewer), present_intervals(viewer)
    if label not in names:
        raise IntervalsNotFound()
    limits = [limit for limit in present.limits if limit.label == label]
    rows = tuple(_in_order(row for row in present.intervals if row.label == label))
    return LabelIntervals(label, names[label], present.number, rows, limits[0] if limits else None)


def limit_in_words(limit: CriticalLimit) -> tuple[str, ...]:
    """Each bound of a limit, e.g. "below 0.5"."""
    bounds = (
        ("at or below", limit.at_most),
        ("below", limit.below),
        ("at or above", limit.at_least),
        ("above", limit.above),
    )
    return tuple(f"{words} {bound}" for words, bound in bounds if bound is not None)


def _newest_last(viewer: User) -> list[IntervalSet]:
    """The laboratory's own sets after the shipped one that they began with."""
    rows = list(policy.visible_interval_sets(viewer).select_related("by").order_by("number"))
    own = [row for row in rows if row.laboratory_id is not None]
    before = [
        row for row in rows if row.laboratory_id is None and (not own or row.number < own[0].number)
    ]
    return [*before[-1:], *own]


def _names(viewer: User) -> dict[str, str]:
    labels = labels_for(viewer.laboratory)
    return {WHITE_CELLS: WHITE_CELLS_NAME, **{code: row.name for code, row in labels.items()}}


def _group(code: str, names: dict[str, str], present: Intervals) -> IntervalGroup:
    rows = _in_order(row for row in present.intervals if row.label == code)
    limits = (words for row in present.limits if row.label == code for words in limit_in_words(row))
    return IntervalGroup(code, names.get(code, code), tuple(rows), tuple(limits))


def _in_order(rows: Iterable[Interval]) -> list[Interval]:
    units = list(UNIT_WORDS)
    return sorted(rows, key=lambda row: (units.index(row.unit), row.sex, row.from_day))


def _versions(rows: Sequence[IntervalSet], names: dict[str, str]) -> list[IntervalVersion]:
    said = [_in_words(intervals_in(row), names) for row in rows]
    versions = []
    for place, row in enumerate(rows):
        now, before = said[place], said[place - 1] if place else said[place]
        versions.append(
            IntervalVersion(
                number=row.number,
                is_shipped=row.laboratory_id is None,
                at=row.at,
                by=row.by,
                reason=row.reason,
                added=tuple(words for words in now if words not in before),
                removed=tuple(words for words in before if words not in now),
            )
        )
    return versions[::-1][:MOST_VERSIONS]


def _in_words(held: Intervals, names: dict[str, str]) -> dict[str, None]:
    """Each interval and limit of a set in words, in order and each once."""
    lines = [
        f"{names.get(row.label, row.label)}: {row.low} to {row.high} {UNIT_WORDS[row.unit]}, "
        f"{row.sex + ', ' if row.sex else ''}{ages_in_words(row)} ({row.source})"
        for row in held.intervals
    ]
    lines += [
        f"{names.get(limit.label, limit.label)}: critical {words} {UNIT_WORDS[limit.unit]}"
        for limit in held.limits
        for words in limit_in_words(limit)
    ]
    return dict.fromkeys(lines)
