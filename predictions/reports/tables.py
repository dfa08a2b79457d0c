"""The tables of a report: the count, and what stands apart from it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from reportlab.lib.units import mm
from reportlab.platypus import Paragraph, Table

from predictions.reports import styles
from predictions.reports.chart import Axis, Bar, FlagSign, axis_end
from predictions.reports.content import (
    ReportApart,
    ReportDifferential,
    ReportInterval,
    ReportPrevious,
    ReportRow,
)
from predictions.reports.fonts import REGULAR, markup
from predictions.reports.styles import words
from predictions.reports.words import between, change, concentration, interval, share

# Name, count, per cent, interval, bar, reference, sign, flag; then the same of absolute counts.
_SHARE_WIDTHS = (0, 9, 11, 19, 25, 16, 4, 14)
_ABSOLUTE_WIDTHS = (11, 16, 4, 12)
_BAR_MARGIN = 8.0
_PLAIN = [
    ("FONTNAME", (0, 0), (-1, -1), REGULAR),
    ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
    ("LEFTPADDING", (0, 0), (-1, -1), 0),
    ("RIGHTPADDING", (0, 0), (-1, -1), 4),
    ("TOPPADDING", (0, 0), (-1, -1), 1.6),
    ("BOTTOMPADDING", (0, 0), (-1, -1), 1.6),
]
_RULED = [
    *_PLAIN,
    ("LINEBELOW", (0, 0), (-1, 0), 0.7, styles.INK),
    ("LINEABOVE", (0, 2), (-1, -1), styles.THIN, styles.HAIRLINE),
    ("VALIGN", (0, 0), (-1, 0), "BOTTOM"),
]


def plain_table(rows: Sequence[Sequence[Any]], widths: Sequence[float], *commands: Any) -> Table:
    """A table without lines, whose rows may be longer than a page."""
    return Table(
        rows, colWidths=widths, style=[*_PLAIN, ("VALIGN", (0, 0), (-1, -1), "TOP"), *commands],
        hAlign="LEFT", splitInRow=1,
    )  # fmt: skip


def differential_table(differential: ReportDifferential, width: float) -> Table:
    """The classes with count, per cent, intervals, bars and flags, and absolute counts if known."""
    rows = differential.rows
    has_absolute = any(row.absolute is not None for row in rows)
    widths = _column_widths(width, has_absolute)
    end = axis_end(rows)
    marks = source_marks(differential)
    body = [_row(row, widths[4], end, marks, has_absolute) for row in rows]
    total = [
        words("Counted", styles.STRONG_CELL),
        words(str(differential.counted), styles.STRONG_FIGURE),
    ]
    total += [""] * (len(widths) - len(total))
    return Table(
        [_head(widths[4], end, has_absolute), *body, total],
        colWidths=widths,
        repeatRows=1,
        hAlign="LEFT",
        style=[
            *_RULED,
            ("LINEABOVE", (0, -1), (-1, -1), 0.7, styles.INK),
            ("LEFTPADDING", (4, 0), (4, -1), _BAR_MARGIN),
            ("SPAN", (6, 0), (7, 0)),
            ("RIGHTPADDING", (6, 0), (6, -1), 0),
            ("RIGHTPADDING", (10, 0), (10, -1), 0),
            *([("SPAN", (10, 0), (11, 0))] if has_absolute else []),
        ],
    )


def apart_table(apart: tuple[ReportApart, ...], width: float) -> Table:
    """What was seen and is not counted among white cells."""
    widths = [50 * mm, 12 * mm, 24 * mm, 22 * mm, 4 * mm, 16 * mm]
    widths.append(width - sum(widths))
    head = [words(text, styles.HEAD) for text in ("Not counted among white cells",)]
    head += [words(text, styles.HEAD_RIGHT) for text in ("n", "per 100 white cells", "Reference")]
    head += [words("Flag", styles.HEAD), "", words("Remark", styles.HEAD)]
    body = [
        [
            words(row.name, styles.CELL),
            words(str(row.count), styles.FIGURE),
            words(share(row.per_100), styles.FIGURE),
            words(interval(row.reference), styles.FIGURE),
            FlagSign(row.flag),
            words(row.flag_words, styles.CELL),
            words(row.remark, styles.CELL),
        ]
        for row in apart
    ]
    return Table(
        [head, *body],
        colWidths=widths,
        repeatRows=1,
        hAlign="LEFT",
        splitInRow=1,
        style=[*_RULED, ("SPAN", (4, 0), (5, 0)), ("RIGHTPADDING", (4, 0), (4, -1), 0)],
    )


def previous_table(previous: ReportPrevious) -> Table:
    """What the patient's result before said of each class, and the change since."""
    has_absolute = any(row.absolute is not None for row in previous.rows)
    head = ["Class", "Before, %", "Change", *(["Before, 10⁹/L"] if has_absolute else [])]
    body = [
        [
            words(row.name, styles.CELL),
            words(share(row.percent), styles.FIGURE),
            words(change(row.change), styles.STRONG_FIGURE if row.is_clear else styles.FIGURE),
            *([words(concentration(row.absolute), styles.FIGURE)] if has_absolute else []),
        ]
        for row in previous.rows
    ]
    return Table(
        [
            [words(head[0], styles.HEAD), *(words(text, styles.HEAD_RIGHT) for text in head[1:])],
            *body,
        ],
        colWidths=[50 * mm, 20 * mm, 20 * mm, *([26 * mm] if has_absolute else [])],
        repeatRows=1,
        hAlign="LEFT",
        style=_RULED,
    )


