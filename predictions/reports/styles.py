"""Colours, sizes and paragraphs of a report: quiet, dense, one accent."""

from __future__ import annotations

from reportlab.lib.colors import HexColor
from reportlab.lib.enums import TA_RIGHT
from reportlab.lib.pagesizes import A4, LETTER
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.platypus import Paragraph

from predictions.reports.fonts import REGULAR, STRONG, markup

PAGE_SIZES = {"A4": A4, "Letter": LETTER}
MARGIN = 18 * mm
FOOTER = 15 * mm

INK = HexColor("#1b1d22")
SOFT = HexColor("#555b67")
LINE = HexColor("#868c98")
HAIRLINE = HexColor("#dcdfe5")
ACCENT = HexColor("#5b3fa8")
ACCENT_WASH = HexColor("#f1edfa")
DANGER = HexColor("#b3261e")
DANGER_WASH = HexColor("#fcefee")
GHOST = HexColor("#eceef1")
BAND = HexColor("#dcd3f0")
THIN = 0.4

TEXT = ParagraphStyle("text", fontName=REGULAR, fontSize=8.5, leading=11.5, textColor=INK)
CELL = ParagraphStyle("cell", parent=TEXT, fontSize=8, leading=10)
FIGURE = ParagraphStyle("figure", parent=CELL, alignment=TA_RIGHT)
SMALL = ParagraphStyle("small", parent=TEXT, fontSize=7, leading=9, textColor=SOFT)
HEAD = ParagraphStyle("head", parent=SMALL, fontSize=6.8, leading=8.2)
HEAD_RIGHT = ParagraphStyle("head right", parent=HEAD, alignment=TA_RIGHT)
STRONG_TEXT = ParagraphStyle("strong", parent=TEXT, fontName=STRONG)
STRONG_CELL = ParagraphStyle("strong cell", parent=CELL, fontName=STRONG)
STRONG_FIGURE = ParagraphStyle("strong figure", parent=FIGURE, fontName=STRONG)
FLAG = ParagraphStyle("flag", parent=CELL, fontSize=7, leading=8.2)
FLAG_CRITICAL = ParagraphStyle("critical", parent=FLAG, fontName=STRONG, textColor=DANGER)
DANGER_TEXT = ParagraphStyle("danger", parent=STRONG_TEXT, textColor=DANGER)
NAME = ParagraphStyle("name", parent=STRONG_TEXT, fontSize=11, leading=14)
TITLE = ParagraphStyle("title", parent=TEXT, fontName=STRONG, fontSize=15, leading=18)
TEXT_RIGHT = ParagraphStyle("text right", parent=TEXT, alignment=TA_RIGHT)
STATUS = ParagraphStyle("status", parent=TEXT_RIGHT, fontName=STRONG, fontSize=11, leading=14)
SECTION = ParagraphStyle(
    "section",
    parent=TEXT,
    fontName=STRONG,
    fontSize=9.5,
    leading=12,
    textColor=ACCENT,
    spaceBefore=9,
    spaceAfter=3,
    keepWithNext=1,
)


def words(text: str, style: ParagraphStyle = TEXT) -> Paragraph:
    """A paragraph of a text as it is; nothing of it is taken for markup."""
    return Paragraph(markup(text), style)


def labelled(label: str, text: str, style: ParagraphStyle = TEXT) -> Paragraph:
    """A paragraph that begins with what it is of."""
    return Paragraph(f'<font name="{STRONG}">{markup(label)}</font> {markup(text)}', style)
