"""Two tiny recipes compared from beginning to end on drawn cells, stopped and gone on."""

import json
import logging
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from mlmodels.ml.datasets.manifest import Row, write_manifest
from mlmodels.ml.errors import RecipeInvalid
from mlmodels.research.comparison.run import compare_recipes
from mlmodels.research.comparison.scales import Scale
from tests.drawn_cells import draw_smear_png
from tests.factories.recipes import TINY_RECIPE

pytestmark = pytest.mark.slow

SCALE = Scale(16, 2, 6, 1, 32, "fold0")


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    """Both sets, drawn: sixteen photographs in folds, and sixteen cells of which four are test."""
    root = tmp_path_factory.mktemp("both")
    for name in ("kaggle", "pbc"):
        rows = []
        for k in range(16):
            label = "neutrophil" if k % 2 else "lymphocyte"
            path = f"cells/{name}/{k:02}.png"
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_bytes(draw_smear_png(seed=k, width=160, height=120))
            split = f"fold{k // 4}" if name == "kaggle" else ("test" if k < 4 else "train")
            kind = ("photograph" if k % 4 < 2 else "augmented") if name == "kaggle" else ""
            rows.append(Row(path, label, f"{name} {k}", split, kind))
        write_manifest(rows, root / "cells" / name / "manifest.csv")
    return root


@pytest.fixture(scope="module")
def recipes(tmp_path_factory) -> list[str]:
    """Two files of tiny recipes on both sets; the second learns by SGD at a larger input."""
    folder = tmp_path_factory.mktemp("recipes")
    text = TINY_RECIPE.replace("own = 1.0", "kaggle = 0.5, pbc = 0.5")
    other = text.replace('"tiny"', '"other"').replace("input_px = 32", "input_px = 48")
    (folder / "tiny.toml").write_text(text)
    (folder / "other.toml").write_text(other + 'optimizer = "sgd"\n')
    return [str(folder / "tiny.toml"), str(folder / "other.toml")]


@pytest.fixture(scope="module")
def compared(data, recipes, tmp_path_factory):
    work = tmp_path_factory.mktemp("work")
    found = compare(recipes, data, work)
    return found, work


def compare(recipes, data, work):
    return compare_recipes(
        recipes=recipes,
        data=data,
        scale_name="tiny",
        scale=SCALE,
        work=work,
        page=work / "comparison.md",
        command="make compare",
    )


def test_every_recipe_gets_figures_of_both_sets_and_its_cost(compared):
    found, _ = compared
    assert [f["recipe"] for f in found] == ["tiny", "other"]
    for f in found:
        assert {name: s["n"] for name, s in f["sets"].items()} == {
            "fold": 4,
            "photographs": 2,
            "copies": 2,
            "pbc": 2,
        }
        assert f["parameters"] > f["learning"] > 0
        assert f["litert_bytes"] > 4 * f["learning"]
        assert f["litert_ms"] > 0
        assert f["epochs"] == 2


def test_a_network_trained_on_smaller_crops_is_timed_at_its_own_input(compared):
    found, _ = compared
    assert [(f["input_px"], f["trained_px"]) for f in found] == [(32, 32), (48, 32)]


def test_the_page_has_a_row_for_each_and_names_its_command_and_scale(compared):
    _, work = compared
    page = (work / "comparison.md").read_text()
    assert "`make compare`" in page
    assert "Scale `tiny`: every recipe sees 2 epochs of 16 crops" in page
    assert "\n| tiny | " in page
    assert "\n| other | " in page
    assert "Not measured yet" not in page
    assert str(work) not in page


def test_what_is_done_is_not_done_again(compared, recipes, data, caplog):
    found, work = compared
    again = compare(recipes, data, work)
    assert caplog.messages == [f"{name}: done before" for name in recipes]
    assert again == json.loads(json.dumps(found))


def test_no_picture_that_is_held_out_was_kept_for_training(compared):
    _, work = compared
    manifest = (work / "tiny" / "data" / "cells" / "pbc" / "manifest.csv").read_text()
    assert ",test," not in manifest
    assert len(manifest.splitlines()) == 1 + 12


def test_the_page_says_what_is_not_measured_yet(data, recipes, tmp_path, caplog):
    class Killed(Exception):
        """Stands for the end of the process."""

    def die_at_the_second(record: logging.LogRecord) -> bool:
        if record.getMessage().startswith(recipes[1]):
            raise Killed
        return True

    with caplog.filtering(die_at_the_second), pytest.raises(Killed):
        compare(recipes, data, tmp_path)
    assert "Not measured yet" in (tmp_path / "comparison.md").read_text()


def test_an_unknown_scale_or_recipe_is_refused_in_a_sentence(data, tmp_path):
    with pytest.raises(RecipeInvalid, match="There are: small, full"):
        compare_recipes(
            recipes=["mobilenet_v2"],
            data=data,
            scale_name="huge",
            work=tmp_path,
            page=None,
            command="",
        )
    with pytest.raises(CommandError, match="no recipe resnet"):
        call_command("compare_recipes", data=data, recipes=["resnet"], work=tmp_path)
