"""Patience: a stage ends by the calibration split's loss and keeps its best epoch."""

from dataclasses import replace

import numpy as np
import pytest

from mlmodels.ml.training.early_stopping import (
    Best,
    calibration_figures,
    is_over,
    keep_if_better,
    read_best,
)
from mlmodels.ml.training.loop import RunPlan, train

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("best", "done", "patience", "over"),
    [
        (Best(2, 0.5), 4, 2, True),
        (Best(2, 0.5), 3, 2, False),
        (Best(2, 0.5), 9, 0, False),
        (Best(), 5, 2, False),
    ],
)
def test_a_stage_is_over_after_so_many_epochs_without_a_better_one(best, done, patience, over):
    assert is_over(best, done, patience) is over


@pytest.fixture(scope="module")
def stubborn(tiny_recipe, drawn_data, tmp_path_factory):
    """A run of up to eight epochs whose rate is so high that the loss soon rises again."""
    stage = replace(tiny_recipe.stages[0], epochs=8, patience=2, optimizer="sgd", learning_rate=3.0)
    folder = tmp_path_factory.mktemp("patience")
    recipe = replace(tiny_recipe, stages=(stage,))
    plan = RunPlan(recipe, drawn_data, folder / "run", folder, hold_out="fold0", threads=1)
    model, data = train(plan)
    return plan, model, data


def test_the_weights_are_those_of_the_best_epoch(stubborn):
    plan, model, data = stubborn
    best = read_best(plan.output, 0)
    assert best.epoch >= 1
    assert calibration_figures(model, data, plan.recipe)[0] == pytest.approx(best.loss, rel=1e-4)


def test_no_epoch_runs_after_patience_is_at_its_end(stubborn):
    plan, _, _ = stubborn
    ran = len((plan.output / "metrics.csv").read_text().splitlines()) - 1
    assert ran == min(8, read_best(plan.output, 0).epoch + 2)


def test_a_finished_run_that_is_started_again_trains_nothing_more(stubborn):
    plan, model, _ = stubborn
    again, _ = train(plan)
    for one, other in zip(model.variables, again.variables, strict=True):
        assert np.array_equal(one.numpy(), other.numpy()), one.path


def test_only_a_smaller_loss_is_remembered(stubborn, tmp_path):
    _, model, _ = stubborn
    assert keep_if_better(tmp_path, model, 0, 1, 0.7) == Best(1, 0.7)
    assert keep_if_better(tmp_path, model, 0, 2, 0.7) == Best(1, 0.7)
    assert keep_if_better(tmp_path, model, 0, 3, 0.6) == Best(3, 0.6)
    assert read_best(tmp_path, 0) == Best(3, 0.6)
    assert read_best(tmp_path, 1) == Best()
