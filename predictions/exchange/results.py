"""A report's content as single results, in the one form from which every message is made.

What is not counted is no result, and what could not be worked out is absent with a reason: never
a nought. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from predictions.exchange.terms import (
    GIGA_PER_LITRE,
    MORPHOLOGY,
    PER_100_WHITE_CELLS,
    PERCENT,
    UNIDENTIFIED,
    WHITE_CELLS,
    LabelCodes,
    Unit,
)
from predictions.reports.content import (
    FINDINGS_SUPPORT,
    ReportContent,
    ReportDifferential,
    ReportInterval,
    ReportRow,
    ReportSignature,
    ReportWhiteCellCount,
)

# Decimals of what is sent; the report prints as many.
_PERCENT_DECIMALS = 1
_ABSOLUTE_DECIMALS = 2


@dataclass(frozen=True)
class Result:
    """One result of a report.

    Args:
        key: what it is of within the report, e.g. "neutrophil.percent".
        name: for people.
        local: the laboratory's own code.
        loinc: empty where there is none.
        value: None where it could not be worked out.
        text: instead of a number.
        unit: of the value; None with a text.
        flag: "L", "H", "LL", "HH", "A", or empty: no interval was applied.
        reference: the interval that was applied.
        note: how many cells it rests on, with the interval of counting.
    """

    key: str
    name: str
    local: str
    loinc: str
    value: float | None
    unit: Unit | None
    text: str = ""
    flag: str = ""
    reference: ReportInterval | None = None
    note: str = ""

    @property
    def is_absent(self) -> bool:
        """Whether there is nothing to send but that there is nothing."""
        return self.value is None and not self.text


def signature_of(content: ReportContent) -> ReportSignature:
    """Who stands behind a report: nothing that is not signed is told to other systems.

    Raises:
        ValueError: it is not signed.
    """
    if content.signature is None:
        raise ValueError("Only a signed report is told to other systems.")
    return content.signature


def results_of(content: ReportContent, codes: Mapping[str, LabelCodes]) -> tuple[Result, ...]:
    """All results of a report, in its order.

    Args:
        content: signed or not; who may be sent it is not asked here.
        codes: of the laboratory's labels.
    """
    found = content.differential
    return tuple(
        [
            *_white_cell_count(found.white_cell_count),
            *(each for row in found.rows for each in _of_row(row, found.counted, codes)),
            *_of_apart(found, codes),
            *_unidentified(found),
            *_findings(content),
            *_morphology(content),
        ]
    )


def gone_results(
    content: ReportContent, replaced: ReportContent | None, codes: Mapping[str, LabelCodes]
) -> tuple[Result, ...]:
    """Results of the version before that a report has no more: whoever keeps them must drop them.

    Args:
        content: of the report.
        replaced: of the version before; none for the first.
        codes: of the laboratory's labels.
    """
    if replaced is None:
        return ()
    kept = {each.key for each in results_of(content, codes)}
    return tuple(each for each in results_of(replaced, codes) if each.key not in kept)


def _white_cell_count(count: ReportWhiteCellCount | None) -> Iterator[Result]:
    if count is None:
        return
    is_corrected = count.corrected is not None
    # The flag belongs to the count that the report goes by.
    judged: dict[str, Any] = {"flag": count.flag, "reference": count.reference}
    yield Result(
        key="wbc",
        name="White cells",
        local="wbc",
        loinc=WHITE_CELLS.code,
        value=count.value,
        unit=GIGA_PER_LITRE,
        note="As the analyser gave it",
        **({} if is_corrected else judged),
    )
    if is_corrected:
        yield Result(
            key="wbc.corrected",
            name="White cells without erythroblasts",
            local="wbc_corrected",
            loinc="",
            value=count.corrected,
            unit=GIGA_PER_LITRE,
            note=count.formula,
            **judged,
        )


def _of_row(row: ReportRow, counted: int, codes: Mapping[str, LabelCodes]) -> Iterator[Result]:
    known = codes.get(row.label, LabelCodes())
    yield Result(
        key=f"{row.label}.percent",
        name=row.name,
        local=row.label,
        loinc=known.percent,
        value=_rounded(row.percent, _PERCENT_DECIMALS),
        unit=PERCENT,
        flag=row.flag,
        reference=row.reference,
        note=_counted(row, counted),
    )
    if row.absolute is not None:
        yield Result(
            key=f"{row.label}.absolute",
            name=f"{row.name}, absolute",
            local=f"{row.label}_absolute",
            loinc=known.count,
            value=_rounded(row.absolute, _ABSOLUTE_DECIMALS),
            unit=GIGA_PER_LITRE,
            flag=row.absolute_flag,
            reference=row.absolute_reference,
            note="Worked out from the analyser's white cell count",
        )


def _counted(row: ReportRow, counted: int) -> str:
    said = [f"{row.count} of {counted} white cells"]
    if row.low is not None and row.high is not None:
        said.append(f"95 % interval of counting {row.low:.1f} to {row.high:.1f} % (Wilson)")
    if row.not_applied:
        said.append(f"interval not applied: {row.not_applied}")
    if row.relative:
        said.append("relative: the absolute count is within its interval")
    return "; ".join(said)


def _of_apart(found: ReportDifferential, codes: Mapping[str, LabelCodes]) -> Iterator[Result]:
    """What is reported to 100 white cells: of the labels beside the count, those with a code."""
    for each in found.apart:
        loinc = codes.get(each.label, LabelCodes()).percent
        if loinc:
            yield Result(
                key=f"{each.label}.per_100",
                name=each.name,
                local=each.label,
                loinc=loinc,
                value=_rounded(each.per_100, _PERCENT_DECIMALS),
                unit=PER_100_WHITE_CELLS,
                flag=each.flag,
                reference=each.reference,
                note=f"{each.count} beside {found.counted} white cells, not counted among them",
            )


def _unidentified(found: ReportDifferential) -> Iterator[Result]:
    if not found.unidentified or not found.counted:
        return
    yield Result(
        key="unidentified.percent",
        name="Unidentified cells",
        local="unidentified",
        loinc=UNIDENTIFIED.code,
        value=_rounded(100 * found.unidentified / found.counted, _PERCENT_DECIMALS),
        unit=PERCENT,
        note=f"{found.unidentified} beside {found.counted} white cells, not counted among them",
    )


def _findings(content: ReportContent) -> Iterator[Result]:
    """As text by the laboratory's own code alone: no LOINC code says just this."""
    text = findings_in_words(content)
    if text:
        yield Result(
            key="findings",
            name="Findings",
            local="findings",
            loinc="",
            value=None,
            unit=None,
            text=f"{text} {FINDINGS_SUPPORT}",
        )


def findings_in_words(content: ReportContent) -> str:
    """What the signer kept, a sentence each; empty where nothing was."""
    return " ".join(f"{finding.text.rstrip('.')}." for finding in content.findings)


def _morphology(content: ReportContent) -> Iterator[Result]:
    text = morphology_in_words(content)
    if text:
        yield Result(
            key="morphology",
            name=MORPHOLOGY.display,
            local="morphology",
            loinc=MORPHOLOGY.code,
            value=None,
            unit=None,
            text=text,
        )


def morphology_in_words(content: ReportContent) -> str:
    """What the film looks like, in sentences; empty where nothing was said."""
    groups = [
        f"{group.name}: {', '.join(f'{f.text} {f.grade}'.strip() for f in group.findings)}."
        for group in content.morphology.groups
        if group.findings
    ]
    return " ".join([*groups, content.morphology.text]).strip()


def _rounded(value: float | None, decimals: int) -> float | None:
    return None if value is None else round(value, decimals)
