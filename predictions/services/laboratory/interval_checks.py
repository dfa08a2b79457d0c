"""Whether reference intervals and critical limits can be told apart and make sense."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import groupby, pairwise

from mlmodels.models import Label
from predictions.errors import IntervalsRefused
from predictions.intervals import (
    ABSOLUTE,
    PER_100_WHITE_CELLS,
    PERCENT,
    SEXES,
    WHITE_CELLS,
    CriticalLimit,
    Interval,
    ages_in_words,
)

MOST_ROWS = 1000
LONGEST_SOURCE = 200
# Nobody has lived longer, and no count of blood is higher.
OLDEST_DAYS = 130 * 366
HIGHEST = Decimal(1_000_000)


def refuse_wrong(
    intervals: Sequence[Interval], limits: Sequence[CriticalLimit], labels: Mapping[str, Label]
) -> None:
    """Let only rows pass of which each can be used, and at most one holds for a patient.

    Raises:
        IntervalsRefused: with a sentence for each row that cannot.
    """
    if len(intervals) + len(limits) > MOST_ROWS:
        raise IntervalsRefused({"intervals": [f"Give at most {MOST_ROWS} rows."]})
    faults = {
        "intervals": [
            f"{_called(row, labels)}: {fault}"
            for row in intervals
            for fault in _faults(row, labels)
        ],
        "limits": [
            f"{_name(row.label, labels)}: {fault}"
            for row in limits
            for fault in _faults_of_limit(row, limits, labels)
        ],
    }
    if not faults["intervals"]:
        faults["intervals"] = list(_overlaps(intervals, labels))
    if any(faults.values()):
        raise IntervalsRefused({kind: found for kind, found in faults.items() if found})


def _faults(row: Interval, labels: Mapping[str, Label]) -> Iterator[str]:
    yield from _faults_of_unit(row, labels)
    yield from _faults_of_bounds(row)
    if row.sex not in ("", *SEXES):
        yield "Choose female, male or both."
    end = OLDEST_DAYS if row.before_day is None else row.before_day
    if not 0 <= row.from_day < end <= OLDEST_DAYS:
        yield "The age at which it ends lies after the one at which it begins, up to 130 y."
    if not row.source.strip() or len(row.source) > LONGEST_SOURCE or not row.source.isprintable():
        yield "Say in one line of up to 200 letters where it is published."


def _faults_of_unit(row: Interval, labels: Mapping[str, Label]) -> Iterator[str]:
    """A share is one of what counts; what does not is given per 100 white cells."""
    if row.unit not in (PERCENT, ABSOLUTE, PER_100_WHITE_CELLS):
        yield "Choose the unit from the list."
    if row.label == WHITE_CELLS:
        if row.unit != ABSOLUTE:
            yield "White cells are counted in 10⁹/L alone."
        return
    if row.label not in labels:
        yield "There is no such label in your laboratory."
        return
    counts = labels[row.label].in_denominator
    if row.unit == PERCENT and not counts:
        yield "It is not counted as a white cell, so give it per 100 white cells or in 10⁹/L."
    if row.unit == PER_100_WHITE_CELLS and counts:
        yield "It is counted as a white cell, so give it in percent or in 10⁹/L."


def _faults_of_bounds(row: Interval) -> Iterator[str]:
    if not (_is_count(row.low) and _is_count(row.high)):
        yield "Give both ends as numbers from 0, with at most 4 decimals."
    # Nothing is normal in health, e.g. of erythroblasts, is written from 0 to 0.
    elif row.low >= row.high and row.high != 0:
        yield f"The low end {row.low} is not below the high end {row.high}."
    elif row.unit == PERCENT and row.high > 100:
        yield "A percentage is at most 100."


def _faults_of_limit(
    row: CriticalLimit, limits: Iterable[CriticalLimit], labels: Mapping[str, Label]
) -> Iterator[str]:
    if row.label != WHITE_CELLS and row.label not in labels:
        yield "There is no such label in your laboratory."
    if sum(other.label == row.label for other in limits) > 1:
        yield "Give one row of critical limits."
    lows = [bound for bound in (row.at_most, row.below) if bound is not None]
    highs = [bound for bound in (row.at_least, row.above) if bound is not None]
    if not (lows or highs):
        yield "Give a critical limit, or none of it."
    elif len(lows) > 1 or len(highs) > 1:
        yield "Give one limit below and one above."
    elif not all(map(_is_count, [*lows, *highs])):
        yield "Give critical limits as numbers from 0, with at most 4 decimals."
    elif lows and highs and lows[0] >= highs[0]:
        yield f"The critical limit {lows[0]} is not below {highs[0]}."


def _overlaps(intervals: Iterable[Interval], labels: Mapping[str, Label]) -> Iterator[str]:
    """Rows of one label, unit and sex that hold on the same day of life."""

    def kind(row: Interval) -> tuple[str, str, str]:
        return row.label, row.unit, row.sex

    for _, rows in groupby(sorted(intervals, key=lambda row: (*kind(row), row.from_day)), kind):
        for first, second in pairwise(rows):
            if first.before_day is None or first.before_day > second.from_day:
                yield (
                    f"{_called(first, labels)}: It overlaps with {ages_in_words(second)}. Let one "
                    "end where the next begins."
                )


def _is_count(value: Decimal) -> bool:
    if not value.is_finite() or not 0 <= value <= HIGHEST:
        return False
    exponent = value.as_tuple().exponent
    return isinstance(exponent, int) and exponent >= -4


def _called(row: Interval, labels: Mapping[str, Label]) -> str:
    """How a person finds the row again."""
    parts = [_name(row.label, labels), row.unit, row.sex, ages_in_words(row)]
    return ", ".join(filter(None, parts))


def _name(label: str, labels: Mapping[str, Label]) -> str:
    if label == WHITE_CELLS:
        return "White cells"
    return labels[label].name if label in labels else label
