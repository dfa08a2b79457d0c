"""Training on one dataset: its classes, its validation and its test are as its manifest says."""

import pytest

from mlmodels.ml.datasets.manifest import Row
from mlmodels.ml.errors import ManifestInvalid
from mlmodels.ml.training.data import classes_of, load_training_data
from tests.factories.datasets import draw_dataset


def rows(*pairs):
    return [Row(f"{n}.png", label, str(n), split) for n, (label, split) in enumerate(pairs)]


def test_classes_are_in_the_shipped_order_then_by_name():
    listed = rows(
        ("smudge_cell", "train"), ("lymphocyte", "train"), ("blast", "train"), ("neutrophil", "")
    )
    assert classes_of(listed) == ("neutrophil", "lymphocyte", "blast", "smudge_cell")


def test_a_class_that_is_only_tested_is_not_taught():
    listed = rows(("neutrophil", "train"), ("lymphocyte", "train"), ("blast", "test"))
    assert classes_of(listed) == ("neutrophil", "lymphocyte")


def test_one_class_is_no_training():
    with pytest.raises(ManifestInvalid, match="two classes"):
        classes_of(rows(("neutrophil", "train"), ("lymphocyte", "test")))


def test_a_class_that_is_only_calibrated_with_is_refused():
    listed = rows(("neutrophil", "train"), ("lymphocyte", "train"), ("blast", "validation"))
    with pytest.raises(ManifestInvalid, match="blast"):
        classes_of(listed)


def test_validation_calibrates_and_the_test_never_enters(tiny_recipe, tmp_path):
    root = tmp_path / "data"
    draw_dataset(root, classes=("blast", "neutrophil"), train=3, validation=2, test=2)
    data = load_training_data(
        tiny_recipe, root, hold_out="", cache=tmp_path, classes=("neutrophil", "blast")
    )
    assert {data.crops[i].split for i in data.training} == {"train"}
    assert {data.crops[i].split for i in data.calibration} == {"validation"}
    assert {crop.split for crop in data.crops} == {"train", "validation"}
    assert data.classes == ("neutrophil", "blast")


def test_too_few_sources_to_calibrate_on_are_told_with_what_to_do(tiny_recipe, tmp_path):
    root = tmp_path / "data"
    draw_dataset(root, train=1, validation=0, test=0)
    with pytest.raises(ManifestInvalid, match="No cell is left to calibrate with"):
        load_training_data(tiny_recipe, root, hold_out="", cache=tmp_path)
