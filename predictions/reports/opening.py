"""The top of a report: the laboratory, which report it is, and what to see before any figure."""

from __future__ import annotations

import base64
from io import BytesIO
from typing import Any

from reportlab.lib.units import mm
from reportlab.lib.utils import ImageReader
from reportlab.platypus import Flowable, HRFlowable, Image, Spacer, Table

from predictions.reports import styles
from predictions.reports.content import (
    Difference,
    ReportContent,
    ReportCriticalValue,
    ReportLaboratory,
    ReportReplaces,
)
from predictions.reports.styles import labelled, words
from predictions.reports.tables import plain_table
from predictions.reports.words import local_date, local_time

NOT_SIGNED = "PRELIMINARY — not signed"
_STATUS_WORDS = {
    "preliminary": NOT_SIGNED,
    "final": "FINAL",
    "corrected": "CORRECTED",
    "amended": "AMENDED",
}


def head(content: ReportContent, width: float) -> list[Flowable]:
    """The laboratory, and which report this is."""
    of_which = f"Report {content.number}, version {content.version}" if content.number else ""
    title = plain_table(
        [
            [
                words("Blood film: white cell differential", styles.TITLE),
                [
                    words(_STATUS_WORDS[content.status], styles.STATUS),
                    words(of_which, styles.TEXT_RIGHT),
                ],
            ]
        ],
        [width - 62 * mm, 62 * mm],
        ("RIGHTPADDING", (1, 0), (1, 0), 0),
    )
    return [
        _laboratory(content.laboratory, width),
        HRFlowable(width="100%", thickness=1.2, color=styles.ACCENT, spaceBefore=4, spaceAfter=6),
        title,
        Spacer(0, 4),
    ]


def notices(content: ReportContent, width: float) -> list[Flowable]:
    """What a reader must see before any figure."""
    parts: list[Flowable] = []
    if content.replaces:
        parts += [_replaced(content, content.replaces, width), Spacer(0, 5)]
    if content.differential.limited_count_reason:
        limited = [
            words(f"LIMITED COUNT, n = {content.differential.counted}", styles.DANGER_TEXT),
            labelled("Reason:", content.differential.limited_count_reason),
        ]
        parts += [_notice(limited, width, styles.DANGER, styles.DANGER_WASH), Spacer(0, 5)]
    if content.critical_values:
        lines = [words("Critical values", styles.DANGER_TEXT)]
        lines += [_critical(value, content.time_zone) for value in content.critical_values]
        parts += [_notice(lines, width, styles.DANGER, styles.DANGER_WASH), Spacer(0, 5)]
    return parts


def _laboratory(laboratory: ReportLaboratory, width: float) -> Table:
    text = [
        words(laboratory.name, styles.NAME),
        words(laboratory.address, styles.SMALL),
    ]
    if not laboratory.logo_png:
        return plain_table([[text]], [width])
    logo = _logo(laboratory.logo_png)
    return plain_table(
        [[text, logo]],
        [width - 46 * mm, 46 * mm],
        ("ALIGN", (1, 0), (1, 0), "RIGHT"),
        ("RIGHTPADDING", (1, 0), (1, 0), 0),
    )


def _logo(logo_png: str) -> Image:
    file = BytesIO(base64.b64decode(logo_png))
    wide, high = ImageReader(file).getSize()
    scale = min(44 * mm / wide, 14 * mm / high)
    file.seek(0)
    return Image(file, width=wide * scale, height=high * scale)


def _notice(lines: list[Any], width: float, colour: Any, wash: Any) -> Table:
    return plain_table(
        [[line] for line in lines],
        [width],
        ("BACKGROUND", (0, 0), (-1, -1), wash),
        ("LINEBEFORE", (0, 0), (0, -1), 2, colour),
        ("LEFTPADDING", (0, 0), (-1, -1), 8),
        ("RIGHTPADDING", (0, 0), (-1, -1), 8),
        ("TOPPADDING", (0, 0), (-1, 0), 4),
        ("BOTTOMPADDING", (0, -1), (-1, -1), 5),
    )


def _replaced(content: ReportContent, replaces: ReportReplaces, width: float) -> Table:
    date = local_date(replaces.signed_at, content.time_zone)
    lines = [
        words(
            f"{_STATUS_WORDS[content.status]}, replaces version {replaces.version} of {date}",
            styles.STRONG_TEXT,
        ),
        labelled("Reason:", replaces.reason),
        *(_difference(difference) for difference in replaces.differences),
    ]
    return _notice(lines, width, styles.ACCENT, styles.ACCENT_WASH)


def _difference(difference: Difference) -> Any:
    if not difference.before:
        return labelled(f"{difference.what}:", f"added: {difference.after}")
    after = difference.after or "taken out"
    return labelled(f"{difference.what}:", f"was {difference.before}; now {after}")


def _critical(value: ReportCriticalValue, zone: str) -> Any:
    told = "No contact is recorded."
    if value.contact:
        contact = value.contact
        back = "read back" if contact.read_back else "not read back"
        told_at = local_time(contact.told_at, zone)
        told = f"{contact.told_by} told {contact.told_to}, {told_at}, {back}."
    return labelled(value.name, f"{value.value} ({value.limit}). {told}")
