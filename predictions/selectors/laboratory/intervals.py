"""The reference intervals and critical limits that a laboratory reports by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import F, Q, Subquery

from predictions.findings import Limit, shipped_limits
from predictions.intervals import CriticalLimit, Interval
from predictions.models import IntervalSet
from predictions.selectors.laboratory.finding_limits import limits_in, newest_limits

_BOUNDS = ("low", "high", "at_most", "below", "at_least", "above")


@dataclass(frozen=True)
class Intervals:
    """The rows of one set.

    Args:
        number: of the set.
        is_own: the laboratory's; else the shipped one.
        finding_limits: what findings go by beside them, by code; those that are shipped where
            nobody asked for the laboratory's.
    """

    number: int
    is_own: bool
    intervals: tuple[Interval, ...]
    limits: tuple[CriticalLimit, ...]
    finding_limits: Mapping[str, Limit] = field(default_factory=shipped_limits)


def intervals_of(laboratory_id: UUID) -> Intervals:
    """The laboratory's newest set; the shipped one where it never changed it."""
    # The limits of findings come with the answer, and cost no page a question of their own.
    limits = newest_limits(laboratory_id).values("limits")[:1]
    row = (
        IntervalSet.objects.filter(Q(laboratory_id=laboratory_id) | Q(laboratory__isnull=True))
        .order_by(F("laboratory_id").desc(nulls_last=True), "-number")
        .annotate(finding_limits=Subquery(limits))
        .first()
    )
    if row is None:
        return Intervals(0, False, (), ())
    return replace(intervals_in(row), finding_limits=limits_in(row.finding_limits))


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
