"""Distances to the training cells, and their percentiles."""

import numpy as np
import pytest

from mlmodels.ml.inference.familiarity import familiarity_in_words, load_familiarity
from mlmodels.ml.training.calibration.fitting import fit_familiarity


@pytest.fixture(scope="module")
def fitted():
    rng = np.random.default_rng(0)
    truth = np.repeat([0, 1], 200)
    centres = np.array([[0.0] * 6, [8.0] * 6])
    training = centres[truth] + rng.normal(0, 1, (400, 6))
    calibration = centres[truth] + rng.normal(0, 1, (400, 6))
    return fit_familiarity(training, truth, calibration), calibration


def test_calibration_cells_spread_over_all_percentiles(fitted):
    fit, calibration = fitted
    assert np.median(fit.percentiles(calibration)) == pytest.approx(50, abs=1)


def test_a_far_cell_is_beyond_the_last_percentile(fitted):
    assert fitted[0].percentiles(np.full((1, 6), 100.0))[0] == 100.0


def test_the_middle_of_a_class_is_familiar(fitted):
    assert fitted[0].percentiles(np.zeros((1, 6)))[0] < 1.0


def test_between_the_classes_is_unfamiliar(fitted):
    assert fitted[0].percentiles(np.full((1, 6), 4.0))[0] == 100.0


def test_a_distance_is_counted_in_standard_deviations():
    # One class, two independent features with deviation 1: (3, 4) away is 5 deviations.
    rng = np.random.default_rng(1)
    x = rng.normal(0, 1, (20000, 2))
    fit = fit_familiarity(x, np.zeros(len(x), int), x)
    assert fit.out_of_distribution_scores(np.array([[3.0, 4.0]]))[0] == pytest.approx(5.0, rel=0.03)


def test_what_is_stored_is_what_is_read(fitted, tmp_path):
    fit, calibration = fitted
    fit.save(tmp_path / "familiarity.npz")
    read = load_familiarity(tmp_path / "familiarity.npz")
    assert np.array_equal(read.percentiles(calibration), fit.percentiles(calibration))


@pytest.mark.parametrize(
    ("percentile", "word"),
    [(50, "familiar"), (97.5, "familiar"), (97.6, "unusual"), (99.6, "unfamiliar")],
)
def test_a_percentile_has_a_word(percentile, word):
    said = familiarity_in_words(percentile, unusual_percentile=97.5, unfamiliar_percentile=99.5)
    assert said == word
