"""What looks alike is one name, whatever keyboard or system wrote it."""

import unicodedata

import pytest

from mlmodels.ml.classes import class_key
from mlmodels.ml.names import name_key, plain_name


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        (unicodedata.normalize("NFD", "Präparat é.jpg"), "Präparat é.jpg"),
        ("ＩＭＧ１．ｊｐｇ", "IMG1.jpg"),  # noqa: RUF001
        ("ｶﾞ.jpg", "ガ.jpg"),  # half width, with its mark
        ("Neutrophils ", "Neutrophils"),
        ("a\N{NO-BREAK SPACE}\N{IDEOGRAPHIC SPACE} b", "a b"),
        ("\N{ZERO WIDTH NO-BREAK SPACE}neutrophil", "neutrophil"),
        ("neu\N{ZERO WIDTH SPACE}tro\N{SOFT HYPHEN}phil", "neutrophil"),
        ("\N{LEFT-TO-RIGHT MARK}IG\N{RIGHT-TO-LEFT MARK}", "IG"),
        ("a\N{RIGHT-TO-LEFT OVERRIDE}gpj.exe", "agpj.exe"),
        ("one\ttwo\n", "one two"),
        ("ev\x07il", "evil"),
        ("نیم\N{ZERO WIDTH NON-JOINER}فاصله.jpg", "نیم\N{ZERO WIDTH NON-JOINER}فاصله.jpg"),
        ("क्\N{ZERO WIDTH JOINER}ष.jpg", "क्\N{ZERO WIDTH JOINER}ष.jpg"),
        ("x\N{SUPERSCRIPT TWO}.jpg", "x\N{SUPERSCRIPT TWO}.jpg"),
        ("\N{ZERO WIDTH NON-JOINER} ", ""),
    ],
)
def test_a_name_is_kept_in_one_form(written, kept):
    assert plain_name(written) == kept


def test_the_one_form_is_its_own():
    for text in ("Präparat é.jpg", "ﾊﾟ ½ ﬁ", "نیم\N{ZERO WIDTH NON-JOINER}فاصله"):
        assert plain_name(plain_name(text)) == plain_name(text)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("NEUTROPHIL", "neutrophil"),
        ("Straße", "STRASSE"),
        ("نیم\N{ZERO WIDTH NON-JOINER}فاصله", "نیمفاصله"),
        ("É", "e\N{COMBINING ACUTE ACCENT}"),
    ],
)
def test_names_that_a_person_would_call_the_same_are_compared_as_one(one, other):
    assert name_key(one) == name_key(other)


@pytest.mark.parametrize("name", ["2\N{SUPERSCRIPT TWO}", "22", "a b", "ab", "a-b"])
def test_names_that_are_seen_apart_stay_apart(name):
    others = {"2\N{SUPERSCRIPT TWO}", "22", "a b", "ab", "a-b"} - {name}
    assert name_key(name) not in set(map(name_key, others))


@pytest.mark.parametrize(
    "folder",
    [
        "Immature Granulocyte",
        "IMMATURE-GRANULOCYTE ",
        "immature_granulocyte",
        "\N{FULLWIDTH LATIN CAPITAL LETTER I}mmature granulocyte",
    ],
)
def test_a_class_is_one_in_every_spelling_of_its_folder(folder):
    assert class_key(folder) == "immature_granulocyte"
