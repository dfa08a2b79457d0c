"""A finished version gets other thresholds; its network, and what it was trained on, stay."""

import json
import shutil
from dataclasses import replace

import pytest
from django.core.management import CommandError, call_command

from mlmodels.ml.inference.engine import load_engine
from mlmodels.ml.training.export import finish_version, write_card
from mlmodels.ml.training.loop import RunPlan, train
from mlmodels.ml.training.recipe import parse_recipe
from mlmodels.ml.training.reports.card_text import card_markdown
from tests.factories.recipes import TINY_RECIPE

pytestmark = pytest.mark.slow

STRICTER = TINY_RECIPE.replace(
    "inner_share = 0.25", "inner_share = 0.25\nleast_accepted = 0.97"
).replace('name = "tiny"', 'name = "stricter"')


@pytest.fixture(scope="module")
def run(tiny_recipe, drawn_data, tmp_path_factory):
    """The folder of a finished run."""
    folder = tmp_path_factory.mktemp("runs") / "tiny"
    plan = RunPlan(tiny_recipe, drawn_data, folder, folder.parent, threads=1)
    model, data = train(plan)
    about = {"name": "tiny", "version": "0.0.1", "hold_out": "", "git_revision": "abc"}
    finish_version(
        model, data, tiny_recipe, data_root=drawn_data, output=folder / "version", **about
    )
    return folder


def again(run, drawn_data, tmp_path, recipe_text):
    recipe = tmp_path / "other.toml"
    recipe.write_text(recipe_text, encoding="utf-8")
    output = tmp_path / "again"
    call_command(
        "recalibrate_model",
        run / "version",
        recipe=str(recipe),
        data=drawn_data,
        output=output,
        model_version="0.0.2",
        cache=tmp_path / "cache",
    )
    return output


def test_thresholds_change_and_the_network_does_not(run, drawn_data, tmp_path):
    output = again(run, drawn_data, tmp_path, STRICTER)
    for name in ("model.keras", "model.tflite", "familiarity.npz", "trained_on.csv"):
        assert (output / name).read_bytes() == (run / "version" / name).read_bytes()
    old = load_engine(run / "version", runtime="litert")
    new = load_engine(output, runtime="litert")
    assert new.version == "0.0.2"
    assert new.thresholds.accept_probability >= 0.97
    unchanged = replace(
        new.thresholds,
        accept_probability=old.thresholds.accept_probability,
        identify_probability=old.thresholds.identify_probability,
    )
    assert unchanged.as_dict() == pytest.approx(old.thresholds.as_dict(), abs=1e-4)
    assert new.temperature == pytest.approx(old.temperature, rel=1e-3)


def test_size_limits_go_where_the_new_recipe_lets_no_size_count(run, drawn_data, tmp_path):
    limited = tmp_path / "run"
    shutil.copytree(run, limited)
    card = json.loads((limited / "version" / "card.json").read_text())
    card["engine"]["size_limits"] = {"platelet": 0.9}
    write_card(card, limited / "version")
    assert load_engine(limited / "version", runtime="litert").size_limits is not None
    output = again(limited, drawn_data, tmp_path, STRICTER)
    assert load_engine(output, runtime="litert").size_limits is None


def test_the_card_says_whose_network_it_is(run, drawn_data, tmp_path):
    card = json.loads((again(run, drawn_data, tmp_path, STRICTER) / "card.json").read_text())
    assert card["recipe"]["sha256"] == parse_recipe(STRICTER).sha256
    assert card["recalibrated"]["from"] == "tiny 0.0.1"
    assert card["recalibrated"]["recipe"]["name"] == "tiny"
    assert card["recalibrated"]["git_revision"] == "abc"
    assert "Its network is that of tiny 0.0.1, trained by recipe `tiny` 1" in card_markdown(card)


