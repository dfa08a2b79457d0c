"""From where on an adapted version accepts, and what fifty cells can prove of it."""

import numpy as np
import pytest

from mlmodels.ml.adaptation.acceptance import (
    WANTED,
    Acceptable,
    cells_that_prove,
    least_confidence,
)
from mlmodels.ml.evaluation.metrics import wilson_interval


def threshold(confidence, right, least=0.5, may=None):
    found = np.array(confidence)
    may = np.ones(len(found), bool) if may is None else np.array(may)
    return least_confidence(found, np.array(right), may, least)


def test_so_many_accepted_cells_that_are_all_right_prove_what_is_wanted():
    n = cells_that_prove()
    assert n == 125
    assert wilson_interval(n, n)[0] >= WANTED > wilson_interval(n - 1, n - 1)[0]


def test_fifty_cells_that_are_all_right_prove_too_little_and_it_is_said():
    shown = Acceptable(0.9, 50, 40, 40)
    assert not shown.is_proven
    assert "40 of these rightly (95 % interval 91 to 100 %)" in shown.in_words()
    assert "125 accepted cells, all of them right, would" in shown.in_words()


def test_enough_cells_prove_it_and_none_accepted_is_said_so():
    assert Acceptable(0.9, 300, 200, 200).is_proven
    assert "does not prove" not in Acceptable(0.9, 300, 200, 200).in_words()
    assert "None of the 50" in Acceptable(0.9, 50, 0, 0).in_words()


def test_what_the_base_asks_for_is_never_undercut():
    confidence, right = [0.99] * 40 + [0.96] * 10, [True] * 50
    assert threshold(confidence, right) == pytest.approx(0.96)
    assert threshold(confidence, right, least=0.98) == 0.98


def test_the_calibrated_confidence_must_expect_enough_right_ones():
    # 0.99 and 0.95 together expect 0.97; a third of 0.95 would expect less.
    assert threshold([0.99, 0.95, 0.95, 0.8], [True] * 4) == pytest.approx(0.95, abs=0.041)
    assert threshold([0.9] * 20, [True] * 20) == pytest.approx(0.99)


def test_a_wrong_cell_among_fifty_lifts_the_threshold_above_it():
    confidence = [0.999] * 20 + [0.98] + [0.975] * 5
    right = [True] * 20 + [False] + [True] * 5
    assert threshold(confidence, right) > 0.98
    # One of forty is fewer than one of 33, which 97 % allow.
    assert threshold([0.999] * 39 + [0.98], [True] * 39 + [False]) <= 0.98


def test_a_wrong_cell_that_something_else_holds_back_lifts_nothing():
    confidence, right = [0.999] * 20 + [0.98], [True] * 20 + [False]
    assert threshold(confidence, right, may=[True] * 20 + [False]) <= 0.98
