"""The accepted ones of the hardest set must be right often enough too."""

import numpy as np

from mlmodels.ml.export import Answers, choose_thresholds
from mlmodels.ml.recipe import parse_recipe

RECIPE = parse_recipe(
    'name = "r"\nversion = "1"\n[calibration]\naccepted_accuracy = 0.98\n'
    '[[stages]]\nname = "s"\nshares = { own = 1.0 }\n'
)


def answers(*, hard_wrong_below: float) -> Answers:
    """Two sets with logit gaps from 0 to 4; wrong are those below 0.2, in one below more."""
    gaps = np.linspace(0, 4, 400)
    truth = np.concatenate([gaps < 0.2, gaps < hard_wrong_below]).astype(int)
    gap = np.tile(gaps, 2)
    return Answers(
        truth=truth,
        logits=np.stack([gap, np.zeros(800)], axis=1),
        cell=np.full(800, 3.0),
        features=np.zeros((800, 2)),
        crops=np.zeros((800, 4, 4, 3), np.uint8),
        sets=np.repeat(["easy", "hard"], 400),
    )


def test_a_hard_set_raises_the_threshold():
    _, alike = choose_thresholds(answers(hard_wrong_below=0.2), RECIPE)
    _, harder = choose_thresholds(answers(hard_wrong_below=1.0), RECIPE)
    assert harder.accept_probability > alike.accept_probability


def test_the_unidentified_lie_below_half_the_accepted():
    _, limits = choose_thresholds(answers(hard_wrong_below=0.5), RECIPE)
    assert limits.identify_probability == limits.accept_probability / 2


def test_a_real_cell_is_never_dropped_above_a_score_of_one_half():
    assert choose_thresholds(answers(hard_wrong_below=0.5), RECIPE)[1].cell_score == 0.5
