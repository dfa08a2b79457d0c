"""Scales of the comparison: the same number of crops for all, whole sources, no test inside."""

from dataclasses import replace

import pytest

from mlmodels.ml.datasets.manifest import Row
from mlmodels.ml.evaluation.metrics import Answer
from mlmodels.ml.training.recipe import load_recipe
from mlmodels.research.comparison.scales import (
    RECIPES,
    SCALES,
    Scale,
    at_scale,
    compared_figures,
    measured_rows,
    rows_at_scale,
)

SCALE = Scale(640, 4, 3, 2, 48, "fold0")
ROWS = [
    Row(f"{s}-{copy}.png", "ab"[s % 2], f"photo {s}", f"fold{s % 5}", "augmented")
    for s in range(40)
    for copy in range(3)
] + [Row(f"t{i}.png", "ab"[i % 2], f"test {i}", "test") for i in range(10)]


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_sees_the_same_number_of_crops(name):
    stages = at_scale(load_recipe(name), SCALE).stages
    assert sum(s.epochs * s.crops_per_epoch for s in stages) == 4 * 640


def test_ours_keeps_its_two_stages_and_its_file():
    ours = load_recipe("mobilenet_v2")
    scaled = at_scale(ours, SCALE)
    assert [s.epochs for s in scaled.stages] == [2, 2]
    assert [s.warmup_steps for s in scaled.stages] == [2, 2]
    assert scaled.architecture == ours.architecture
    assert scaled.sha256 == ours.sha256


def test_only_networks_from_random_weights_see_smaller_crops():
    sides = {n: at_scale(load_recipe(n), SCALE).architecture.input_px for n in RECIPES}
    assert sides == {
        "mobilenet_v2": 128,
        "variant_a": 224,
        "variant_b": 48,
        "variant_c": 224,
        "variant_d": 150,
        "vgg16": 48,
    }


@pytest.mark.parametrize("name", RECIPES)
def test_at_full_scale_a_recipe_is_as_its_file_says(name):
    assert at_scale(load_recipe(name), SCALES["full"]) == load_recipe(name)


def test_all_compared_recipes_train_on_the_same_sets():
    for name in RECIPES:
        shares = load_recipe(name).stages[-1].shares
        assert shares == load_recipe("mobilenet_v2").stages[-1].shares


def test_so_many_sources_of_each_class_stay_whole():
    kept = rows_at_scale(ROWS, SCALE)
    training = {(r.label, r.source) for r in kept if r.split != "fold0"}
    assert sorted(label for label, _ in training) == ["a", "a", "a", "b", "b", "b"]
    assert len([r for r in kept if r.split != "fold0"]) == 6 * 3
    assert len([r for r in kept if r.split == "fold0"]) == 8 * 3
    assert not [r for r in kept if r.split == "test"]


def test_no_limit_keeps_all_but_the_test():
    assert len(rows_at_scale(ROWS, replace(SCALE, sources_a_class=0))) == 120


def test_so_many_pictures_of_each_class_of_the_test_are_measured():
    assert [r.label for r in measured_rows(ROWS, SCALE)] == ["a", "a", "b", "b"]
    assert len(measured_rows(ROWS, replace(SCALE, tests_a_class=0))) == 10
    assert {r.split for r in measured_rows(ROWS, SCALE)} == {"test"}


def test_macro_f1_is_worked_out_right():
    pairs = [("a", "a")] * 3 + [("a", "b")] + [("b", "b")] + [("b", "c")]
    f = compared_figures([Answer(t, p, 1.0, "accepted") for t, p in pairs], ("a", "b", "c"))
    # a: precision 3/3, recall 3/4, F1 6/7; b: precision 1/2, recall 1/2, F1 1/2.
    assert f["macro_f1"] == pytest.approx((6 / 7 + 1 / 2) / 2)
    assert (f["right"], f["n"]) == (4, 6)
    assert f["balanced_accuracy"] == pytest.approx((3 / 4 + 1 / 2) / 2)
    assert f["recall"] == {"a": [0.75, 4], "b": [0.5, 2]}
