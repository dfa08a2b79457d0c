"""Where a recipe asks, what comes out lies between an earlier stage and the last one."""

from dataclasses import replace

import numpy as np
import pytest

from mlmodels.ml.errors import RecipeInvalid
from mlmodels.ml.training.loop import RunPlan, train
from mlmodels.ml.training.recipe import load_recipe, parse_recipe

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def plan(tiny_recipe, drawn_data, tmp_path_factory):
    first = replace(tiny_recipe.stages[0], epochs=1)
    recipe = replace(tiny_recipe, stages=(first, replace(first, name="second")))
    folder = tmp_path_factory.mktemp("runs")
    return RunPlan(recipe, drawn_data, folder / "last", folder, hold_out="fold0", threads=1)


def weights(plan):
    model, _ = train(plan)
    return [v.numpy() for v in model.variables if np.issubdtype(v.numpy().dtype, np.floating)]


def test_the_weights_are_the_mean_of_an_earlier_stage_and_the_last(plan):
    last = weights(plan)
    (kept,) = (plan.cache / "stages").glob("*.npz")
    with np.load(kept) as arrays:
        values = [arrays[f"m{i}"] for i in range(len(arrays.files)) if f"m{i}" in arrays]
    earlier = [value for value in values if np.issubdtype(value.dtype, np.floating)]
    averaging = replace(
        plan,
        recipe=replace(plan.recipe, average_from=1, average_share=0.25),
        output=plan.output.with_name("mean"),
    )
    for whole in (weights(averaging), weights(averaging)):  # The second goes on where it ended.
        for mean, one, other in zip(whole, earlier, last, strict=True):
            assert np.allclose(mean, 0.25 * one + 0.75 * other, atol=1e-5)
    assert any(not np.allclose(one, other) for one, other in zip(earlier, last, strict=True))


def test_a_recipe_cannot_average_with_its_own_last_stage():
    text = load_recipe("mobilenet_v2_blasts").text
    with pytest.raises(RecipeInvalid, match="average_from"):
        parse_recipe(text.replace("average_from = 1\n", "average_from = 3\n"))
