"""A nucleus larger than most nuclei of a small class speaks against that class."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mlmodels.ml.inference.pipeline import read_pixels
from mlmodels.ml.inference.size_evidence import MOST, weigh_sizes
from mlmodels.ml.training.calibration.fitting import fit_size_limits
from tests.drawn_cells import draw_smear

LIMITS = np.array([2.0, np.inf, 1.0])


def test_up_to_its_limit_a_class_loses_nothing():
    logits = np.array([[1.0, 2.0, 3.0]])
    np.testing.assert_array_equal(weigh_sizes(logits, np.array([1.0]), LIMITS), logits)
    np.testing.assert_array_equal(weigh_sizes(logits, np.array([0.3]), LIMITS), logits)


def test_ten_per_cent_above_it_a_class_loses_about_one():
    # ln 1.1 / 0.1 = 0.953.
    weighed = weigh_sizes(np.zeros((1, 3)), np.array([1.1]), LIMITS)
    np.testing.assert_allclose(weighed, [[0.0, 0.0, -0.95310]], atol=1e-5)


def test_it_never_loses_more_than_the_most():
    weighed = weigh_sizes(np.zeros((1, 3)), np.array([50.0]), LIMITS)
    np.testing.assert_allclose(weighed, [[-MOST, 0.0, -MOST]])


def test_without_a_size_nothing_changes():
    logits = np.array([[1.0, 2.0, 3.0], [0.0, 0.0, 0.0]])
    weighed = weigh_sizes(logits, np.array([np.nan, 3.0]), LIMITS)
    np.testing.assert_array_equal(weighed[0], logits[0])
    assert weighed[1, 2] == -MOST


def test_limits_are_percentiles_of_each_class_and_the_largest_of_the_sets():
    sizes = np.concatenate([np.linspace(0.1, 0.6, 51), np.linspace(0.5, 1.0, 51), [0.3, 0.3]])
    truth = np.array([0] * 102 + [1, 1])
    sets = np.array(["here"] * 51 + ["there"] * 51 + ["here"] * 2)
    limits = fit_size_limits(sizes, truth, sets, classes=3, percentile=90)
    # The class with two sizes, and the one with none, have no limit.
    np.testing.assert_allclose(limits, [0.95, np.inf, np.inf])


def test_a_class_as_large_as_red_cells_has_no_limit():
    sizes = np.concatenate([np.linspace(0.5, 1.0, 51), np.linspace(0.9, 1.4, 51)])
    truth = np.repeat([0, 1], 51)
    limits = fit_size_limits(sizes, truth, np.array(["here"] * 102), classes=2, percentile=90)
    np.testing.assert_allclose(limits, [0.95, np.inf])


def test_unknown_sizes_do_not_count():
    sizes = np.array([np.nan] * 40 + [1.0] * 29)
    truth = np.zeros(69, int)
    settings = {"classes": 1, "percentile": 90}
    sets = np.array(["here"] * 69)
    assert np.isinf(fit_size_limits(sizes, truth, sets, **settings)[0])
    assert fit_size_limits(
        np.append(sizes, 1.0), np.append(truth, 0), np.append(sets, "here"), **settings
    )[0] == pytest.approx(1.0)


def test_the_size_of_a_nucleus_that_the_border_cuts_off_is_not_told(shipped_engine):
    whole = draw_smear(centres=[(240, 180)], seed=5)
    cut = draw_smear(centres=[(240, 4)], seed=5)
    assert read_pixels(whole, shipped_engine).cells[0].nucleus_in_red_cells is not None
    (cell,) = read_pixels(cut, shipped_engine).cells
    assert cell.disposition == "unidentified"
    assert cell.nucleus_in_red_cells is None


def test_a_cell_too_large_for_a_class_is_less_probably_of_it(shipped_engine):
    picture = draw_smear(cells=1, seed=3)
    plain = read_pixels(picture, replace(shipped_engine, size_limits=None)).cells[0]
    assert plain.nucleus_in_red_cells is not None
    limits = np.full(len(shipped_engine.classes), np.inf)
    limits[shipped_engine.classes.index(plain.label)] = plain.nucleus_in_red_cells / 2
    weighed = read_pixels(picture, replace(shipped_engine, size_limits=limits)).cells[0]
    before, after = plain.probabilities[plain.label], weighed.probabilities[plain.label]
    assert after < before
    odds = (after / (1 - after)) / (before / (1 - before))
    assert odds == pytest.approx(np.exp(-MOST / shipped_engine.temperature), rel=1e-3)
    assert sum(weighed.probabilities.values()) == pytest.approx(1)
