"""Splits by source: nothing of one source on both sides of anything."""

import pytest

from mlmodels.ml.datasets.manifest import Row
from mlmodels.ml.datasets.splits import calibration_sources, check_no_straddling
from mlmodels.ml.errors import ManifestInvalid
from mlmodels.ml.training.data import load_training_data

ROWS = [
    Row(f"{s}-{i}.png", "monocyte" if s % 5 == 0 else "neutrophil", f"photo {s}", "train")
    for s in range(50)
    for i in range(3)
]


def test_a_source_in_two_splits_is_refused_by_name():
    rows = [Row("a", "x", "photo 1", "fold0"), Row("b", "x", "photo 1", "fold1")]
    with pytest.raises(ManifestInvalid, match="photo 1"):
        check_no_straddling(rows)


def test_a_source_with_many_pictures_in_one_split_passes():
    check_no_straddling(ROWS)


def test_the_calibration_split_has_its_share_of_every_class():
    calibration = calibration_sources(ROWS, 0.2)
    monocytes = {r.source for r in ROWS if r.label == "monocyte"} & calibration
    assert len(calibration) == 10
    assert len(monocytes) == 2


def test_the_calibration_split_is_the_same_in_any_order_of_the_rows():
    assert calibration_sources(ROWS, 0.2) == calibration_sources(ROWS[::-1], 0.2)


def test_four_sources_give_at_least_one():
    assert len(calibration_sources([Row(str(i), "x", str(i)) for i in range(4)], 0.05)) == 1


def test_training_calibration_and_held_out_share_no_source(drawn_data, tiny_recipe, tmp_path):
    data = load_training_data(tiny_recipe, drawn_data, hold_out="fold0", cache=tmp_path)
    training = {data.crops[i].source for i in data.training}
    calibration = {data.crops[i].source for i in data.calibration}
    held_out = {crop.source for crop in data.crops if crop.split == "fold0"}
    assert training
    assert calibration
    assert held_out
    assert not training & calibration
    assert not (training | calibration) & held_out


def test_a_fold_that_is_in_no_manifest_is_refused(drawn_data, tiny_recipe, tmp_path):
    with pytest.raises(ManifestInvalid, match="fold7"):
        load_training_data(tiny_recipe, drawn_data, hold_out="fold7", cache=tmp_path)
