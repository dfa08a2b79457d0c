"""The one form in which an accession number or a patient reference is kept, shown and compared.

Two that look the same on a screen are the same. It stores nothing and knows no sample; what a
person cannot see and may not have meant is refused by its name, never guessed.
"""

from __future__ import annotations

import re
import unicodedata

from mlmodels.ml.names import of_one_look
from predictions.errors import IdentifierInvalid

LONGEST = 64

# Unseen, though counted among letters, marks and signs: the rest of Unicode's
# Default_Ignorable_Code_Point (DerivedCoreProperties.txt), and the empty Braille cell.
_UNSEEN = frozenset(
    map(chr, (0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, *range(0x180B, 0x1810), 0x2800, 0x3164))
)
# Control and format characters, and what parts lines.
_UNSEEN_CATEGORIES = ("Cc", "Cf", "Zl", "Zp")
# Surrogates, private characters, and those that no Unicode known here has.
_UNSHOWN_CATEGORIES = ("Cs", "Co", "Cn")
# They turn the order in which all that follows is seen, so even at an end they hide something.
_OVERRIDES = ("\N{LEFT-TO-RIGHT OVERRIDE}", "\N{RIGHT-TO-LEFT OVERRIDE}")
# What a scanner says of the kind of code before its content: ]C1, ]d2 and ]Q3 stand for GS1.
# Source: ISO/IEC 15424, symbology identifiers.
_SYMBOLOGY = re.compile(r"\][A-Za-z][0-9A-Za-z]")
# Unicode has no names for control characters, only aliases; these come from scanners and tables.
_CONTROL_NAMES = {
    unicodedata.lookup(name): name
    for name in (
        "NULL",
        "TAB",
        "LINE FEED",
        "CARRIAGE RETURN",
        "ESCAPE",
        "FILE SEPARATOR",
        "GROUP SEPARATOR",
        "RECORD SEPARATOR",
        "UNIT SEPARATOR",
        "DELETE",
    )
}


def canonical(text: str, *, title: str) -> str:
    """The form in which an accession number or patient reference is kept and shown.

    Composed (NFC), of one width, with single blanks; without what a scanner sets before a code,
    and without unseen characters at its ends.

    Args:
        text: as it was typed, pasted, scanned or sent.
        title: what it is, to begin a sentence with, e.g. "Accession number".

    Returns:
        At most `LONGEST` characters, empty where there is nothing to see. What is in this form
        already comes back as it is.

    Raises:
        IdentifierInvalid: it is too long, or holds inside what cannot be seen or shown.
    """
    told = _trimmed(of_one_look(text))
    while _SYMBOLOGY.match(told):
        told = _trimmed(told[3:])
    for character in told:
        _refuse_hidden(character, title)
    told = re.sub(" {2,}", " ", told)
    if len(told) > LONGEST:
        raise IdentifierInvalid(f"{title}: use at most {LONGEST} characters.")
    return told


def search_key(text: str, *, tell_case_apart: bool) -> str:
    """What is unique in a laboratory, and what a search compares.

    Args:
        text: as `canonical` gave it.
        tell_case_apart: whether "a-1" and "A-1" are two numbers in this laboratory.

    Returns:
        At most three times as long as the text: "ß" is compared as "ss".
    """
    return text if tell_case_apart else unicodedata.normalize("NFC", text.casefold())


def _trimmed(text: str) -> str:
    """Without blanks and unseen characters at both ends: the rest of copying and scanning."""
    seen = [i for i, character in enumerate(text) if not _is_harmless_at_an_end(character)]
    return text[seen[0] : seen[-1] + 1] if seen else ""


def _is_harmless_at_an_end(character: str) -> bool:
    return character == " " or (_is_unseen(character) and character not in _OVERRIDES)


def _is_unseen(character: str) -> bool:
    return character in _UNSEEN or unicodedata.category(character) in _UNSEEN_CATEGORIES


def _refuse_hidden(character: str, title: str) -> None:
    """Refuse a character inside a number that is unseen, for it may part or join what is meant."""
    if _is_unseen(character):
        problem = "cannot be seen"
    elif unicodedata.category(character) in _UNSHOWN_CATEGORIES:
        problem = "cannot be shown"
    else:
        return
    raise IdentifierInvalid(
        f"The {title[:1].lower()}{title[1:]} holds a character that {problem}: "
        f"{_name_of(character)}. Type it again."
    )


def _name_of(character: str) -> str:
    """The character's name and code point, e.g. "ZERO WIDTH NON-JOINER (U+200C)"."""
    unnamed = _CONTROL_NAMES.get(character, "a character without a name")
    return f"{unicodedata.name(character, unnamed)} (U+{ord(character):04X})"