def source_marks(differential: ReportDifferential) -> dict[str, str]:
    """A letter for each source of reference intervals, where there is more than one."""
    sources = dict.fromkeys(
        reference.source
        for row in differential.rows
        for reference in (row.reference, row.absolute_reference)
        if reference and reference.source
    )
    if len(sources) < 2:
        return dict.fromkeys(sources, "")
    return {source: _letters(place) for place, source in enumerate(sources)}


def _letters(place: int) -> str:
    """a to z, then aa, ab, …"""
    ahead, last = divmod(place, 26)
    return (_letters(ahead - 1) if ahead else "") + chr(ord("a") + last)


def _column_widths(width: float, has_absolute: bool) -> list[float]:
    widths = [part * mm for part in _SHARE_WIDTHS]
    if has_absolute:
        widths += [part * mm for part in _ABSOLUTE_WIDTHS]
    else:
        widths[4] += 30 * mm
    widths[0] = width - sum(widths)
    return widths


def _head(bar_width: float, end: int, has_absolute: bool) -> list[Any]:
    left, right = styles.HEAD, styles.HEAD_RIGHT
    head: list[Any] = [
        words("Class", left),
        words("n", right),
        words("%", right),
        words("95 % interval", right),
        Axis(bar_width - 2 * _BAR_MARGIN, end),
        words("Reference %", right),
        words("Flag", left),
        "",
    ]
    if has_absolute:
        head += [words("10⁹/L", right), words("Reference 10⁹/L", right), words("Flag", left), ""]
    return head


def _row(
    row: ReportRow, bar_width: float, end: int, marks: dict[str, str], has_absolute: bool
) -> list[Any]:
    cells: list[Any] = [
        _name(row, marks),
        words(str(row.count), styles.FIGURE),
        words(share(row.percent), styles.STRONG_FIGURE),
        words(between(row.low, row.high), styles.FIGURE),
        Bar(row, bar_width - 2 * _BAR_MARGIN, end),
        words(_reference(row.reference, row.not_applied), styles.FIGURE),
        FlagSign(row.flag),
        _flag_words(row.flag_words + (", relative" if row.relative else ""), row.flag),
    ]
    if has_absolute:
        cells += [
            words(concentration(row.absolute), styles.STRONG_FIGURE),
            words(_reference(row.absolute_reference, row.not_applied), styles.FIGURE),
            FlagSign(row.absolute_flag),
            _flag_words(row.absolute_flag_words, row.absolute_flag),
        ]
    return cells


def _flag_words(text: str, flag: str) -> Any:
    return words(text, styles.FLAG_CRITICAL if len(flag) == 2 else styles.FLAG)


def _name(row: ReportRow, marks: dict[str, str]) -> Paragraph:
    """The class, with the letters of where its intervals come from."""
    sources = dict.fromkeys(of.source for of in (row.reference, row.absolute_reference) if of)
    letters = ", ".join(filter(None, (marks.get(source) for source in sources)))
    raised = f" <super rise=2.5 size=5.5>{letters}</super>" if letters else ""
    return Paragraph(markup(row.name) + raised, styles.CELL)


def _reference(reference: ReportInterval | None, not_applied: str) -> str:
    return "not applied" if not_applied else interval(reference)
