"""What is accepted must be right often enough, in a small set and in changed pictures too."""

from dataclasses import replace

import numpy as np
import pytest

from mlmodels.ml.inference.calibration import Thresholds
from mlmodels.ml.inference.familiarity import Familiarity
from mlmodels.ml.training.calibration.fitting import accept_threshold, fit_temperature
from mlmodels.ml.training.calibration.version_calibration import Answers, choose_thresholds
from mlmodels.ml.training.recipe import parse_recipe

RECIPE = parse_recipe(
    'name = "r"\nversion = "1"\n[calibration]\naccepted_accuracy = 0.98\n'
    '[[stages]]\nname = "s"\nshares = { own = 1.0 }\n'
)


# The distance of a cell is its only feature; 0 is familiar, 200 lies beyond every percentile.
ONE_FEATURE = Familiarity(
    np.zeros(1, np.float32),
    np.ones((1, 1), np.float32),
    np.zeros((1, 1), np.float32),
    np.linspace(1, 100, 101, dtype=np.float32),
)


def answers(*, hard_wrong_below: float, hard_distance: float = 0.0) -> Answers:
    """Two sets with logit gaps from 0 to 4; wrong are those below 0.2, in one below more."""
    gaps = np.linspace(0, 4, 400)
    truth = np.concatenate([gaps < 0.2, gaps < hard_wrong_below]).astype(int)
    gap = np.tile(gaps, 2)
    return Answers(
        truth=truth,
        logits=np.stack([gap, np.zeros(800)], axis=1),
        cell=np.full(800, 3.0),
        features=np.repeat([0.0, hard_distance], 400)[:, None],
        crops=np.zeros((800, 4, 4, 3), np.uint8),
        sets=np.repeat(["easy", "hard"], 400),
        sizes=np.full(800, np.nan),
    )


def limits_of(plain: Answers, changed: Answers | None = None) -> Thresholds:
    return choose_thresholds(plain, changed or plain, ONE_FEATURE, RECIPE)[1]


def test_no_threshold_is_below_the_least_that_the_recipe_accepts():
    calibration = replace(RECIPE.calibration, least_accepted=0.9)
    recipe = replace(RECIPE, calibration=calibration)
    easy = answers(hard_wrong_below=0.2)
    assert choose_thresholds(easy, easy, ONE_FEATURE, RECIPE)[1].accept_probability < 0.9
    chosen = choose_thresholds(easy, easy, ONE_FEATURE, recipe)[1]
    assert chosen.accept_probability == 0.9
    assert chosen.identify_probability == 0.45


def test_a_hard_set_raises_the_threshold():
    alike = limits_of(answers(hard_wrong_below=0.2))
    harder = limits_of(answers(hard_wrong_below=1.0))
    assert harder.accept_probability > alike.accept_probability


def test_unfamiliar_cells_do_not_count_since_none_is_accepted():
    familiar = limits_of(answers(hard_wrong_below=1.0))
    unfamiliar = limits_of(answers(hard_wrong_below=1.0, hard_distance=200.0))
    assert unfamiliar.accept_probability < familiar.accept_probability - 0.1


def test_the_temperature_suits_a_small_set_as_well_as_a_large_one():
    # Logit gap 4. The large set is right 9 times of 10, the small one 1 time of 2: seven of ten.
    logits = np.tile([4.0, 0.0], (102, 1))
    truth = np.array([0] * 90 + [1] * 10 + [0, 1])
    weights = np.array([1 / 100] * 100 + [1 / 2] * 2)
    assert fit_temperature(logits, truth, weights) == pytest.approx(4 / np.log(0.7 / 0.3), 1e-3)


def test_a_cell_of_a_small_set_counts_for_many():
    # From the surest down: right, right, wrong, right. Alike: 1, 1, 2/3, 3/4.
    confidence, right = np.array([0.9, 0.8, 0.7, 0.6]), np.array([True, True, False, True])
    assert accept_threshold(confidence, right, 0.75) == 0.6
    # The wrong one counts three times: 1, 1, 2/5, 3/6.
    weights = np.array([1.0, 1.0, 3.0, 1.0])
    assert accept_threshold(confidence, right, 0.75, weights) == 0.8


def test_wrong_answers_on_changed_pictures_raise_it():
    plain, changed = answers(hard_wrong_below=0.2), answers(hard_wrong_below=2.0)
    assert limits_of(plain, changed).accept_probability > limits_of(plain).accept_probability


def test_the_unidentified_lie_below_half_the_accepted():
    limits = limits_of(answers(hard_wrong_below=0.5))
    assert limits.identify_probability == limits.accept_probability / 2


def test_no_find_is_doubted_above_a_score_of_one_half():
    assert limits_of(answers(hard_wrong_below=0.5)).objectness == 0.5
