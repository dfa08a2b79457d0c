"""The recipes that people choose from."""

from __future__ import annotations

from functools import cache

from mlmodels.ml.training.recipe import RECIPES, Recipe, load_recipe


@cache
def recipes_for_datasets() -> tuple[Recipe, ...]:
    """The recipes that train on one dataset of somebody's own and say what they are."""
    every = (load_recipe(file.stem) for file in sorted(RECIPES.glob("*.toml")))
    return tuple(recipe for recipe in every if recipe.summary and recipe.trains_one_set)
