"""A differential in standard words: what its figures amount to, by which rule, and how surely.

Pure: a differential and the laboratory's limits in, findings out. What is found is offered to a
doctor, who keeps it or does not: it supports reading and is never a diagnosis. No limit stands
here; a reference interval or a row of the laboratory's limits is named in each rule.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, Literal

from predictions.counts import MINIMUM_CELLS, in_sentence, limited_count
from predictions.differential import MAIN_CLASSES, Differential, Row
from predictions.intervals import Interval, Patient

Certainty = Literal["likely", "possible", "seen"]
Basis = Literal["", "absolute", "relative"]

SHIPPED = Path(__file__).parent / "shipped_findings.json"
LIMITED_COUNT = "limited_count"
# By class: what is said of too many of it, and of too few.
_BEYOND = {
    "neutrophil": ("neutrophilia", "neutropenia"),
    "lymphocyte": ("lymphocytosis", "lymphopenia"),
    "monocyte": ("monocytosis", "monocytopenia"),
    "eosinophil": ("eosinophilia", ""),
    "basophil": ("basophilia", ""),
    "immature_granulocyte": ("left_shift", ""),
}
# What is said instead where an absolute count lies beyond a limit of the laboratory as well.
_FURTHER = {"neutropenia": "severe_neutropenia", "eosinophilia": "hypereosinophilia"}
_NEWBORN, _BANDS = "newborn", "band_left_shift"
_IMMATURE = "immature_granulocyte"


@dataclass(frozen=True)
class Limit:
    """A limit of findings that no reference interval holds.

    Args:
        code: what it is asked for by.
        value: in the unit that is said beside its name.
        source: where it is published, for people.
    """

    code: str
    value: Decimal
    source: str


@dataclass(frozen=True)
class Finding:
    """What the figures amount to.

    Args:
        code: stable, for programs.
        words: standard ones; they say "possible" and "relative" where it is so.
        certainty: "likely" where the 95 % interval of counting lies beyond the limit as a whole,
            "possible" where it reaches back across it, "seen" where no limit is crossed but
            something is there, or an analyser counted it.
        basis: whether it rests on the absolute count or on the percentage alone; empty for what
            rests on neither.
        rule: what was compared with what, with its numbers.
        source: where the limit is published.
        consider: what is usually considered next.
    """

    code: str
    words: str
    certainty: Certainty
    basis: Basis
    rule: str
    source: str
    consider: str


@dataclass(frozen=True)
class Offer:
    """The findings of a differential, the gravest first.

    Args:
        not_judged: names of classes of which nothing is said: no interval holds for the patient.
    """

    findings: tuple[Finding, ...]
    not_judged: tuple[str, ...] = ()

    def by_code(self) -> dict[str, Finding]:
        """Each finding once."""
        return {finding.code: finding for finding in self.findings}


@dataclass(frozen=True)
class _Count:
    """A figure that is held against a limit, with its 95 % interval of counting."""

    basis: Basis
    value: Decimal
    low: Decimal
    high: Decimal
    unit: str

    def certainty(self, side: str, limit: Decimal) -> Certainty:
        """Whether the interval of counting lies beyond the limit as a whole."""
        is_beyond = self.low > limit if side == "H" else self.high < limit
        return "likely" if is_beyond else "possible"

    def __str__(self) -> str:
        decimals = 2 if self.basis == "absolute" else 1
        low, high = f"{self.low:.{decimals}f}", f"{self.high:.{decimals}f}"
        return f"{self.value:.{decimals}f} {self.unit} (95 % interval of counting {low} to {high})"


@cache
def shipped() -> Mapping[str, Any]:
    """Limits and words as they come with the program."""
    read: Mapping[str, Any] = json.loads(SHIPPED.read_text(encoding="utf-8"))
    return read


def shipped_limits() -> dict[str, Limit]:
    """The limits that come with the program, by code."""
    return {
        row["code"]: Limit(row["code"], Decimal(row["value"]), row["source"])
        for row in shipped()["limits"]
    }


@cache
def words_of_findings() -> Mapping[str, Mapping[str, str]]:
    """By code, in the order in which findings are told: the gravest first."""
    return {row["code"]: row for row in shipped()["findings"]}


def offer(differential: Differential, *, limits: Mapping[str, Limit], patient: Patient) -> Offer:
    """What a differential amounts to, by the laboratory's intervals and limits.

    Args:
        differential: as it is worked out; cells that wait for a person are outside it.
        limits: by code, all those of `shipped_findings.json`.
        patient: sex and age as far as known.

    A class is judged as a whole, with its narrower ones, and by its absolute count where that and
    an interval for it are known: the absolute count is the primary figure (5minuteconsult
    2-152523). A finding by the percentage alone says "relative".

    Source: of each limit, the one that its finding names; of the interval of counting, Wilson
        1927, JASA 22:209.
    """
    if not differential.counted:
        return Offer(())
    by_class = [*_of_classes(differential, limits, patient)]
    erythroblasts = [*_of_erythroblasts(differential, limits, patient)]
    found = [
        *_of_blasts(differential),
        *by_class,
        *_of_bands(differential, limits, patient),
        *erythroblasts,
        *_leucoerythroblastic(by_class, erythroblasts),
        *_of_white_cells(differential),
        *_of_the_count(differential),
    ]
    by_code: dict[str, Finding] = {}
    for finding in found:
        known = by_code.get(finding.code)
        by_code[finding.code] = finding if known is None else _joined(known, finding)
    return Offer(
        tuple(by_code[code] for code in words_of_findings() if code in by_code),
        tuple(_not_judged(differential, limits, patient)),
    )


def _not_judged(
    differential: Differential, limits: Mapping[str, Limit], patient: Patient
) -> Iterator[str]:
    """Classes of which nothing is said: no interval is known for the patient, or they may be
    ordinary in newborns, however many there are."""
    is_newborn = _is_newborn(patient, limits)
    for row in differential.wholes:
        is_expected = row.label in MAIN_CLASSES or (row.label in _BEYOND and row.count)
        has_interval = row.interval is not None or row.absolute_interval is not None
        is_ordinary = is_newborn and row.label == _IMMATURE and row.count
        if (is_expected and not has_interval) or is_ordinary:
            yield row.name
    for each in differential.apart:
        if is_newborn and each.label == "erythroblast" and each.count:
            yield each.name


def _joined(one: Finding, other: Finding) -> Finding:
    """The surer of two reasons for the same finding, with the rule of the other beside it."""
    surer, less = (one, other) if one.certainty == "likely" else (other, one)
    sources = dict.fromkeys((surer.source, less.source))
    return replace(surer, rule=f"{surer.rule} {less.rule}", source="; ".join(sources))


def _said(code: str, certainty: Certainty, basis: Basis, rule: str, source: str) -> Finding:
    """A finding in its standard words."""
    text = words_of_findings()[code]
    said = text.get("relative", text["words"]) if basis == "relative" else text["words"]
    if certainty == "possible":
        said = f"Possible {in_sentence(said)}: the count is too small to tell"
    return Finding(code, said, certainty, basis, rule, source or text["source"], text["consider"])


# --- Classes by their intervals ------------------------------------------------------------------


def _of_classes(
    differential: Differential, limits: Mapping[str, Limit], patient: Patient
) -> Iterator[Finding]:
    for row in differential.wholes:
        codes = _BEYOND.get(row.label)
        # Of newborns, one in ten granulocytes may be immature.
        is_ordinary = row.label == _IMMATURE and _is_newborn(patient, limits)
        if codes and not is_ordinary:
            yield from _of_row(row, differential, codes, limits)


def _of_row(
    row: Row, differential: Differential, codes: tuple[str, str], limits: Mapping[str, Limit]
) -> Iterator[Finding]:
    """What is said of a class that lies outside its reference interval."""
    absolute = _absolute(row, differential)
    if absolute is not None and row.absolute_interval is not None:
        side = _side(absolute.value, row.absolute_interval)
        if side:
            yield from _beyond(row, absolute, row.absolute_interval, side, codes, limits)
            return
    percent = _percent(row)
    if percent is None or row.interval is None or not row.flag:
        return
    code = codes[0] if row.flag == "H" else codes[1]
    if not code:
        return
    rule = _compared(row.name, percent, row.interval, row.flag)
    yield _said(
        code,
        percent.certainty(row.flag, _limit_of(row.interval, row.flag)),
        "relative",
        f"{rule} {_why_relative(row, absolute)}",
        row.interval.source,
    )


def _beyond(
    row: Row,
    count: _Count,
    interval: Interval,
    side: str,
    codes: tuple[str, str],
    limits: Mapping[str, Limit],
) -> Iterator[Finding]:
    """By the absolute count; one beyond a further limit as well is said more gravely."""
    code = codes[0] if side == "H" else codes[1]
    if not code:
        return
    plain = _said(
        code,
        count.certainty(side, _limit_of(interval, side)),
        "absolute",
        _compared(row.name, count, interval, side),
        interval.source,
    )
    further = limits.get(_FURTHER.get(code, ""))
    is_further = further is not None and (
        count.value < further.value if side == "L" else count.value > further.value
    )
    if further is None or not is_further:
        yield plain
        return
    certainty = count.certainty(side, further.value)
    word = "below" if side == "L" else "above"
    rule = f"{row.name} {count}, {word} the limit {_plain(further.value)} {count.unit}."
    # Where the graver one is sure, the other says nothing new.
    if certainty == "possible":
        yield plain
    yield _said(further.code, certainty, "absolute", rule, further.source)


def _of_bands(
    differential: Differential, limits: Mapping[str, Limit], patient: Patient
) -> Iterator[Finding]:
    """A left shift by band forms alone: a weak sign, and only where bands have an interval.

    Source: observers of bands differ by 15 to 62 % (Biochem Med 2024); ICSH counts bands as
    neutrophils (Palmer 2015, Int J Lab Hematol 37:287).
    """
    row = next((each for each in differential.rows if each.label == "band"), None)
    limit = limits[_BANDS]
    percent = None if row is None else _percent(row)
    if row is None or percent is None or percent.value <= limit.value:
        return
    if _is_newborn(patient, limits) or row.interval is None:
        return
    rule = (
        f"{row.name} {percent}, above the limit {_plain(limit.value)} %. Bands are a weak sign: "
        "observers differ on them (CV 15 to 62 %), and ICSH counts them as neutrophils."
    )
    yield _said("left_shift", percent.certainty("H", limit.value), "relative", rule, limit.source)


# --- What is there or is not ---------------------------------------------------------------------


def _of_blasts(differential: Differential) -> Iterator[Finding]:
    row = next((each for each in differential.wholes if each.label == "blast"), None)
    if row is not None and row.count:
        rule = (
            f"{row.count} of {differential.counted} counted white cells were called blasts by a "
            "person; in health there are none."
        )
        yield _said("blasts", "seen", "", rule, "")


def _of_erythroblasts(
    differential: Differential, limits: Mapping[str, Limit], patient: Patient
) -> Iterator[Finding]:
    """Unless the patient is newborn, or the laboratory's interval lets there be some."""
    row = next((each for each in differential.apart if each.label == "erythroblast"), None)
    if row is None or not row.count or row.per_100 is None or _is_newborn(patient, limits):
        return
    if row.interval is not None and not row.flag:
        return
    rule = f"{row.count} erythroblasts, {row.per_100:.1f} to 100 white cells"
    if row.interval is not None:
        rule += f", above the reference interval {_bounds(row.interval)}."
    elif patient.age_days is None:
        rule += ". The age is not known, and in the first days of life they are ordinary."
    else:
        days = _plain(limits[_NEWBORN].value)
        rule += f". No interval is known for this age; they are ordinary only before day {days}."
    source = row.interval.source if row.interval else limits[_NEWBORN].source
    yield _said("erythroblasts", "seen", "", rule, source)


