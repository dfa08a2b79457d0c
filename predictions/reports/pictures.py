"""The cells of a report: up to eight of a class, several small classes beside each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from io import BytesIO
from typing import Any

from reportlab.lib.utils import ImageReader
from reportlab.platypus import Flowable, Image, Spacer, Table

from predictions.reports import styles
from predictions.reports.content import ReportContent, ReportCrop, ReportCrops
from predictions.reports.fonts import REGULAR
from predictions.reports.styles import words

IN_A_ROW = 8
_GAP = 12.0


def cells(content: ReportContent, pictures: Mapping[str, bytes], width: float) -> list[Flowable]:
    """The pictures by class; nothing where there are none."""
    strips = list(_strips(content.crops))
    if not strips:
        return []
    side = (width + _GAP) / IN_A_ROW - _GAP
    parts: list[Flowable] = [words("Cells", styles.SECTION)]
    for strip in strips:
        parts += [_strip(strip, pictures, side), Spacer(0, 3)]
    return parts


def _strips(classes: tuple[ReportCrops, ...]) -> Iterator[list[tuple[str, list[ReportCrop]]]]:
    """Classes in their order, as many in a strip as have room."""
    strip: list[tuple[str, list[ReportCrop]]] = []
    for of_class in classes:
        shown = list(of_class.crops[:IN_A_ROW])
        if strip and sum(len(crops) for _, crops in strip) + len(shown) > IN_A_ROW:
            yield strip
            strip = []
        if shown:
            strip.append((of_class.name, shown))
    if strip:
        yield strip


def _strip(
    strip: list[tuple[str, list[ReportCrop]]], pictures: Mapping[str, bytes], side: float
) -> Table:
    names: list[Any] = []
    shown: list[Any] = []
    spans = []
    for name, crops in strip:
        first = len(names)
        names += [words(name, styles.STRONG_CELL), *[""] * (len(crops) - 1)]
        shown += [_picture(pictures.get(crop.cell_id), side) for crop in crops]
        spans.append(("SPAN", (first, 0), (len(names) - 1, 0)))
    return Table(
        [names, shown],
        colWidths=[side + _GAP] * len(names),
        hAlign="LEFT",
        style=[
            *spans,
            ("FONTNAME", (0, 0), (-1, -1), REGULAR),
            ("NOSPLIT", (0, 0), (-1, -1)),
            ("VALIGN", (0, 0), (-1, 0), "BOTTOM"),
            ("LEFTPADDING", (0, 0), (-1, -1), 0),
            ("RIGHTPADDING", (0, 0), (-1, -1), _GAP),
            ("TOPPADDING", (0, 0), (-1, -1), 1),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 1),
        ],
    )


def _picture(jpeg: bytes | None, side: float) -> Any:
    if jpeg is None:
        return words("Picture not kept", styles.SMALL)
    wide, high = ImageReader(BytesIO(jpeg)).getSize()
    scale = side / max(wide, high)
    return Image(BytesIO(jpeg), width=wide * scale, height=high * scale)
