"""Frozen content to the bytes of a PDF: the same content gives the same bytes.

The file's own date is that of all such files (2000-01-01); when a report was signed stands on
the page. It is written as PDF/A-2b, see `archive.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from io import BytesIO

from reportlab.platypus import BaseDocTemplate, Flowable

from predictions.reports import opening, sections, styles
from predictions.reports.content import ReportContent
from predictions.reports.fonts import REGULAR, printable, register_fonts
from predictions.reports.pages import SUBJECT, ReportCanvas, page_template, which
from predictions.reports.pictures import cells


def render(content: ReportContent, crops: Mapping[str, bytes]) -> bytes:
    """The report as a PDF.

    Args:
        content: everything that stands on it.
        crops: the pictures of the cells it shows, as JPEG, by id of the cell. A cell whose
            picture is not among them has a line in its place.
    """
    register_fonts()
    page_size = styles.PAGE_SIZES[content.page_size]
    file = BytesIO()
    document = BaseDocTemplate(
        file,
        pagesize=page_size,
        title=printable(f"{which(content)}: {SUBJECT}"),
        author=printable(content.laboratory.name),
        subject=SUBJECT,
        creator="HematoVision",
        invariant=1,
        lang="en",
        displayDocTitle=True,
        initialFontName=REGULAR,
    )
    document.addPageTemplates(page_template(document, content))
    width = page_size[0] - 2 * styles.MARGIN
    document.build(
        _story(content, crops, width), canvasmaker=partial(ReportCanvas, content=content)
    )
    return file.getvalue()


def _story(content: ReportContent, crops: Mapping[str, bytes], width: float) -> list[Flowable]:
    return [
        *opening.head(content, width),
        *opening.notices(content, width),
        *sections.sample(content, width),
        *sections.differential(content, width),
        *sections.previous(content),
        *sections.findings(content),
        *sections.morphology(content, width),
        *sections.signature(content, width),
        *cells(content, crops, width),
        *sections.persons_work(content),
        *sections.models(content),
    ]