def _leucoerythroblastic(
    by_class: Sequence[Finding], erythroblasts: Sequence[Finding]
) -> Iterator[Finding]:
    """Immature granulocytes beyond their interval together with erythroblasts."""
    shifts = [finding for finding in by_class if finding.code == "left_shift"]
    for shift, present in zip(shifts, erythroblasts, strict=False):
        rule = f"Immature granulocytes and erythroblasts on one film. {shift.rule} {present.rule}"
        yield _said("leucoerythroblastic", shift.certainty, "", rule, "")


def _of_white_cells(differential: Differential) -> Iterator[Finding]:
    """By the analyser's count: no error of counting cells on a film is in it."""
    count = differential.white_cells
    if count is None or count.interval is None:
        return
    side = _side(count.corrected, count.interval)
    if side:
        word = "above" if side == "H" else "below"
        rule = (
            f"White cells {_plain(count.corrected)} × 10⁹/L by the analyser, {word} the reference "
            f"interval {_bounds(count.interval)}."
        )
        code = "leucocytosis" if side == "H" else "leucopenia"
        yield _said(code, "seen", "absolute", rule, count.interval.source)


def _of_the_count(differential: Differential) -> Iterator[Finding]:
    if limited_count(differential.counted):
        rule = f"{differential.counted} white cells counted, fewer than {MINIMUM_CELLS}."
        yield _said(LIMITED_COUNT, "seen", "", rule, "")


