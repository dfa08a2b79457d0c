"""A network of eight bits is kept beside the float one only where it says the same."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
from django.core.management import call_command

from mlmodels.ml.errors import ArtifactDamaged
from mlmodels.ml.inference.engine import FAMILIARITY_INT8, load_engine, verify_folder
from mlmodels.ml.inference.runtimes.choose import FILES, INT8_FILE, open_runtime
from mlmodels.ml.training import eight_bits
from mlmodels.ml.training.architecture import build_network
from mlmodels.ml.training.eight_bits import Sameness, sameness, write_int8
from mlmodels.ml.training.export import finish_version, write_litert
from mlmodels.ml.training.loop import RunPlan, train
from mlmodels.ml.training.recipe import Architecture, parse_recipe
from mlmodels.ml.training.reports.card_text import card_markdown
from mlmodels.services.training import run_training
from tests.drawn_cells import draw_smear_png
from tests.factories.recipes import TINY_RECIPE

EIGHT_BITS = TINY_RECIPE.replace("views = 2", "views = 2\neight_bits = true")
ABOUT = {"name": "tiny", "version": "0.0.1", "hold_out": "", "git_revision": "abc"}


@pytest.mark.parametrize(
    ("said", "holds"),
    [
        (Sameness(2000, 1990, 1980), True),
        (Sameness(2000, 1989, 2000), False),
        (Sameness(2000, 2000, 1979), False),
        (Sameness(0, 0, 0), False),
    ],
)
def test_it_holds_from_the_same_class_in_995_and_acceptance_in_990_of_a_thousand(said, holds):
    assert said.holds == holds


def test_the_card_says_which_network_is_used():
    assert Sameness(2000, 1999, 1998).in_words() == (
        "On 2000 cells the network of eight bits names 1999 as the float one does (99.5% are "
        "wanted) and accepts alike 1998 (99% are wanted). It is used where it is asked for."
    )
    assert Sameness(2000, 1900, 1998).in_words().endswith("So the float one is used.")


class SeesNoCell:
    """A network that takes whatever it is shown for no cell."""

    name = "none"

    def __init__(self, engine):
        self._runtime, self._cell_logit = engine.runtime, len(engine.classes)

    def run(self, crops):
        packed = self._runtime.run(crops)
        packed[:, self._cell_logit] = -50.0
        return packed


@pytest.fixture
def pictures(tmp_path):
    files = [tmp_path / f"{seed}.png" for seed in range(3)]
    for seed, file in enumerate(files):
        file.write_bytes(draw_smear_png(seed=seed))
    return files


def test_an_engine_says_the_same_as_itself(shipped_engine, pictures):
    assert sameness(shipped_engine, shipped_engine, pictures) == Sameness(3, 3, 3)


def test_another_acceptance_is_noticed_where_the_class_is_the_same(shipped_engine, pictures):
    lax, strict = [
        replace(
            shipped_engine,
            always_reviewed=frozenset(),
            thresholds=replace(
                shipped_engine.thresholds,
                accept_probability=least,
                identify_probability=0.0,
                objectness=0.0,
                unusual_percentile=100.0,
                unfamiliar_percentile=100.0,
                by_class={},
            ),
        )
        for least in (0.0, 1.01)
    ]
    found = sameness(lax, strict, pictures)
    assert (found.n, found.same_class) == (3, 3)
    assert found.same_acceptance == 0


def test_a_cell_that_one_of_them_does_not_find_counts_as_different(shipped_engine, pictures):
    blind = replace(shipped_engine, runtime=SeesNoCell(shipped_engine))
    assert sameness(shipped_engine, blind, pictures) == Sameness(3, 0, 0)
    assert sameness(blind, blind, pictures) == Sameness(0, 0, 0)


def test_a_version_is_read_with_eight_bits_where_it_has_them_else_with_floats(shipped_folder):
    sums = verify_folder(shipped_folder)
    engine = load_engine(shipped_folder, runtime="int8")
    assert engine.weights_sha256 == sums.get(INT8_FILE, sums[FILES["litert"]])


@pytest.mark.slow
def test_its_weights_have_eight_bits_and_its_answers_are_near(tmp_path):
    from ai_edge_litert.interpreter import Interpreter

    small = Architecture(base="plain_cnn", alpha=0.5, weights="none", input_px=32)
    model = build_network(small, 3, None)
    model.save(tmp_path / FILES["keras"])
    write_litert(model, tmp_path / FILES["litert"])
    crops = np.random.default_rng(0).integers(0, 256, (20, 32, 32, 3), dtype=np.uint8)
    write_int8(tmp_path / FILES["keras"], tmp_path / INT8_FILE, crops)
    opened = Interpreter(model_path=str(tmp_path / INT8_FILE))
    kernels = [t for t in opened.get_tensor_details() if len(t["shape"]) == 4 and t["shape"][1] > 1]
    assert sum(t["dtype"] == np.int8 for t in kernels) >= 4
    # One scale for each channel of a kernel.
    assert max(len(t["quantization_parameters"]["scales"]) for t in kernels) > 1
    floats, eight = (open_runtime(tmp_path, name).run(crops) for name in ("litert", "int8"))
    assert floats.shape == eight.shape
    assert np.abs(floats - eight).max() < 0.1 * np.ptp(floats)
    assert (tmp_path / INT8_FILE).stat().st_size < 0.5 * (tmp_path / FILES["litert"]).stat().st_size


@pytest.fixture(scope="module")
def finished(drawn_data, tmp_path_factory):
    """Make a finished run by a recipe that asks for eight bits; the network is trained once."""
    root = tmp_path_factory.mktemp("runs")
    recipe = parse_recipe(EIGHT_BITS)
    plan = RunPlan(recipe, drawn_data, root / "run", root, threads=1)
    model, data = train(plan)

    def finish(folder):
        finish_version(
            model, data, recipe, data_root=drawn_data, output=folder / "version", **ABOUT
        )
        (folder / "recipe.toml").write_text(EIGHT_BITS, encoding="utf-8")
        return folder

    return finish


@pytest.fixture(scope="module")
def holding(finished, tmp_path_factory):
    """A run whose two networks count as saying the same, barely trained as they are."""
    with pytest.MonkeyPatch.context() as limits:
        limits.setattr(eight_bits, "LEAST_SAME_CLASS", -1.0)
        limits.setattr(eight_bits, "LEAST_SAME_ACCEPTANCE", -1.0)
        return finished(tmp_path_factory.mktemp("holding") / "run")


@pytest.mark.slow
def test_where_it_holds_it_is_opened_with_what_was_calibrated_for_it(holding):
    folder = holding / "version"
    sums = verify_folder(folder)
    card = json.loads((folder / "card.json").read_text())
    said = card["eight_bits"]
    assert said["used"]
    assert {"n", "same_class", "same_acceptance", "why"} <= set(said)
    assert said["why"] in card_markdown(card)
    assert FAMILIARITY_INT8 in sums
    engine, floats = (load_engine(folder, runtime=name) for name in ("int8", "litert"))
    assert engine.weights_sha256 == sums[INT8_FILE]
    assert floats.weights_sha256 == sums[FILES["litert"]]
    assert engine.temperature == said["engine"]["temperature"]
    assert floats.temperature == card["engine"]["temperature"]
    assert engine.familiarity.mean.shape == floats.familiarity.mean.shape
    assert not np.array_equal(engine.familiarity.mean, floats.familiarity.mean)


@pytest.mark.slow
@pytest.mark.parametrize("name", [INT8_FILE, FAMILIARITY_INT8])
def test_a_damaged_file_of_it_is_refused_whichever_network_is_asked_for(holding, name, tmp_path):
    folder = shutil.copytree(holding / "version", tmp_path / "version")
    (folder / name).write_bytes(b"other bytes")
    for runtime in ("int8", "litert"):
        with pytest.raises(ArtifactDamaged, match=name):
            load_engine(folder, runtime=runtime)


@pytest.mark.slow
def test_where_it_does_not_hold_the_card_says_why_and_nothing_of_it_stays(finished, tmp_path):
    with pytest.MonkeyPatch.context() as limits:
        limits.setattr(eight_bits, "LEAST_SAME_CLASS", 1.01)
        folder = finished(tmp_path / "run") / "version"
    card = json.loads((folder / "card.json").read_text())
    assert not card["eight_bits"]["used"]
    assert card["eight_bits"]["why"].endswith("So the float one is used.")
    assert "engine" not in card["eight_bits"]
    sums = verify_folder(folder)
    assert {INT8_FILE, FAMILIARITY_INT8}.isdisjoint({*sums, *(f.name for f in folder.iterdir())})
    assert load_engine(folder, runtime="int8").weights_sha256 == sums[FILES["litert"]]


@pytest.mark.slow
def test_a_calibration_by_a_recipe_that_does_not_ask_for_it_drops_it(holding, drawn_data, tmp_path):
    recipe = tmp_path / "other.toml"
    recipe.write_text(TINY_RECIPE, encoding="utf-8")
    call_command(
        "recalibrate_model",
        holding / "version",
        recipe=str(recipe),
        data=drawn_data,
        output=tmp_path / "again",
        cache=tmp_path / "cache",
    )
    assert INT8_FILE not in verify_folder(tmp_path / "again")
    assert not (tmp_path / "again" / INT8_FILE).exists()
    assert "eight_bits" not in json.loads((tmp_path / "again" / "card.json").read_text())


@pytest.mark.slow
def test_its_weights_are_shipped_where_versions_share_them(holding, tmp_path, monkeypatch):
    monkeypatch.setattr(run_training, "SHIPPED", tmp_path / "shipped")
    (tmp_path / "shipped").mkdir()
    shipped = run_training.ship(holding, version="9.0.0", about=None, metrics={})
    digest = verify_folder(shipped)[INT8_FILE]
    assert (tmp_path / "shipped" / "weights" / f"{digest}.tflite").is_file()
    assert not (shipped / INT8_FILE).exists()
    assert load_engine(shipped, runtime="int8").weights_sha256 == digest
    card = json.loads((shipped / "card.json").read_text())
    assert card["weights_sha256"][INT8_FILE] == digest


@pytest.mark.slow
def test_a_version_without_it_is_timed_with_one_that_is_thrown_away(finished, drawn_data, tmp_path):
    with pytest.MonkeyPatch.context() as limits:
        limits.setattr(eight_bits, "LEAST_SAME_CLASS", 1.01)
        folder = finished(tmp_path / "run") / "version"
    before = sorted(file.name for file in folder.iterdir())
    call_command(
        "benchmark_engine", "--model", str(folder), "--runtimes", "litert", "int8",
        "--threads", "1", "--batches", "1", "--repetitions", "2", "--memory-images", "0",
        "--json", str(tmp_path / "b.json"),
    )  # fmt: skip
    rows = json.loads((tmp_path / "b.json").read_text())["rows"]
    assert [row["runtime"] for row in rows if row["part"] == "crops"] == ["litert", "int8"]
    assert list(rows[-1]["calls"]) == [
        "whole engine, litert",
        "its network, 2 views, litert",
        "whole engine, int8",
        "its network, 2 views, int8",
    ]
    assert sorted(file.name for file in folder.iterdir()) == before
