"""Counts of cells to percentages, intervals, flags and absolute counts.

Pure: numbers and the laboratory's rows in, frozen dataclasses out. It asks no database, decides
nothing about signing, and keeps no percentage: all are computed from counts. It is one story from
counts to notes; half of it are the shapes that pages, API and reports show.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal

from predictions.counts import (
    MINIMUM_CELLS,
    MOST_UNIDENTIFIED_PERCENT,
    TARGETS,
    LabelUse,
    Tally,
    code_in_words,
    headline,
    in_sentence,
    label_by_code,
    limited_count,
    shown_as,
    too_many_unidentified,
    two_counts_z,
    unidentified_percent,
    wilson,
)
from predictions.intervals import (
    ABSOLUTE,
    PER_100_WHITE_CELLS,
    PERCENT,
    WHITE_CELLS,
    CriticalLimit,
    Interval,
    Patient,
    critical_flag,
    flag,
    interval_for,
    is_not_applied,
)

# What others ask this module for.
__all__ = [
    "MAIN_CLASSES",
    "MINIMUM_CELLS",
    "MOST_UNIDENTIFIED_PERCENT",
    "TARGETS",
    "Apart",
    "CorrectedCount",
    "Critical",
    "Differential",
    "LabelUse",
    "Row",
    "Tally",
    "WhiteCellCount",
    "headline",
    "limited_count",
    "too_many_unidentified",
    "two_counts_z",
    "wilson",
    "work_out",
]

# Shown with no cell as well: that there is none of them is a result.
MAIN_CLASSES = ("neutrophil", "lymphocyte", "monocyte", "eosinophil", "basophil")
ERYTHROBLAST = "erythroblast"
SMUDGE_CELL = "smudge_cell"

# 10^9/L. Outside it a digital differential (DI-60) was not reliable: Sci Rep 14:14344 (2024).
RELIABLE_WHITE_CELLS = (Decimal("1.5"), Decimal("30"))
# To 100 white cells. A custom of laboratories without one published figure; rules differ locally.
MOST_SMUDGE_CELLS = 10

HUNDREDTH = Decimal("0.01")


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
        name: of the label, for people; the code in words where the laboratory does not know it.
        short_name: two letters; empty where the laboratory does not know it.
        count: cells accepted or named by a person.
        to_review: cells that a person has yet to look at; outside the count.
        per_100: of them to 100 counted white cells, not rounded; None where none is counted.
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
        wholes: each class with its narrower ones, e.g. neutrophils with bands: what intervals and
            limits are published for, in the order of the labels.
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
    wholes: tuple[Row, ...] = ()


@dataclass(frozen=True)
class _Found:
    """A label with the cells that are shown under it: those that count, those to review."""

    label: LabelUse
    count: int
    to_review: int


@dataclass(frozen=True)
class _Scale:
    """What all rows of a sample are measured by."""

    counted: int
    white_cells: Decimal | None
    patient: Patient
    intervals: Sequence[Interval]
    limits: Sequence[CriticalLimit]

    def interval(self, label: str, unit: str) -> Interval | None:
        return interval_for(self.intervals, label, unit, self.patient)

    def is_not_applied(self, label: str, unit: str) -> bool:
        return is_not_applied(self.intervals, label, unit, self.patient)

    def critical(self, label: str, value: Decimal) -> tuple[str, str]:
        """The first critical flag and its limit in words; two empty strings without one."""
        flags = (critical_flag(value, limit) for limit in self.limits if limit.label == label)
        return next((found for found in flags if found[0]), ("", ""))

    def absolute_flag(self, label: str, value: Decimal) -> str:
        """The flag: "LL" or "HH" at a critical limit, else "L" or "H" by the interval, or empty."""
        return self.critical(label, value)[0] or flag(value, self.interval(label, ABSOLUTE))


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
    """The differential of a sample: what counts, how sure it is, and what is out of the ordinary.

    Args:
        tallies: the sample's cells by code of their present label, without the unidentified.
        unidentified: cells that neither the model nor a person has named.
        labels: of the laboratory, in the order of the table.
        intervals: the laboratory's reference intervals.
        limits: the laboratory's critical limits.
        patient: sex and age as far as known.
        white_cells: the analyser's count; None where none is known.
        target: cells to count, one of `TARGETS`.
        always_review: codes of labels whose cells a person must see, whatever a model accepted.

    A class as a whole is what intervals and limits are published for (neutrophils with bands:
    Palmer 2015 (ICSH), Int J Lab Hematol 37:287). Where cells of a narrower class stand apart,
    the row of the wider one has no interval, and a note tells of the whole.
    """
    found = _found(tallies, labels, always_review)
    inside = [each for each in found if each.label.counts]
    outside = [each for each in found if not each.label.counts]
    counted = sum(each.count for each in inside)
    erythroblasts = sum(each.count for each in outside if each.label.code == ERYTHROBLAST)
    corrected = _corrected(white_cells, erythroblasts, counted)
    of_all = None if corrected is None else corrected.corrected
    scale = _Scale(counted, of_all, patient, intervals, limits)

    wholes = [_row(_whole(each, inside), scale) for each in inside]
    rows = [
        _own_row(each, whole, scale)
        for each, whole in zip(inside, wholes, strict=True)
        if each.count or each.to_review or each.label.code in MAIN_CLASSES
    ]
    apart = [_apart(each, scale) for each in outside if each.count or each.to_review]
    white_row = _judged(corrected, scale)
    notes = [
        *_notes_of_counting(counted, unidentified),
        *_notes_of_film(white_row, apart),
        *_notes_of_wholes(inside, wholes),
        *_notes_of_intervals(wholes, apart, white_row, patient),
        *_notes_of_labels(outside, labels),
    ]
    return Differential(
        counted=counted,
        target=target,
        rows=tuple(rows),
        apart=tuple(apart),
        to_review=sum(each.to_review for each in found),
        unidentified=unidentified,
        unidentified_percent=unidentified_percent(unidentified, counted),
        white_cells=white_row,
        critical=tuple(_criticals(wholes, white_row, scale)),
        notes=tuple(notes),
        wholes=tuple(wholes),
    )


def _found(
    tallies: Mapping[str, Tally], labels: Sequence[LabelUse], always_review: Collection[str]
) -> list[_Found]:
    """All labels that are shown for themselves, and after them what the laboratory does not know.

    What it does not know is outside the denominator: nobody has said that it is a white cell.
    """
    known = label_by_code(labels)
    unknown = [
        LabelUse(code, code_in_words(code), "", "", counts=False)
        for code in tallies
        if code not in known
    ]
    found = {
        label.code: _Found(label, 0, 0)
        for label in [*labels, *unknown]
        if shown_as(label.code, known) == label.code
    }
    for code, tally in tallies.items():
        unseen = tally.accepted if code in always_review else 0
        shown = found[shown_as(code, known)]
        found[shown.label.code] = _Found(
            shown.label,
            shown.count + tally.reviewed + tally.accepted - unseen,
            shown.to_review + tally.to_review + unseen,
        )
    return list(found.values())


def _corrected(
    white_cells: WhiteCellCount | None, erythroblasts: int, counted: int
) -> CorrectedCount | None:
    """The white-cell count without the erythroblasts that an analyser took for white cells.

    corrected = analyser's count x 100 / (100 + erythroblasts to 100 white cells), the latter with
    one decimal as in the formula that people see, so that they can follow it.

    Source: the customary formula (medicalalgorithms.com, best-lab.org). Example: 17.4 with 8 to
        100 gives 16.1.
    """
    if white_cells is None:
        return None
    value = white_cells.value
    if white_cells.is_corrected or not erythroblasts or not counted:
        return CorrectedCount(value, value, formula="", was_corrected=False)
    per_100 = _rounded(Decimal(100 * erythroblasts) / counted, Decimal("0.1"))
    step = min(Decimal("0.1"), Decimal(1).scaleb(int(value.as_tuple().exponent)))
    corrected = _rounded(value * 100 / (100 + per_100), step)
    formula = f"{value} × 100 / (100 + {_plain(per_100)}) = {corrected}"
    return CorrectedCount(value, corrected, formula, was_corrected=True)


def _rounded(value: Decimal, step: Decimal) -> Decimal:
    """To the decimals of `step`, halves up: what people expect of a figure on paper."""
    return value.quantize(step, ROUND_HALF_UP)


def _plain(value: Decimal) -> str:
    """Without zeros at the end: "8" for 8.0."""
    return f"{value.normalize():f}"


def _judged(white_cells: CorrectedCount | None, scale: _Scale) -> CorrectedCount | None:
    """The count with its interval and flag."""
    if white_cells is None:
        return None
    return replace(
        white_cells,
        interval=scale.interval(WHITE_CELLS, ABSOLUTE),
        interval_not_applied=scale.is_not_applied(WHITE_CELLS, ABSOLUTE),
        flag=scale.absolute_flag(WHITE_CELLS, white_cells.corrected),
    )


def _whole(one: _Found, inside: Sequence[_Found]) -> _Found:
    """A class with the cells of narrower classes that stand apart from it."""
    narrower = [each for each in inside if each.label.wider == one.label.code and each.count]
    if not narrower:
        return one
    names = ", ".join(in_sentence(each.label.name) for each in narrower)
    return _Found(
        replace(one.label, name=f"{one.label.name} with {names}"),
        one.count + sum(each.count for each in narrower),
        one.to_review + sum(each.to_review for each in narrower),
    )


def _row(found: _Found, scale: _Scale) -> Row:
    """A class with all that is known of it; its absolute count is judged as it is reported."""
    label, count, counted = found.label, found.count, scale.counted
    percent = Decimal(100 * count) / counted if counted else None
    low, high = (100 * bound for bound in wilson(count, counted))
    interval = scale.interval(label.code, PERCENT)
    by_percent = "" if percent is None else flag(percent, interval)
    units, absolute, absolute_interval, by_count = [PERCENT], None, None, ""
    if counted and scale.white_cells is not None:
        units.append(ABSOLUTE)
        absolute = _rounded(scale.white_cells * count / counted, HUNDREDTH)
        absolute_interval = scale.interval(label.code, ABSOLUTE)
        by_count = scale.absolute_flag(label.code, absolute)
    return Row(
        label=label.code,
        name=label.name,
        short_name=label.short_name,
        count=count,
        to_review=found.to_review,
        percent=None if percent is None else float(percent),
        low=low if counted else None,
        high=high if counted else None,
        interval=interval,
        interval_not_applied=any(scale.is_not_applied(label.code, unit) for unit in units),
        flag=by_percent,
        absolute=absolute,
        absolute_interval=absolute_interval,
        absolute_flag=by_count,
        is_relative=bool(by_percent and absolute_interval and not by_count),
    )


def _own_row(found: _Found, whole: Row, scale: _Scale) -> Row:
    """The row of a class; only a critical flag of the whole class stands on it where it is less."""
    if whole.count == found.count:
        return whole
    return replace(
        _row(found, scale),
        interval=None,
        interval_not_applied=any(
            (whole.interval, whole.absolute_interval, whole.interval_not_applied)
        ),
        flag="",
        absolute_interval=None,
        absolute_flag=whole.absolute_flag if whole.absolute_flag in ("LL", "HH") else "",
        is_relative=False,
    )


def _apart(found: _Found, scale: _Scale) -> Apart:
    label, counted = found.label, scale.counted
    per_100 = Decimal(100 * found.count) / counted if counted else None
    interval = scale.interval(label.code, PER_100_WHITE_CELLS)
    return Apart(
        label=label.code,
        name=label.name,
        short_name=label.short_name,
        count=found.count,
        to_review=found.to_review,
        per_100=None if per_100 is None else float(per_100),
        interval=interval,
        interval_not_applied=scale.is_not_applied(label.code, PER_100_WHITE_CELLS),
        flag="" if per_100 is None else flag(per_100, interval),
    )


def _criticals(
    wholes: Iterable[Row], white_cells: CorrectedCount | None, scale: _Scale
) -> Iterator[Critical]:
    """The white-cell count first, then the classes as wholes. Never from a percentage alone."""
    values = [(row.label, row.name, row.absolute) for row in wholes]
    if white_cells:
        values.insert(0, (WHITE_CELLS, "White cells", white_cells.corrected))
    for label, name, value in values:
        named, words = ("", "") if value is None else scale.critical(label, value)
        if value is not None and named:
            yield Critical(label, name, value, words, named)


def _notes_of_counting(counted: int, unidentified: int) -> Iterator[str]:
    if limited_count(counted):
        yield f"Limited count: {counted} white cells, fewer than {MINIMUM_CELLS}."
    if too_many_unidentified(unidentified, counted):
        yield (
            f"{unidentified} cells are unidentified, more than {MOST_UNIDENTIFIED_PERCENT} to 100 "
            "counted white cells: name them before signing."
        )
    if counted:
        yield "The 95 % intervals cover the error of counting only, not cells named wrongly."


def _notes_of_film(white_cells: CorrectedCount | None, apart: Iterable[Apart]) -> Iterator[str]:
    low, high = RELIABLE_WHITE_CELLS
    if white_cells and not low <= white_cells.corrected <= high:
        yield f"WBC below {low} or above {high} × 10⁹/L: extended or manual review advised."
    for each in apart:
        if each.label == SMUDGE_CELL and (each.per_100 or 0) > MOST_SMUDGE_CELLS:
            yield (
                f"More than {MOST_SMUDGE_CELLS} smudge cells to 100 white cells: consider a smear "
                "with albumin, or count them as lymphocytes where the laboratory's rule says so."
            )


def _notes_of_wholes(inside: Iterable[_Found], wholes: Iterable[Row]) -> Iterator[str]:
    """What a class is by its interval where narrower classes stand apart from it."""
    for own, whole in zip(inside, wholes, strict=True):
        if whole.count == own.count:
            continue
        told = f"{whole.name}: {whole.count} cells, {whole.percent:.1f} %"
        told += _judgement(whole.flag, whole.interval)
        if whole.absolute is not None:
            told += f", {whole.absolute} × 10⁹/L"
            told += _judgement(whole.absolute_flag, whole.absolute_interval)
        yield f"{told}."


def _judgement(flagged: str, interval: Interval | None) -> str:
    """A bracket behind a figure, empty without an interval."""
    if interval is None:
        return ""
    place = {"L": "below", "H": "above"}.get(flagged[:1], "within")
    low, high = _plain(interval.low), _plain(interval.high)
    return f" ({place} the reference interval {low} to {high})"


def _notes_of_intervals(
    wholes: Iterable[Row],
    apart: Iterable[Apart],
    white_cells: CorrectedCount | None,
    patient: Patient,
) -> Iterator[str]:
    names = [
        row.name
        for row in wholes
        if row.interval_not_applied and (row.count or row.label in MAIN_CLASSES)
    ]
    names += [each.name for each in apart if each.interval_not_applied]
    if white_cells and white_cells.interval_not_applied:
        names.append("White cells")
    if names:
        missing = (
            "age, which is not known"
            if patient.age_days is None
            else "sex, and the sample says neither female nor male"
        )
        yield (
            f"Reference intervals are not applied to {', '.join(map(in_sentence, names))}: they "
            f"differ by {missing}."
        )


def _notes_of_labels(outside: Iterable[_Found], labels: Iterable[LabelUse]) -> Iterator[str]:
    known = label_by_code(labels)
    for each in outside:
        if each.label.code not in known:
            yield (
                f"“{each.label.code}” is no label of this laboratory. Its cells are shown apart, "
                "outside the count: an admin can add the label, or a person name the cells anew."
            )
