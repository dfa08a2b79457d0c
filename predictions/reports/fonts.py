"""The letters of a report, and what of a text they can print.

Roboto (the package font-roboto) covers Latin, Greek and Cyrillic, and its figures are of one
width. What it has not prints as U+XXXX, so that nothing vanishes from a report unseen.
"""

from __future__ import annotations

import unicodedata
from functools import cache
from pathlib import Path
from xml.sax.saxutils import escape

import font_roboto
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

REGULAR = "Roboto"
STRONG = "Roboto-Medium"
_FILES = {REGULAR: "Roboto-Regular.ttf", STRONG: "Roboto-Medium.ttf"}


@cache
def register_fonts() -> None:
    """Makes the letters known to reportlab, once in a process."""
    for name, file in _FILES.items():
        pdfmetrics.registerFont(TTFont(name, str(Path(font_roboto.font_directory) / file)))


@cache
def _printable_characters() -> frozenset[str]:
    register_fonts()
    known = [set(pdfmetrics.getFont(name).face.charToGlyph) for name in _FILES]
    shown = {chr(code) for code in set.intersection(*known)}
    return frozenset(character for character in shown if character.isprintable())


def printable(text: str) -> str:
    """The text on one line, with U+XXXX for each character that cannot be printed."""
    known = _printable_characters()
    composed = unicodedata.normalize("NFC", text)
    return "".join(
        character if character in known else f"U+{ord(character):04X}"
        for character in " ".join(composed.split())
    )


def markup(text: str) -> str:
    """The text for a reportlab Paragraph: nothing of it is markup, its lines stay lines."""
    return "<br/>".join(escape(printable(line)) for line in text.strip().splitlines())
