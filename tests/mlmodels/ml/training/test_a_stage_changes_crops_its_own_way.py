"""A stage may have an augmentation of its own; without one the recipe's is used."""

from dataclasses import replace

import numpy as np
import pytest

from mlmodels.ml.training.data import epoch_batches, load_training_data
from mlmodels.ml.training.recipe import Augmentation, deciding, parse_recipe

DARK = Augmentation(zoom=0, shift=0, colour=0, light=3.0, blur=0, cut=0, noise=0)
TEXT = """
name = "r"
version = "1"
[augmentation]
colour = 0.3
[[stages]]
name = "wild"
shares = { own = 1.0 }
[[stages]]
name = "calm"
shares = { own = 1.0 }
[stages.augmentation]
colour = 0.05
"""


def test_only_the_stage_that_says_so_has_its_own():
    wild, calm = parse_recipe(TEXT).stages
    assert wild.augmentation is None
    assert calm.augmentation == Augmentation(colour=0.05)
    assert "augmentation" not in deciding(wild)
    assert deciding(calm)["augmentation"]["colour"] == 0.05
    assert "tint" not in deciding(calm)["augmentation"]


@pytest.fixture
def crops_of(tiny_recipe, drawn_data, tmp_path):
    """The first batch of a stage with this augmentation, of a recipe with that one."""

    def first(of_recipe: Augmentation, of_stage: Augmentation | None) -> np.ndarray:
        stage = replace(tiny_recipe.stages[0], augmentation=of_stage, negatives=0.0)
        recipe = replace(tiny_recipe, augmentation=of_recipe, stages=(stage,))
        data = load_training_data(recipe, drawn_data, hold_out="", cache=tmp_path)
        return next(epoch_batches(data, recipe, 0, 0, 1))[0]

    return first


def test_the_crops_of_a_stage_are_changed_as_it_says(crops_of):
    still = replace(DARK, light=0)
    assert (crops_of(still, DARK) == crops_of(DARK, None)).all()
    assert (crops_of(DARK, still) == crops_of(still, None)).all()
    assert (crops_of(DARK, still) != crops_of(still, DARK)).any()
