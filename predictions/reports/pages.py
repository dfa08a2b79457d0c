"""The sheet that a report is set on: what stands around the text of each page."""

from __future__ import annotations

from typing import Any

from reportlab.lib.units import mm
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import BaseDocTemplate, Frame, PageTemplate

from predictions.reports import styles
from predictions.reports.archive import make_archival
from predictions.reports.content import ReportContent
from predictions.reports.fonts import REGULAR, STRONG, printable
from predictions.reports.opening import NOT_SIGNED

SUBJECT = "Blood film: white cell differential"


class ReportCanvas(Canvas):
    """A canvas that numbers pages once it knows how many there are."""

    def __init__(self, *arguments: Any, content: ReportContent, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._content = content
        self._pages: list[dict[str, Any]] = []

    def showPage(self) -> None:  # noqa: N802  reportlab's own name
        """Keeps the page until the last one is there."""
        self._pages.append(dict(self.__dict__))
        self._startPage()

    def save(self) -> None:
        """Writes all pages, each with its number."""
        pages = self._pages
        for number, page in enumerate(pages, start=1):
            self.__dict__.update(page)
            _draw_around(self, self._content, number, len(pages))
            super().showPage()
        make_archival(self._doc)
        super().save()


def page_template(document: BaseDocTemplate, content: ReportContent) -> PageTemplate:
    """One frame between margins and footer; a preliminary print is marked behind the text."""
    width, height = document.pagesize
    frame = Frame(
        styles.MARGIN,
        styles.MARGIN + styles.FOOTER,
        width - 2 * styles.MARGIN,
        height - 2 * styles.MARGIN - styles.FOOTER,
        leftPadding=0,
        rightPadding=0,
        topPadding=0,
        bottomPadding=0,
    )
    return PageTemplate(
        frames=[frame],
        onPage=_mark_preliminary if content.status == "preliminary" else lambda *_: None,
    )


def _mark_preliminary(canvas: Canvas, document: BaseDocTemplate) -> None:
    width, height = document.pagesize
    canvas.saveState()
    canvas.setFillColor(styles.GHOST)
    canvas.setFont(STRONG, 72)
    canvas.translate(width / 2, height / 2)
    canvas.rotate(55)
    canvas.drawCentredString(0, 0, "PRELIMINARY")
    canvas.restoreState()


def _draw_around(canvas: Canvas, content: ReportContent, number: int, of: int) -> None:
    width, height = canvas._pagesize
    left, right = styles.MARGIN, width - styles.MARGIN
    if content.status == "preliminary":
        _banner(canvas, left, right, height)
    elif number > 1:
        _running_head(canvas, content, left, right, height)
    canvas.setStrokeColor(styles.LINE)
    canvas.setLineWidth(styles.THIN)
    top = styles.MARGIN + 9 * mm
    canvas.line(left, top, right, top)
    canvas.setFillColor(styles.SOFT)
    canvas.setFont(STRONG, 7)
    canvas.drawString(left, top - 9, _cut(which(content), right - left - 30 * mm))
    canvas.drawRightString(right, top - 9, f"page {number} of {of}")
    canvas.setFont(REGULAR, 6.5)
    canvas.drawString(left, top - 18, f"Content SHA-256 {content.sha256}")
    canvas.drawString(left, top - 27, printable(content.assistive_use))


def which(content: ReportContent) -> str:
    """The report and its version, in words."""
    if not content.number:
        return f"Preliminary print of {content.sample.accession_number}"
    return f"Report {content.number} · version {content.version}"


def _banner(canvas: Canvas, left: float, right: float, height: float) -> None:
    canvas.setStrokeColor(styles.DANGER)
    canvas.setFillColor(styles.DANGER_WASH)
    canvas.setLineWidth(0.8)
    bottom = height - styles.MARGIN + 2 * mm
    canvas.rect(left, bottom, right - left, 7 * mm, fill=1)
    canvas.setFillColor(styles.DANGER)
    canvas.setFont(STRONG, 11)
    canvas.drawCentredString((left + right) / 2, bottom + 2.2 * mm, NOT_SIGNED)


def _running_head(
    canvas: Canvas, content: ReportContent, left: float, right: float, height: float
) -> None:
    """Whose sample it is, on every page: a sheet may be found alone."""
    canvas.setFillColor(styles.SOFT)
    canvas.setFont(REGULAR, 7)
    top = height - styles.MARGIN + 3 * mm
    half = (right - left) / 2 - 5 * mm
    sample = content.sample
    whose = f"{sample.accession_number} · {sample.patient_reference}"
    canvas.drawString(left, top, _cut(content.laboratory.name, half))
    canvas.drawRightString(right, top, _cut(whose, half))


def _cut(text: str, width: float) -> str:
    """As much of the text as has room, in the letters of the running head."""
    shown = printable(text)
    if stringWidth(shown, REGULAR, 7) <= width:
        return shown
    while stringWidth(f"{shown}…", REGULAR, 7) > width:
        shown = shown[:-1]
    return f"{shown}…"
