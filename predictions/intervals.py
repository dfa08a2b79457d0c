"""Reference intervals and critical limits: which holds for a patient, and what a figure is by it.

Pure: the rows come from the laboratory's tables. It knows no interval and no limit of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import ceil

PERCENT = "%"
ABSOLUTE = "10*9/L"
PER_100_WHITE_CELLS = "/100{WBCs}"
WHITE_CELLS = "wbc"
# What intervals may be told apart by; "other" and unknown are neither.
SEXES = ("female", "male")
_DAYS_PER_YEAR = Fraction(1461, 4)
# As an age is written: of years before months, and of months before days.
DAYS_OF = {"y": _DAYS_PER_YEAR, "m": _DAYS_PER_YEAR / 12, "d": Fraction(1)}
_AGE = re.compile(r"(\d{1,5}) ?([dmy])", re.ASCII)


@dataclass(frozen=True)
class Patient:
    """What intervals are chosen by.

    Args:
        sex: "female", "male", "other", or empty where unknown.
        age_days: whole days of life when the sample was collected, 0 or more; None where unknown.
    """

    sex: str = ""
    age_days: int | None = None


@dataclass(frozen=True)
class Interval:
    """One reference interval of one class.

    Args:
        label: code of a label, or "wbc" for the white-cell count.
        unit: UCUM: "%", "10*9/L" or "/100{WBCs}".
        low: lowest value inside the interval, in `unit`.
        high: highest value inside the interval, in `unit`.
        source: where it is published, for people.
        sex: "female" or "male"; empty where it holds for all.
        from_day: first day of life for which it holds, 0 or more.
        before_day: first day of life for which it no longer holds; None where it never ends.
    """

    label: str
    unit: str
    low: Decimal
    high: Decimal
    source: str
    sex: str = ""
    from_day: int = 0
    before_day: int | None = None


@dataclass(frozen=True)
class CriticalLimit:
    """The absolute count at which a laboratory calls the ward.

    Args:
        label: code of a label, or "wbc" for the white-cell count.
        unit: "10*9/L". A percentage alone is never critical.
        at_most: critical low at this value and below.
        below: critical low below this value.
        at_least: critical high at this value and above.
        above: critical high above this value.

    Raises:
        ValueError: for another unit.
    """

    label: str
    unit: str = ABSOLUTE
    at_most: Decimal | None = None
    below: Decimal | None = None
    at_least: Decimal | None = None
    above: Decimal | None = None

    def __post_init__(self) -> None:
        if self.unit != ABSOLUTE:
            raise ValueError(f"A critical limit is a count in {ABSOLUTE}. Received: {self.unit}")


def interval_for(
    intervals: Sequence[Interval], label: str, unit: str, patient: Patient
) -> Interval | None:
    """The interval that holds for this patient; None where there is none, or it cannot be known.

    Args:
        intervals: of a laboratory, of all labels and units.
        label: code of a label, or "wbc".
        unit: "%", "10*9/L" or "/100{WBCs}".
        patient: sex and age as far as known.
    """
    possible = _possible_intervals(intervals, label, unit, patient)
    return possible[0] if len(possible) == 1 else None


def is_not_applied(intervals: Sequence[Interval], label: str, unit: str, patient: Patient) -> bool:
    """Whether no interval applies since age or sex is unknown and intervals differ by it.

    Args: as of `interval_for`.
    """
    return len(_possible_intervals(intervals, label, unit, patient)) > 1


def _possible_intervals(
    intervals: Sequence[Interval], label: str, unit: str, patient: Patient
) -> list[Interval | None]:
    """What holds at each age and sex that the patient may have, each low and high once."""
    rows = [row for row in intervals if (row.label, row.unit) == (label, unit)]
    ages = _edges(rows) if patient.age_days is None else [patient.age_days]
    sexes = [patient.sex] if patient.sex in SEXES else SEXES
    found = [_holding(rows, sex, age) for age in ages for sex in sexes]
    return list({row and (row.low, row.high): row for row in found}.values())


def _edges(rows: Iterable[Interval]) -> list[int]:
    """The days of life at which one interval may take another's place."""
    days = {day for row in rows for day in (row.from_day, row.before_day) if day is not None}
    return sorted({0, *days})


def _holding(rows: Iterable[Interval], sex: str, age_days: int) -> Interval | None:
    """The row for this sex and age, one of this sex before one for all."""
    holding = [
        row
        for row in rows
        if row.sex in ("", sex)
        and row.from_day <= age_days
        and (row.before_day is None or age_days < row.before_day)
    ]
    return max(holding, key=lambda row: row.sex != "", default=None)


def flag(value: Decimal, interval: Interval | None) -> str:
    """The flag: "L" below the interval, "H" above it, else (and without an interval) empty.

    Args:
        value: in the interval's unit. Low and high themselves are inside.
    """
    if interval is None:
        return ""
    return "L" if value < interval.low else "H" if value > interval.high else ""


def critical_flag(value: Decimal, limit: CriticalLimit) -> tuple[str, str]:
    """Whether a count is critical, and by which limit in words.

    Args:
        value: 10^9/L, as it is reported.

    Returns:
        "LL" or "HH" and e.g. "at or below 2.0 × 10⁹/L"; two empty strings where it is not critical.
    """
    checks = (
        ("LL", "at or below", limit.at_most, value.__le__),
        ("LL", "below", limit.below, value.__lt__),
        ("HH", "at or above", limit.at_least, value.__ge__),
        ("HH", "above", limit.above, value.__gt__),
    )
    for name, words, bound, is_beyond in checks:
        if bound is not None and is_beyond(bound):
            return name, f"{words} {bound} × 10⁹/L"
    return "", ""


def age_in_words(day: int) -> str:
    """A day of life at which intervals change, as laboratories write it: "3 d", "4 m" or "18 y"."""
    whole = (
        f"{ceil(day / days)} {letter}"
        for letter, days in DAYS_OF.items()
        if int(ceil(day / days) * days) == day
    )
    return next(whole)


def day_of_age(age: str) -> int:
    """The day of life at which an age begins, rounded down; the reverse of `age_in_words`.

    Args:
        age: "3 d", "4 m" or "18 y".

    Raises:
        ValueError: it is written otherwise.
    """
    written = _AGE.fullmatch(age.strip().lower())
    if written is None:
        raise ValueError("Write an age in days, months or years: 3 d, 4 m or 18 y.")
    return int(int(written[1]) * DAYS_OF[written[2]])


def ages_in_words(interval: Interval) -> str:
    """For which ages an interval holds: "every age", "from 18 y" or "1 y to under 2 y"."""
    first, end = interval.from_day, interval.before_day
    if end is None:
        return f"from {age_in_words(first)}" if first else "every age"
    under = f"under {age_in_words(end)}"
    return f"{age_in_words(first)} to {under}" if first else under
