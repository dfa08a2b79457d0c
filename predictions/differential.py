"""Counts of cells to percentages, intervals, flags and absolute counts.

Pure: numbers and the laboratory's rows in, frozen dataclasses out. It asks no database, decides
nothing about signing, and keeps no percentage: all are computed from counts.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from predictions.intervals import CriticalLimit, Interval, Patient


@dataclass(frozen=True)
class LabelUse:
    """How a laboratory uses a label.

    Args:
        code: of the label, e.g. "neutrophil".
        name: for people, e.g. "Neutrophil".
        short_name: two letters.
        group: words that the label stands under in lists.
        counts: whether its cells are in the white-cell denominator.
        wider: code of the class it belongs to, e.g. "neutrophil" of a band; empty where none.
        apart: whether it has a row of its own; else its cells are shown with `wider`.
    """

    code: str
    name: str
    short_name: str
    group: str
    counts: bool
    wider: str = ""
    apart: bool = True


@dataclass(frozen=True)
class Tally:
    """The cells of one present label in a sample, each in one of three.

    Args:
        reviewed: a person named them.
        accepted: the model accepted them and nobody looked.
        to_review: the model asks for a person, and none has looked.
    """

    reviewed: int = 0
    accepted: int = 0
    to_review: int = 0


@dataclass(frozen=True)
class WhiteCellCount:
    """The analyser's white-cell count.

    Args:
        value: 10^9/L, 0 or more, with the decimals that the analyser gave.
        is_corrected: whether erythroblasts are taken out of it already.
    """

    value: Decimal
    is_corrected: bool


@dataclass(frozen=True)
class Row:
    """One class of counted white cells. The counts of all rows add up to the cells counted.

    Args:
        label: code of the label.
        name: of the label, for people.
        short_name: two letters.
        count: cells that count.
        to_review: cells that a person has yet to look at; outside the count.
        percent: of all counted cells, 0 to 100, not rounded; None where none is counted.
        low: lower bound of the Wilson 95 % interval in percent; None as `percent`.
        high: upper bound, likewise.
        interval: the reference interval in percent; None where there is none or not applied.
        interval_not_applied: there are intervals, but none can be applied; a note says why.
        flag: "L" or "H" by the percentage, else empty.
        absolute: 10^9/L, two decimals, halves up; None without a white-cell count.
        absolute_interval: the reference interval in 10^9/L.
        absolute_flag: "L" or "H", "LL" or "HH" at a critical limit, else empty.
        is_relative: the percentage is flagged while the absolute count is inside its interval.
    """

    label: str
    name: str
    short_name: str
    count: int
    to_review: int
    percent: float | None
    low: float | None
    high: float | None
    interval: Interval | None
    interval_not_applied: bool
    flag: str
    absolute: Decimal | None
    absolute_interval: Interval | None
    absolute_flag: str
    is_relative: bool


@dataclass(frozen=True)
class Apart:
    """What is found on the film but is outside the white-cell denominator.

    Args:
        label: code of the label.
        name: of the label, for people; the code where the laboratory does not know it.
        short_name: two letters; empty where the laboratory does not know it.
        count: cells accepted or named by a person.
        to_review: cells that a person has yet to look at; outside the count.
        per_100: of them to 100 counted white cells, one decimal, halves up; None where none
            is counted.
        interval: the reference interval per 100 white cells.
        interval_not_applied: there are intervals, but none can be applied; a note says why.
        flag: "L" or "H" by `per_100`, else empty.
    """

    label: str
    name: str
    short_name: str
    count: int
    to_review: int
    per_100: float | None
    interval: Interval | None = None
    interval_not_applied: bool = False
    flag: str = ""


@dataclass(frozen=True)
class CorrectedCount:
    """The white-cell count that absolute counts are worked out from.

    Args:
        value: 10^9/L, as the analyser gave it.
        corrected: 10^9/L, without erythroblasts; `value` where nothing is to correct. As many
            decimals as `value`, at least one, halves up.
        formula: the correction worked out, e.g. "17.4 × 100 / (100 + 8) = 16.1"; empty without one.
        was_corrected: whether it was corrected here.
        interval: the reference interval in 10^9/L.
        interval_not_applied: there are intervals, but none can be applied; a note says why.
        flag: of `corrected`: "L", "H", "LL", "HH" or empty.
    """

    value: Decimal
    corrected: Decimal
    formula: str
    was_corrected: bool
    interval: Interval | None = None
    interval_not_applied: bool = False
    flag: str = ""


@dataclass(frozen=True)
class Critical:
    """A count that somebody has to be called about.

    Args:
        label: code of the label, or "wbc".
        name: of what was counted, for people.
        value: 10^9/L, as it is reported.
        limit: the limit in words, e.g. "below 0.5 × 10⁹/L".
        flag: "LL" or "HH".
    """

    label: str
    name: str
    value: Decimal
    limit: str
    flag: str


@dataclass(frozen=True)
class Differential:
    """The white-cell differential of a sample.

    Args:
        counted: white cells that count, accepted or named by a person.
        target: cells that the laboratory wants counted.
        rows: the classes, in the order of the laboratory's labels.
        apart: what is outside the denominator, in the same order.
        to_review: all cells that a person has yet to look at, of rows and apart.
        unidentified: cells that nobody has named yet; outside the count.
        unidentified_percent: of them to 100 counted cells; 100 where none is counted.
        white_cells: the analyser's count; None where none is known.
        critical: counts at a critical limit.
        notes: sentences for the reader.
    """

    counted: int
    target: int
    rows: tuple[Row, ...]
    apart: tuple[Apart, ...]
    to_review: int
    unidentified: int
    unidentified_percent: float
    white_cells: CorrectedCount | None
    critical: tuple[Critical, ...]
    notes: tuple[str, ...]


def work_out(
    tallies: Mapping[str, Tally],
    *,
    unidentified: int,
    labels: Sequence[LabelUse],
    intervals: Sequence[Interval],
    limits: Sequence[CriticalLimit],
    patient: Patient,
    white_cells: WhiteCellCount | None,
    target: int,
    always_review: Collection[str],
) -> Differential:
    """The differential of a sample from its counts."""
    raise NotImplementedError


def wilson(successes: int, n: int) -> tuple[float, float]:
    """The Wilson 95 % interval of a proportion, as fractions."""
    raise NotImplementedError


def limited_count(counted: int) -> bool:
    """Whether so few cells are counted that every output says "limited count"."""
    raise NotImplementedError


def too_many_unidentified(unidentified: int, counted: int) -> bool:
    """Whether more cells are unidentified than a signature allows."""
    raise NotImplementedError


def headline(counts: Mapping[str, int], labels: Sequence[LabelUse]) -> str:
    """Counts by class in words, e.g. "21 neutrophils, 5 monocytes"."""
    raise NotImplementedError


def two_counts_z(a: int, n: int, b: int, m: int) -> float:
    """How far two proportions are apart, in pooled standard errors."""
    raise NotImplementedError