def test_a_version_can_be_replaced_in_its_own_folder(run, drawn_data, tmp_path):
    copy = tmp_path / "run"
    shutil.copytree(run, copy)
    recipe = tmp_path / "other.toml"
    recipe.write_text(STRICTER, encoding="utf-8")
    call_command(
        "recalibrate_model",
        copy / "version",
        recipe=str(recipe),
        data=drawn_data,
        output=copy / "version",
        cache=tmp_path / "cache",
    )
    assert load_engine(copy / "version", runtime="litert").thresholds.accept_probability >= 0.97


def test_a_recipe_that_trains_otherwise_is_refused(run, drawn_data, tmp_path):
    longer = STRICTER.replace("epochs = 2", "epochs = 3")
    with pytest.raises(CommandError, match="differs in its calibration alone"):
        again(run, drawn_data, tmp_path, longer)


@pytest.mark.parametrize(
    ("written", "instead"),
    [
        ("inner_share = 0.25", "inner_share = 0.5"),
        ("views = 2", "views = 4"),
        ("seed = 3", "seed = 9"),
    ],
)
def test_another_calibration_split_or_views_or_seed_is_refused(
    written, instead, run, drawn_data, tmp_path
):
    # Other calibration cells would be cells that trained the network.
    assert written in STRICTER
    with pytest.raises(CommandError, match="differs in its calibration alone"):
        again(run, drawn_data, tmp_path, STRICTER.replace(written, instead))


def test_an_adapted_version_is_refused(run, drawn_data, tmp_path):
    adapted = tmp_path / "run"
    shutil.copytree(run, adapted)
    card = json.loads((adapted / "version" / "card.json").read_text())
    write_card(card | {"adaptation": {"cells": 50}}, adapted / "version")
    with pytest.raises(CommandError, match="Calibrate the version that it was adapted from"):
        again(adapted, drawn_data, tmp_path, STRICTER)


def test_no_folder_is_deleted_that_holds_something_else(run, drawn_data, tmp_path):
    copy = tmp_path / "run"
    shutil.copytree(run, copy)
    (tmp_path / "again").mkdir()
    (tmp_path / "again" / "letters.txt").write_text("dear", encoding="utf-8")
    with pytest.raises(CommandError, match="nothing was written"):
        again(copy, drawn_data, tmp_path, STRICTER)
    assert (tmp_path / "again" / "letters.txt").read_text(encoding="utf-8") == "dear"


def test_calibrated_twice_the_card_still_names_the_training(run, drawn_data, tmp_path):
    first = again(run, drawn_data, tmp_path, STRICTER)
    before = json.loads((first / "card.json").read_text())["recalibrated"]
    moved = tmp_path / "second" / "version"
    shutil.copytree(first, moved)
    (moved.parent / "recipe.toml").write_text(STRICTER, encoding="utf-8")
    second = again(moved.parent, drawn_data, tmp_path, STRICTER.replace("0.97", "0.96"))
    assert json.loads((second / "card.json").read_text())["recalibrated"] == before


def test_a_version_beside_another_recipe_is_refused(run, drawn_data, tmp_path):
    moved = tmp_path / "run"
    shutil.copytree(run, moved)
    (moved / "recipe.toml").write_text(STRICTER, encoding="utf-8")
    with pytest.raises(CommandError, match="is not the tiny that its card names"):
        again(moved, drawn_data, tmp_path, STRICTER)


def test_other_pictures_are_refused(run, drawn_data, tmp_path):
    other = tmp_path / "data"
    shutil.copytree(drawn_data, other)
    lines = (other / "manifest.csv").read_text().splitlines()
    (other / "manifest.csv").write_text("\n".join(lines[:-1]) + "\n")
    with pytest.raises(CommandError, match="not the pictures that the version was trained on"):
        again(run, other, tmp_path, STRICTER)


def test_a_damaged_version_is_refused(run, drawn_data, tmp_path):
    broken = tmp_path / "run"
    shutil.copytree(run, broken)
    with (broken / "version" / "model.tflite").open("ab") as stream:
        stream.write(b"x")
    with pytest.raises(CommandError, match=r"model\.tflite"):
        again(broken, drawn_data, tmp_path, STRICTER)
