"""Recipes: which are shipped, and what is refused."""

import pytest

from mlmodels.ml.errors import RecipeInvalid
from mlmodels.ml.training.recipe import RECIPES, load_recipe, parse_recipe

GOOD = 'name = "r"\nversion = "1"\n[[stages]]\nname = "s"\nshares = { own = 1.0 }\n'


@pytest.mark.parametrize("name", sorted(p.stem for p in RECIPES.glob("*.toml")))
def test_every_recipe_of_the_repository_can_be_read(name):
    assert load_recipe(name).name == name


def test_no_recipe_of_the_repository_trains_on_a_test_set():
    for file in RECIPES.glob("*.toml"):
        named = {s for stage in load_recipe(file.stem).stages for s in stage.shares}
        assert not named & {"jtsc", "raabin"}


def test_the_hash_is_of_the_text():
    assert parse_recipe(GOOD).sha256 == parse_recipe(GOOD).sha256
    assert parse_recipe(GOOD).sha256 != parse_recipe(GOOD + "# changed\n").sha256


REFUSED = [
    (GOOD.replace("own = 1.0", "own = 0.5"), "add up to 1"),
    (GOOD + "[crop]\nscal = 2.0\n", "unknown field scal"),
    (GOOD + "[stages.augmentation]\nhue = 1.0\n", "unknown field hue"),
    (GOOD + '[architecture]\nbase = "resnet"\n', "base must be one of"),
    (GOOD + '[architecture]\nbase = "vgg16"\n', "no imagenet weights"),
    (GOOD + '[architecture]\nbase = "vgg16"\nweights = "none"\nfrozen = true\n', "frozen"),
    (GOOD + "[architecture]\nfrozen = 1\n", "frozen must be bool"),
    (GOOD + '[architecture]\npixels = "raw"\n', "pixels must be"),
    (GOOD + 'optimizer = "lion"\n', "optimizer"),
    (GOOD + "patience = -1\n", "patience"),
    ('absent = { own = ["blast"] }\n' + GOOD, "absent classes must be"),
    ("absent = 1\n" + GOOD, "absent must be"),
    (GOOD + '[architecture]\nalpha = "wide"\n', "alpha must be float"),
    (GOOD.replace('name = "r"\n', ""), "lacks the field name"),
    ('name = "r"\nversion = "1"\n', "a stage"),
    ("name = ", "not valid TOML"),
]


@pytest.mark.parametrize(("text", "said"), REFUSED, ids=[said for _, said in REFUSED])
def test_a_recipe_that_is_no_good_is_refused_in_a_sentence(text, said):
    with pytest.raises(RecipeInvalid, match=said):
        parse_recipe(text)


def test_an_unknown_recipe_names_those_that_are_there():
    with pytest.raises(RecipeInvalid, match="mobilenet_v2"):
        load_recipe("resnet_900")
