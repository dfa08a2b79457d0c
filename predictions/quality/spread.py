"""How long things take: the middle of many times, and what nine of ten do not exceed. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Spread:
    """Many values in two figures.

    Args:
        median: half of the values lie at or below it.
        p90: nine of ten do.
        n: how many values there are, 1 or more.
    """

    median: float
    p90: float
    n: int


def spread_of(values: Iterable[float]) -> Spread | None:
    """The spread of some values; none of none.

    Source: Hyndman and Fan 1996, Am Stat 50:361, definition 7: between two values that stand next
        to each other in order, in a straight line. Example: 1, 2, 3, 4 gives 2.5 and 3.7.
    """
    ordered = sorted(values)
    if not ordered:
        return None
    return Spread(_at(ordered, 0.5), _at(ordered, 0.9), len(ordered))


def _at(ordered: list[float], share: float) -> float:
    place = (len(ordered) - 1) * share
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])
