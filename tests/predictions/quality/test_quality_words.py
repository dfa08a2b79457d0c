"""How figures of quality are written and drawn."""

import pytest

from predictions.quality.spread import Spread
from predictions.selectors.quality.times import MonthOfCases
from predictions.templatetags.quality_words import (
    course_of_cases,
    figure_of_kappa,
    hours_in_words,
)


@pytest.mark.parametrize(
    ("hours", "words"),
    [
        (0.4, "24 min"),
        (1.0, "1 h"),
        (3.999, "4 h"),
        (3 + 1 / 3, "3 h 20 min"),
        (24.0, "1 d"),
        (52.2, "2 d 4 h"),
    ],
)
def test_hours_are_written_as_people_say_them(hours, words):
    assert hours_in_words(hours) == words


@pytest.mark.parametrize(
    ("value", "words"),
    [(None, "\N{EN DASH}"), (0.867, "0.87"), (-0.2, "\N{MINUS SIGN}0.20"), (-0.001, "0.00")],
)
def test_kappa_has_two_decimals(value, words):
    assert figure_of_kappa(value) == words


def test_months_are_drawn_on_one_axis_and_empty_ones_left_out():
    months = [
        MonthOfCases("2026-09", "September 2026", "Sep", Spread(2, 4, 9)),
        MonthOfCases("2026-10", "October 2026", "Oct", None),
        MonthOfCases("2026-11", "November 2026", "Nov", Spread(4, 8, 5)),
    ]
    course = course_of_cases(months)
    first, empty, last = course.months
    assert course.line == f"M{first.x} {first.median}L{last.x} {last.median}"
    assert (empty.median, empty.p90) == (None, None)
    # 8 h is the end of the axis; 4 h lies in its middle.
    assert last.p90 == course.ticks[-1][0]
    assert first.p90 == last.median == course.ticks[2][0]
    assert first.words == "September 2026: median 2 h, 90 % within 4 h, n = 9"
    assert [words for _, words in course.ticks] == ["0", "2 h", "4 h", "6 h", "8 h"]


def test_without_a_case_nothing_is_drawn():
    assert course_of_cases([MonthOfCases("2026-11", "November 2026", "Nov", None)]).line == ""
