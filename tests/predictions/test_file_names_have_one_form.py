"""Names of files that are sent: shown in one form, and never a path."""

import unicodedata

import pytest

from predictions.services.imaging.intake import safe_name


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        (unicodedata.normalize("NFD", "Präparat é.jpg"), "Präparat é.jpg"),
        ("\N{FULLWIDTH LATIN CAPITAL LETTER A}\N{FULLWIDTH DIGIT SEVEN}.jpg", "A7.jpg"),
        ("نیم\N{ZERO WIDTH NON-JOINER}فاصله.jpg", "نیم\N{ZERO WIDTH NON-JOINER}فاصله.jpg"),
        ("a\N{RIGHT-TO-LEFT OVERRIDE}gpj.exe", "agpj.exe"),
        ("C:\\fields\\one.jpg", "one.jpg"),
        ("../../one.jpg", "one.jpg"),
        ("fields\N{FULLWIDTH SOLIDUS}one.jpg", "one.jpg"),
        ("fields\N{FULLWIDTH REVERSE SOLIDUS}one.jpg", "one.jpg"),
        ("\N{ZERO WIDTH SPACE}", "unnamed"),
        (None, "unnamed"),
    ],
)
def test_a_file_is_shown_by_its_last_part_in_one_form(sent, shown):
    assert safe_name(sent) == shown
