"""Limits of a counted percentage, by published numbers and by sums of whole numbers."""

from __future__ import annotations

from fractions import Fraction
from math import comb

import pytest

from predictions.quality.control_chart import (
    binomial_at_most,
    chart_limits,
    failed_in_a_row,
    judge,
    rumke_limits,
    verdict,
)

# Percent of a class, cells counted, and the 95 % limits: the exact ones that Rümke's table
# (1960, 1979) gives rounded outward.
RUMKE = [
    (0, 100, 0.0, 3.6),
    (1, 100, 0.0, 5.4),
    (5, 100, 1.6, 11.3),
    (7, 100, 2.9, 13.9),
    (10, 100, 4.9, 17.6),
    (20, 100, 12.7, 29.2),
    (50, 100, 39.8, 60.2),
    (70, 100, 60.0, 78.8),
    (0, 200, 0.0, 1.8),
    (1, 200, 0.1, 3.6),
    (5, 200, 2.4, 9.0),
    (7, 200, 3.9, 11.5),
    (10, 200, 6.2, 15.0),
    (20, 200, 14.7, 26.2),
    (50, 200, 42.9, 57.1),
    (70, 200, 63.1, 76.3),
    (0, 500, 0.0, 0.7),
    (1, 500, 0.3, 2.3),
    (5, 500, 3.3, 7.3),
    (50, 500, 45.5, 54.5),
    (0, 1000, 0.0, 0.4),
    (7, 1000, 5.5, 8.8),
    (70, 1000, 67.1, 72.8),
]


@pytest.mark.parametrize(("percent", "cells", "low", "high"), RUMKE)
def test_the_limits_are_those_of_the_table(percent, cells, low, high):
    limits = rumke_limits(percent * cells // 100, cells)
    assert limits == (pytest.approx(low, abs=0.0501), pytest.approx(high, abs=0.0501))


def exactly_at_most(count: int, cells: int, share: Fraction) -> Fraction:
    """The sum of the binomial in whole numbers."""
    return sum(
        (comb(cells, k) * share**k * (1 - share) ** (cells - k) for k in range(count + 1)),
        Fraction(0),
    )


@pytest.mark.parametrize(("count", "cells"), [(14, 200), (1, 200), (100, 200), (199, 200)])
def test_beyond_each_limit_lie_two_and_a_half_percent(count, cells):
    low, high = (Fraction(limit) / 100 for limit in rumke_limits(count, cells))
    as_many = 1 - exactly_at_most(count - 1, cells, low)
    as_few = exactly_at_most(count, cells, high)
    assert float(as_many) == pytest.approx(0.025, rel=1e-6)
    assert float(as_few) == pytest.approx(0.025, rel=1e-6)


@pytest.mark.parametrize(
    ("count", "cells", "share"), [(0, 10, 0.5), (3, 10, 0.25), (14, 200, 0.07), (500, 1000, 0.5)]
)
def test_the_sum_of_the_binomial_is_exact(count, cells, share):
    exact = float(exactly_at_most(count, cells, Fraction(share)))
    assert binomial_at_most(count, cells, share) == pytest.approx(exact, rel=1e-9)


def test_the_ends_of_the_binomial_are_certain():
    assert binomial_at_most(-1, 10, 0.5) == 0
    assert binomial_at_most(10, 10, 0.5) == 1
    assert binomial_at_most(3, 10, 0.0) == 1
    assert binomial_at_most(3, 10, 1.0) == 0


def test_all_and_none_have_one_limit_of_their_own():
    assert rumke_limits(0, 200)[0] == 0
    assert rumke_limits(200, 200)[1] == 100
    assert rumke_limits(200, 200)[0] == pytest.approx(98.17, abs=0.01)


@pytest.mark.parametrize(("count", "cells"), [(-1, 200), (201, 200), (0, 0)])
def test_a_count_that_cannot_be_is_refused(count, cells):
    with pytest.raises(ValueError, match="Expected a count"):
        rumke_limits(count, cells)


def test_a_class_passes_within_its_limits_and_fails_beyond():
    # 7 % of 200: 3.9 to 11.5 %, so 8 to 22 cells.
    true = {"neutrophil": 186, "monocyte": 14}
    for counted, passed in ((7, False), (8, True), (14, True), (22, True), (23, False)):
        results = judge(true, {"neutrophil": 200 - counted, "monocyte": counted}, 200)
        assert [r.passed for r in results if r.code == "monocyte"] == [passed], counted


def test_a_class_that_the_slide_lacks_is_judged_where_it_was_named():
    # None of 200: up to 1.8 %, so 3 cells.
    for named, passed in ((3, True), (4, False)):
        results = judge({"neutrophil": 200}, {"neutrophil": 200 - named, "blast": named}, 200)
        [blast] = [r for r in results if r.code == "blast"]
        assert (blast.true, blast.counted, blast.passed) == (0, named, passed)


def test_classes_that_neither_holds_are_not_told():
    assert [r.code for r in judge({"neutrophil": 200, "blast": 0}, {"neutrophil": 200}, 200)] == [
        "neutrophil"
    ]


def test_a_reading_passes_whose_share_of_cells_named_as_signed_may_be_nine_of_ten():
    # The Wilson interval of 171 of 200 ends at 89.7 %, that of 172 at 90.1 %.
    true = {"neutrophil": 100, "lymphocyte": 100}
    for right, passed in ((40, False), (171, False), (172, True), (200, True)):
        wrong = 200 - right
        named = {
            ("neutrophil", "neutrophil"): 100 - wrong // 2,
            ("neutrophil", "lymphocyte"): wrong // 2,
            ("lymphocyte", "lymphocyte"): 100 - (wrong - wrong // 2),
            ("lymphocyte", "neutrophil"): wrong - wrong // 2,
        }
        found = verdict(true, named)
        assert all(each.passed for each in found.classes), right
        assert (found.cells_passed, found.passed) == (passed, passed), right


def test_what_cannot_be_told_is_not_named_as_signed():
    found = verdict(
        {"neutrophil": 200}, {("neutrophil", "neutrophil"): 170, ("neutrophil", ""): 30}
    )
    assert (found.cannot_tell, found.as_signed.part, found.as_signed.whole) == (30, 170, 200)
    assert not found.cells_passed


def test_enough_cells_do_not_make_up_for_a_class():
    true = {"neutrophil": 190, "monocyte": 10}
    named = {("neutrophil", "neutrophil"): 190, ("monocyte", "neutrophil"): 10}
    found = verdict(true, named)
    assert found.cells_passed
    assert not found.passed


def test_the_lines_of_a_chart_come_from_the_binomial():
    limits = chart_limits(20, 200)
    assert (limits.mean, limits.sd) == (10, pytest.approx(2.1213, abs=1e-4))
    assert limits.at(2) == pytest.approx(14.2426, abs=1e-4)
    assert limits.at(-3) == pytest.approx(3.6360, abs=1e-4)
    assert chart_limits(1, 200).at(-3) == 0


def test_failures_in_a_row_are_counted_from_the_newest():
    assert failed_in_a_row([]) == 0
    assert failed_in_a_row([False, True]) == 0
    assert failed_in_a_row([True, False]) == 1
    assert failed_in_a_row([True, False, False]) == 2
    assert failed_in_a_row([False, False]) == 2
