"""Rows become the finest class that a network tells apart; what is none of them is told so."""

from dataclasses import replace

import pytest

from mlmodels.ml.errors import ManifestInvalid
from mlmodels.ml.training.crop_cache import UNLIKE
from mlmodels.ml.training.data import epoch_batches, load_training_data
from tests.factories.datasets import draw_dataset

COLUMNS = "path,class,subtype,source,split\n"


def labels_of(recipe, root, cache, classes):
    data = load_training_data(recipe, root, hold_out="", cache=cache, classes=classes)
    return data, {data.crops[i].label for i in data.training}


def with_subtypes(root):
    rows = draw_dataset(root, classes=("immature_granulocyte", "neutrophil"))
    lines = [
        f"{r.path},{r.label},{'promyelocyte' if r.path.endswith(('0.png', '7.png')) else ''},"
        f"{r.source},{r.split}\n"
        for r in rows
        if r.label != "neutrophil"
    ]
    lines += [
        f"{r.path},{r.label},,{r.source},{r.split}\n" for r in rows if r.label == "neutrophil"
    ]
    (root / "manifest.csv").write_text(COLUMNS + "".join(lines))


def test_a_subtype_is_taught_where_the_network_tells_it_apart(tiny_recipe, tmp_path):
    with_subtypes(tmp_path / "data")
    classes = ("neutrophil", "immature_granulocyte", "promyelocyte")
    _, labels = labels_of(tiny_recipe, tmp_path / "data", tmp_path, classes)
    assert {"immature_granulocyte", "promyelocyte"} < labels


def test_a_subtype_counts_as_its_class_where_it_is_not_told_apart(tiny_recipe, tmp_path):
    with_subtypes(tmp_path / "data")
    classes = ("neutrophil", "immature_granulocyte")
    _, labels = labels_of(tiny_recipe, tmp_path / "data", tmp_path, classes)
    assert labels - {"no_cell"} == set(classes)


def test_a_stage_is_taught_as_its_wider_class(tiny_recipe, tmp_path):
    draw_dataset(tmp_path / "data", classes=("myelocyte", "neutrophil"))
    classes = ("neutrophil", "immature_granulocyte")
    _, labels = labels_of(tiny_recipe, tmp_path / "data", tmp_path, classes)
    assert labels - {"no_cell"} == set(classes)


def test_a_class_that_nobody_named_is_refused(tiny_recipe, tmp_path):
    draw_dataset(tmp_path / "data", classes=("smudge", "neutrophil", "lymphocyte"))
    with pytest.raises(ManifestInvalid, match="smudge"):
        labels_of(tiny_recipe, tmp_path / "data", tmp_path, ("neutrophil", "lymphocyte"))


def test_cells_unlike_the_classes_train_without_a_class_and_calibrate_nothing(
    tiny_recipe, tmp_path
):
    draw_dataset(tmp_path / "data", classes=("smudge", "neutrophil", "lymphocyte"))
    recipe = replace(tiny_recipe, unlike=("smudge",))
    data, labels = labels_of(recipe, tmp_path / "data", tmp_path, ("neutrophil", "lymphocyte"))
    assert UNLIKE in labels
    stage = replace(recipe.stages[0], negatives=0.0, batch=64)
    (batch,) = epoch_batches(data, replace(recipe, stages=(stage,)), 0, 0, 1)
    _, classes, is_cell, _ = batch
    assert (classes == -1).any()
    assert is_cell[classes == -1].all()


def test_a_set_that_lacks_a_class_by_its_source_says_nothing_of_it(tiny_recipe, tmp_path):
    draw_dataset(tmp_path / "data", classes=("neutrophil", "lymphocyte"))
    classes = ("neutrophil", "lymphocyte", "blast")
    recipe = replace(tiny_recipe, classes=classes, absent={"own": ["blast"]})
    data, _ = labels_of(recipe, tmp_path / "data", tmp_path, classes)
    (batch,) = epoch_batches(data, recipe, 0, 0, 1)
    assert batch[3].all(axis=0).tolist() == [True, True, False]
    assert not batch[3][:, 2].any()


def test_a_set_with_cells_of_a_class_that_it_is_said_to_lack_is_refused(tiny_recipe, tmp_path):
    draw_dataset(tmp_path / "data", classes=("neutrophil", "lymphocyte", "blast"))
    classes = ("neutrophil", "lymphocyte", "blast")
    recipe = replace(tiny_recipe, classes=classes, absent={"own": ["blast"]})
    with pytest.raises(ManifestInvalid, match="holds cells of the class blast"):
        labels_of(recipe, tmp_path / "data", tmp_path, classes)
