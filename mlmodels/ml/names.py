"""The one normal form of names that people and systems write: files, folders, classes, numbers.

What looks alike on a screen is one name. It judges no name: what may stand in one, callers say.
"""

from __future__ import annotations

import re
import unicodedata

# One look: the second is what Word types where a line may not break.
_HYPHENS = str.maketrans({"\N{HYPHEN}": "-", "\N{NON-BREAKING HYPHEN}": "-"})
# They show nothing anywhere, so they are left out wherever they stand: zero width blanks, the
# byte order mark, and what chooses between two drawings of one character.
_SHOW_NOTHING = dict.fromkeys(
    (0x200B, 0x2060, 0xFEFF, *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))
)
# Persian and Indian scripts spell with these two, though they are seen only by what they part.
_JOINERS = "\N{ZERO WIDTH NON-JOINER}\N{ZERO WIDTH JOINER}"
_PARTS_WORDS = re.compile(r"[\t\n\v\f\r\N{LINE SEPARATOR}\N{PARAGRAPH SEPARATOR}]")
_BLANKS = re.compile(" {2,}")


def of_one_look(text: str) -> str:
    """One spelling for characters that look alike, without what shows nothing anywhere.

    Only width is folded, not all that NFKC would: "2²" and "22" are two names.

    Args:
        text: as it was typed, pasted or stored, composed (NFC) or not (NFD).

    Returns:
        It composed, of the usual width, each kind of blank a plain one.
    """
    folded = "".join(map(_of_usual_width, text)).translate(_HYPHENS).translate(_SHOW_NOTHING)
    return unicodedata.normalize("NFC", folded)


def plain_name(text: str) -> str:
    """A name as it is kept and shown.

    Args:
        text: as a system, a table or a person wrote it.

    Returns:
        It in `of_one_look`, with single blanks and none at its ends, without control characters
        and marks that cannot be seen. Joiners stay, since scripts spell with them.
    """
    one_look = of_one_look(_PARTS_WORDS.sub(" ", text))
    seen = "".join(c for c in one_look if c in _JOINERS or not _is_unseen(c))
    return _BLANKS.sub(" ", seen).strip(" " + _JOINERS)


def name_key(text: str) -> str:
    """What two names are compared by: equal for those that a person would call the same.

    Args:
        text: as for `plain_name`.

    Returns:
        The plain name in one letter case, without joiners.
    """
    plain = plain_name(text).translate(dict.fromkeys(map(ord, _JOINERS)))
    return unicodedata.normalize("NFC", plain.casefold())


def _of_usual_width(character: str) -> str:
    """A blank for every kind of blank; full and half width characters as they usually are."""
    if unicodedata.category(character) == "Zs":
        return " "
    if unicodedata.decomposition(character).startswith(("<wide>", "<narrow>")):
        return unicodedata.normalize("NFKC", character)
    return character


def _is_unseen(character: str) -> bool:
    """Whether it is a control or format character, or one that has no drawing."""
    return unicodedata.category(character).startswith("C")
