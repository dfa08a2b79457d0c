"""The reference intervals and critical limits that a laboratory reports by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import F, Q

from predictions.intervals import CriticalLimit, Interval
from predictions.models import IntervalSet

_BOUNDS = ("low", "high", "at_most", "below", "at_least", "above")


@dataclass(frozen=True)
class Intervals:
    """The rows of one set.

    Args:
        number: of the set.
        is_own: the laboratory's; else the shipped one.
    """

    number: int
    is_own: bool
    intervals: tuple[Interval, ...]
    limits: tuple[CriticalLimit, ...]


def intervals_of(laboratory_id: UUID) -> Intervals:
    """The laboratory's newest set; the shipped one where it never changed it."""
    row = (
        IntervalSet.objects.filter(Q(laboratory_id=laboratory_id) | Q(laboratory__isnull=True))
        .order_by(F("laboratory_id").desc(nulls_last=True), "-number")
        .first()
    )
    return Intervals(0, False, (), ()) if row is None else intervals_in(row)


def intervals_in(row: IntervalSet) -> Intervals:
    """What a set holds."""
    return Intervals(
        row.number,
        row.laboratory_id is not None,
        tuple(Interval(**_with_decimals(each)) for each in row.intervals),
        tuple(CriticalLimit(**_with_decimals(each)) for each in row.limits),
    )


def _with_decimals(row: Mapping[str, Any]) -> dict[str, Any]:
    """A stored row: its bounds are texts, so that 2.0 stays 2.0."""
    return {
        key: Decimal(value) if key in _BOUNDS and value is not None else value
        for key, value in row.items()
    }