# --- Figures and words --------------------------------------------------------------------------


def _absolute(row: Row, differential: Differential) -> _Count | None:
    """The count in 10⁹/L, its interval that of the percentage times the analyser's count."""
    white_cells = differential.white_cells
    if row.absolute is None or white_cells is None or row.low is None or row.high is None:
        return None
    low, high = (white_cells.corrected * Decimal(str(end)) / 100 for end in (row.low, row.high))
    return _Count("absolute", row.absolute, low, high, "× 10⁹/L")


def _percent(row: Row) -> _Count | None:
    if row.percent is None or row.low is None or row.high is None:
        return None
    value, low, high = (Decimal(str(each)) for each in (row.percent, row.low, row.high))
    return _Count("relative", value, low, high, "%")


def _side(value: Decimal, interval: Interval) -> str:
    return "L" if value < interval.low else "H" if value > interval.high else ""


def _limit_of(interval: Interval, side: str) -> Decimal:
    return interval.high if side == "H" else interval.low


def _compared(name: str, count: _Count, interval: Interval, side: str) -> str:
    word = "above" if side == "H" else "below"
    return f"{name} {count}, {word} the reference interval {_bounds(interval)}."


def _why_relative(row: Row, absolute: _Count | None) -> str:
    if absolute is None:
        return "No white cell count is known: the absolute count may be ordinary."
    if row.absolute_interval is None:
        return "No reference interval of the absolute count applies."
    return (
        f"The absolute count {absolute.value:.2f} × 10⁹/L lies within its reference interval "
        f"{_bounds(row.absolute_interval)}."
    )


def _is_newborn(patient: Patient, limits: Mapping[str, Limit]) -> bool:
    return patient.age_days is not None and patient.age_days < limits[_NEWBORN].value


def _bounds(interval: Interval) -> str:
    low, high = _plain(interval.low), _plain(interval.high)
    return low if low == high else f"{low} to {high}"


def _plain(value: Decimal) -> str:
    return f"{value.normalize():f}"
