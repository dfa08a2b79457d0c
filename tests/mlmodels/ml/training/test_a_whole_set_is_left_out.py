"""A recipe without one of its sets: what leaving one microscope out is measured with."""

import pytest

from mlmodels.ml.errors import RecipeInvalid
from mlmodels.ml.training.loop import with_overrides
from mlmodels.ml.training.recipe import load_recipe


def stages_without(name):
    recipe = with_overrides(load_recipe("mobilenet_v2"), seed=None, epochs=None, without=name)
    return [stage.shares for stage in recipe.stages]


def test_the_other_sets_take_over_what_it_had():
    assert stages_without("kaggle") == [{"pbc": 1.0}, {"pbc": 1.0}]


def test_a_stage_that_held_nothing_else_goes():
    assert stages_without("pbc") == [{"kaggle": 1.0}]


def test_a_recipe_that_holds_nothing_else_is_refused():
    with pytest.raises(RecipeInvalid, match="nothing to train on"):
        with_overrides(load_recipe("four_class_small"), seed=None, epochs=None, without="own")
