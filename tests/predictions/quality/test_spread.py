"""The middle of many times, and what nine of ten do not exceed, worked out by hand."""

import pytest

from predictions.quality.spread import Spread, spread_of


def test_between_two_values_it_goes_in_a_straight_line():
    spread = spread_of([4, 1, 3, 2])
    assert spread is not None
    assert (spread.median, spread.p90, spread.n) == (2.5, pytest.approx(3.7), 4)


def test_one_value_is_its_own_middle():
    assert spread_of([7.0]) == Spread(7.0, 7.0, 1)


def test_of_eleven_values_the_tenth_is_not_exceeded_by_nine_of_ten():
    assert spread_of(range(11)) == Spread(5, 9, 11)


def test_nothing_has_no_spread():
    assert spread_of([]) is None
