"""An accession number has one form, whoever typed, pasted or scanned it."""

import pytest

from predictions.errors import IdentifierInvalid
from predictions.identifiers import LONGEST, canonical, search_key


def number(text: str) -> str:
    return canonical(text, title="Accession number")


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        pytest.param("e\u0301-7", "é-7", id="macOS parts letter and accent"),
        pytest.param("26  H 7", "26 H 7", id="two blanks"),
        pytest.param("２６－７", "26-7", id="a Japanese keyboard"),  # noqa: RUF001
        pytest.param("ｶﾞ7", "ガ7", id="half width katakana"),
        pytest.param("26\u00a0H 7", "26 H 7", id="pasted from Word"),
        pytest.param("26\u2011H", "26-H", id="a hyphen that does not break"),
        pytest.param("山田\u3000太郎", "山田 太郎", id="the Japanese blank"),
        pytest.param(" \t26-7\r\n", "26-7", id="what a scanner ends with"),
        pytest.param("]C126-7", "26-7", id="GS1-128"),
        pytest.param("]d226-7", "26-7", id="GS1 DataMatrix"),
        pytest.param("]Q3\x1d26-7\x1d", "26-7", id="GS1 QR with separators around"),
        pytest.param("］Ｃ１26-7", "26-7", id="a prefix in full width"),  # noqa: RUF001
        pytest.param("\ufeff26-7", "26-7", id="a byte order mark"),
        pytest.param("26\u200b-7", "26-7", id="a zero width blank inside"),
        pytest.param("\u200e26-7\u202c", "26-7", id="marks of direction at the ends"),
        pytest.param("\u202a26-7", "26-7", id="an embedding that Windows copies"),
        pytest.param("26-7\xad", "26-7", id="a soft hyphen at the end"),
        pytest.param("葛\U000e0100城", "葛城", id="one of two drawings"),
        pytest.param("2²", "2²", id="no more than width is folded"),
        pytest.param("Ab-7", "Ab-7", id="letters stay as they were typed"),
        pytest.param("נ-26", "נ-26", id="a script from right to left"),
        pytest.param(" \u200c\x1d ", "", id="nothing to see"),
    ],
)
def test_a_number_has_one_form(given, kept):
    assert number(given) == kept
    assert number(kept) == kept


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ("26\u200c7", "ZERO WIDTH NON-JOINER (U+200C)"),
        ("26\u200d7", "ZERO WIDTH JOINER (U+200D)"),
        ("26\xad7", "SOFT HYPHEN (U+00AD)"),
        ("26\u200e7", "LEFT-TO-RIGHT MARK (U+200E)"),
        ("26\u20677", "RIGHT-TO-LEFT ISOLATE (U+2067)"),
        ("\u202e267", "RIGHT-TO-LEFT OVERRIDE (U+202E)"),
        ("]C126\x1d7", "GROUP SEPARATOR (U+001D)"),
        ("26\t7", "TAB (U+0009)"),
        ("26\n7", "LINE FEED (U+000A)"),
        ("26\x007", "NULL (U+0000)"),
        ("26\x057", "a character without a name (U+0005)"),
        ("26\u20287", "LINE SEPARATOR (U+2028)"),
        ("26\u31647", "HANGUL FILLER (U+3164)"),
        ("26\u28007", "BRAILLE PATTERN BLANK (U+2800)"),
    ],
)
def test_an_unseen_character_inside_is_refused_by_name(given, named):
    with pytest.raises(IdentifierInvalid) as refused:
        number(given)
    assert refused.value.message == (
        f"The accession number holds a character that cannot be seen: {named}. Type it again."
    )
    assert refused.value.code == "invalid"


@pytest.mark.parametrize("character", ["\ue000", "\ud800", "\uffff"])
def test_a_character_without_a_look_is_refused_by_its_code_point(character):
    with pytest.raises(IdentifierInvalid) as refused:
        canonical(f"P{character}", title="Patient reference")
    assert refused.value.message == (
        "The patient reference holds a character that cannot be shown: a character without a "
        f"name (U+{ord(character):04X}). Type it again."
    )


def test_what_is_too_long_in_its_one_form_is_refused():
    assert number("]C1" + "x" * LONGEST) == "x" * LONGEST
    with pytest.raises(IdentifierInvalid, match=r"^Accession number: use at most 64 characters\.$"):
        number("x" * (LONGEST + 1))


@pytest.mark.parametrize(
    ("one", "other"),
    [("26-h", "26-H"), ("Straße", "STRASSE"), ("é-1", "É-1")],
)
def test_numbers_that_differ_in_case_are_one_unless_told_apart(one, other):
    assert search_key(one, tell_case_apart=False) == search_key(other, tell_case_apart=False)
    assert search_key(one, tell_case_apart=True) != search_key(other, tell_case_apart=True)
