"""Ages as laboratories write them."""

import pytest

from predictions.ages import OLDEST_DAYS, age_in_days
from predictions.errors import AgeInvalid


@pytest.mark.parametrize(
    ("written", "days"),
    [
        ("3 d", 3),
        ("0 d", 0),
        ("4 m", 122),  # 4 · 30.4375 = 121.75
        ("35 y", 12784),  # 35 · 365.25 = 12783.75
        ("1Y", 366),
        (" 18 y ", 6575),
        ("12", 12),
        (12, 12),
        ("130 y", 47483),
    ],
)
def test_an_age_is_read_as_whole_days(written, days):
    assert age_in_days(written) == days


def test_nobody_is_older_than_the_oldest():
    assert age_in_days(OLDEST_DAYS) == OLDEST_DAYS == 47483


@pytest.mark.parametrize(
    "written",
    ["", "old", "-1", "3 w", "3.5 y", "1 y 2 m", "131 y", 47484, "47484", "999999 d", "٣ d"],
)
def test_what_is_no_age_gets_a_sentence(written):
    with pytest.raises(AgeInvalid) as caught:
        age_in_days(written)
    assert caught.value.message.startswith("Age: ")
