"""A tiny version is adapted to reviewed cells: each part alone, and all of it to a folder."""

from __future__ import annotations

import csv
import json
from dataclasses import replace

import numpy as np
import pytest

from mlmodels.ml.adaptation.adaptable_network import UNCHANGED, AdaptableNetwork, Colour
from mlmodels.ml.adaptation.adaptation import Setting, adapt, answers_as_it_is, measured_on_others
from mlmodels.ml.adaptation.adapted_version import adapt_version
from mlmodels.ml.adaptation.reviewed_cells import (
    CellCrops,
    ReviewedCell,
    cut_reviewed,
    read_reviewed,
    write_reviewed,
)
from mlmodels.ml.datasets.manifest import Row, write_manifest
from mlmodels.ml.errors import ManifestInvalid
from mlmodels.ml.inference.calibration import (
    ACCEPTED,
    REVIEW,
    Acceptance,
    Thresholds,
    evidence_of,
)
from mlmodels.ml.inference.crops import Box, CropRule
from mlmodels.ml.inference.engine import FAMILIARITY, Engine, load_engine
from mlmodels.ml.inference.runtimes.keras_runtime import KerasRuntime
from mlmodels.ml.inference.size_evidence import weigh_sizes
from mlmodels.ml.training.architecture import build_network
from mlmodels.ml.training.calibration.fitting import fit_familiarity
from mlmodels.ml.training.export import write_card, write_litert
from mlmodels.ml.training.linear_head import fit_corrections
from mlmodels.ml.training.recipe import Architecture
from mlmodels.research.onboarding import Asked, demonstrate, draw_reviewed
from mlmodels.research.onboarding_text import onboarding_markdown
from tests.drawn_cells import draw_smear_png

pytestmark = pytest.mark.slow

CLASSES = ("neutrophil", "lymphocyte")
SIDE = 32


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    """A version of random weights that tells two classes."""
    import keras

    keras.utils.set_random_seed(5)
    folder = tmp_path_factory.mktemp("base") / "tiny-1"
    folder.mkdir()
    a = Architecture(base="plain_cnn", alpha=0.25, weights="none", input_px=SIDE, dropout=0.0)
    model = build_network(a, len(CLASSES), None)
    model.save(folder / "model.keras")
    write_litert(model, folder / "model.tflite")
    rng = np.random.default_rng(0)
    crops = rng.integers(60, 240, (40, SIDE, SIDE, 3)).astype(np.uint8)
    features = KerasRuntime.of(model).run(crops)[:, 3:]
    truth = np.arange(40) % 2
    fit_familiarity(features, truth, features).save(folder / FAMILIARITY)
    (folder / "trained_on.csv").write_text("sha256,source\nabc,slide 1\n", encoding="utf-8")
    card = {
        "name": "tiny",
        "version": "1",
        "engine": {
            "classes": list(CLASSES),
            "input_px": SIDE,
            "crop_scale": 1.9,
            "views": 2,
            "temperature": 1.5,
            "thresholds": Thresholds(0.8, 0.4, 0.0, 97.5, 99.5).as_dict(),
        },
    }
    write_card(card, folder)
    return folder


@pytest.fixture
def engine(base) -> Engine:
    return load_engine(base, runtime="keras")


@pytest.fixture
def network(base) -> AdaptableNetwork:
    return AdaptableNetwork(base / "model.keras")


@pytest.fixture(scope="module")
def cells() -> CellCrops:
    """Sixty crops of twelve sources; the second class is darker."""
    rng = np.random.default_rng(1)
    truth = np.arange(60) % 2
    levels = np.where(truth == 0, 200, 120)[:, None, None, None]
    pixels = np.clip(levels + rng.normal(0, 20, (60, SIDE, SIDE, 3)), 0, 255).astype(np.uint8)
    sources = np.array([f"sample {i // 5}" for i in range(60)])
    return CellCrops(
        pixels, truth, sources, ("0" * 64,) * 60, np.zeros(60), np.full(60, np.nan), {}
    )


def right(answers) -> int:
    return sum(a.true == a.predicted for a in answers)


# --- The parts --------------------------------------------------------------------------------


def test_a_correction_is_held_near_to_nothing():
    rng = np.random.default_rng(2)
    x, truth = rng.normal(0, 1, (50, 6)), np.arange(50) % 2
    x[truth == 1] += 2
    weak, strong = fit_corrections(
        x, np.zeros((50, 3)), truth, strengths=(1e-4, 1.0), class_power=1.0
    )
    assert np.abs(weak.weights).max() < 0.01 < np.abs(strong.weights).max()
    assert (strong.logits(x)[:, :2].argmax(axis=1) == truth).mean() > 0.9


def test_statistics_are_those_of_the_crops_and_can_be_taken_back(network, cells):
    before = network.statistics()
    bright = network.statistics_of(np.full((8, SIDE, SIDE, 3), 250, np.uint8))
    own = network.statistics_of(cells.pixels)
    for old, now in zip(before, network.statistics(), strict=True):
        assert np.array_equal(old[0], now[0])
    assert not np.allclose(bright[0][0], own[0][0])


def test_colours_are_moved_to_those_of_training(network, cells):
    # With the statistics of these very crops as those of training, darker ones are brightened.
    network.put_statistics(network.statistics_of(cells.pixels))
    darker = np.clip(cells.pixels.astype(int) - 30, 0, 255).astype(np.uint8)
    assert network.colour_towards_training(darker).shift == pytest.approx([30, 30, 30], abs=6)
    assert network.colour_towards_training(cells.pixels).shift == pytest.approx([0] * 3, abs=1)


def test_colours_are_written_into_the_network(network, cells):
    plain = network.answers(cells.pixels[:4])
    network.colour = Colour(np.array([20.0, -10.0, 5.0]))
    moved = network.answers(cells.pixels[:4])
    inside = KerasRuntime.of(network.finished()).run(cells.pixels[:4])
    assert not np.allclose(plain, moved, atol=1e-3)
    assert np.allclose(moved[:, : inside.shape[1]], inside, atol=1e-4)


def test_an_adapted_network_can_be_adapted_again(network, tmp_path):
    network.colour = Colour(np.array([20.0, -10.0, 5.0]))
    network.finished().save(tmp_path / "model.keras")
    again = AdaptableNetwork(tmp_path / "model.keras")
    assert again.colour.shift == pytest.approx([20.0, -10.0, 5.0])
    assert again.colour.after(UNCHANGED).part(0.5).shift == pytest.approx([10.0, -5.0, 2.5])


def test_a_setting_says_what_it_does():
    assert Setting().in_words() == "network unchanged"
    assert "50%" in Setting(statistics=0.5).in_words()


# --- The whole --------------------------------------------------------------------------------


def test_the_adapted_network_says_what_was_fitted(engine, network, cells):
    before = right(answers_as_it_is(engine, cells))
    fitted = adapt(engine, network, cells)
    logits = KerasRuntime.of(network.finished()).run(cells.pixels)[:, :2]
    after = (logits.argmax(axis=1) == cells.truth).sum()
    assert after >= max(before, 57)
    assert fitted.options[0].setting == fitted.setting
    losses = [option.loss for option in fitted.options]
    assert losses == sorted(losses)
    assert any(option.setting == Setting() for option in fitted.options)
    known = fitted.familiarity.percentiles(
        KerasRuntime.of(network.finished()).run(cells.pixels)[:, 3:]
    )
    assert 20 < np.median(known) < 80


def test_each_cell_is_measured_without_its_source(base, engine, cells):
    answers = measured_on_others(engine, lambda: AdaptableNetwork(base / "model.keras"), cells)
    assert [a.true for a in answers] == [CLASSES[k] for k in cells.truth]
    assert right(answers) >= 50


def test_labels_without_a_pattern_are_not_learned_by_heart(base, engine, cells):
    # Truth by sources at random: what is measured must stay near a coin's throw.
    rng = np.random.default_rng(3)
    shuffled = CellCrops(
        cells.pixels,
        rng.permutation(cells.truth),
        cells.sources,
        cells.sha256,
        cells.edge_share,
        cells.sizes,
        {},
    )
    answers = measured_on_others(engine, lambda: AdaptableNetwork(base / "model.keras"), shuffled)
    assert right(answers) < 45


def write_cells(folder, count=54):
    rows = []
    for k in range(count // 2):
        name = f"{k}.png"
        centres = [(70, 90), (210, 90)]
        (folder / name).write_bytes(draw_smear_png(seed=k, width=280, height=180, centres=centres))
        for label, (x, y) in zip(CLASSES, centres, strict=True):
            rows.append(ReviewedCell(name, label, f"sample {k // 3}", Box(x - 40, y - 40, 80, 80)))
    write_reviewed(rows, folder / "manifest.csv")
    return rows


def test_a_version_folder_comes_out_that_loads_and_says_what_was_done(base, tmp_path):
    write_cells(tmp_path)
    cells = read_reviewed(tmp_path / "manifest.csv")
    card = adapt_version(
        base,
        cells,
        tmp_path,
        tmp_path / "version",
        name="adapted",
        version="1",
        profile="Bench 2",
        classes=CLASSES,
    )
    opened = load_engine(tmp_path / "version", runtime="litert")
    done = json.loads((tmp_path / "version" / "card.json").read_text())["adaptation"]
    assert opened.card["name"] == "adapted"
    assert done == json.loads(json.dumps(card["adaptation"]))
    assert (done["base"], done["profile"], done["cells"]) == ("tiny 1", "Bench 2", 54)
    assert done["before"]["n"] == done["after"]["n"] == 54
    assert done["classes"] == list(CLASSES)
    assert done["acceptance"]["cells"] == 54
    assert "reviewed cells" in done["acceptance"]["in_words"]
    assert card["agreement"]["same_class"] >= 0.999
    with (tmp_path / "version" / "trained_on.csv").open() as stream:
        sources = {row["source"] for row in csv.DictReader(stream)}
    assert {"slide 1", "sample 0", "sample 8"} <= sources


@pytest.mark.parametrize("count", [2, 40])
def test_too_few_cells_are_refused_in_a_sentence(base, tmp_path, count):
    rows = write_cells(tmp_path, count)
    with pytest.raises(ManifestInvalid, match="50 are needed"):
        adapt_version(base, rows, tmp_path, tmp_path / "version", name="a", version="1")


def test_cells_of_other_classes_and_lost_ones_are_left_out_and_counted(tmp_path):
    rows = write_cells(tmp_path, 4)
    rows += [
        ReviewedCell("0.png", "blast", "sample 0"),
        ReviewedCell("gone.png", "neutrophil", "sample 0"),
        ReviewedCell("0.png", "neutrophil", "sample 0", Box(0, 0, 5, 5)),
    ]
    crops = cut_reviewed(rows, tmp_path, CLASSES, CropRule(1.9, SIDE))
    assert len(crops.truth) == 4
    assert sum(crops.left_out.values()) == 3


def test_a_file_that_is_no_manifest_is_refused(tmp_path):
    (tmp_path / "manifest.csv").write_text("name,kind\na,b\n")
    with pytest.raises(ManifestInvalid, match="no manifest of reviewed cells"):
        read_reviewed(tmp_path / "manifest.csv")


# --- The demonstration ------------------------------------------------------------------------


def test_whole_sources_are_drawn_and_the_same_for_the_same_seed():
    rows = [Row(f"{k}.png", "neutrophil", f"slide {k // 3}") for k in range(30)]
    taken, others = draw_reviewed(rows, 10, seed=1)
    assert len(taken) == 12
    assert not {row.source for row in taken} & {row.source for row in others}
    assert draw_reviewed(rows, 10, seed=1) == (taken, others)
    assert draw_reviewed(rows, 10, seed=2) != (taken, others)


def test_a_set_is_adapted_to_in_part_and_measured_on_the_rest(base, tmp_path):
    folder = tmp_path / "cells" / "own"
    folder.mkdir(parents=True)
    rows = []
    for k in range(16):
        (folder / f"{k}.png").write_bytes(draw_smear_png(seed=k, width=160, height=120))
        rows.append(Row(f"cells/own/{k}.png", CLASSES[k % 2], f"slide {k}"))
    write_manifest(rows, folder / "manifest.csv")
    result = demonstrate(
        base=base,
        data=tmp_path,
        asked=Asked("own", cells=10, draws=2),
        output=tmp_path / "out",
    )
    assert [draw["measured_on"] for draw in result["draws"]] == [6, 6]
    assert result["summary"]["accuracy_after"]["lowest"] <= 1
    written = json.loads((tmp_path / "out" / "own-10-2.json").read_text())
    assert written == json.loads(json.dumps(result))
    page = onboarding_markdown(result, "manage.py demonstrate_onboarding")
    assert "| 0 | " in page
    assert "2 times" in page
    with pytest.raises(ManifestInvalid, match="more are needed"):
        demonstrate(base=base, data=tmp_path, asked=Asked("own", cells=16), output=tmp_path)


def test_a_demonstration_reviews_one_split_and_measures_another_with_strangers_apart(
    base, tmp_path
):
    folder = tmp_path / "cells" / "own"
    folder.mkdir(parents=True)
    rows = []
    for k in range(24):
        (folder / f"{k}.png").write_bytes(draw_smear_png(seed=k, width=160, height=120))
        label = "blast" if k % 3 == 2 else CLASSES[k % 3]
        split = "test" if k >= 18 else "train"
        rows.append(Row(f"cells/own/{k}.png", label, f"slide {k}", split))
    write_manifest(rows, folder / "manifest.csv")
    asked = Asked("own", 10, 1, classes=CLASSES, reviewed="train", measured="test", at_most=1)
    result = demonstrate(base=base, data=tmp_path, asked=asked, output=tmp_path / "out")
    [draw] = result["draws"]
    assert (draw["reviewed"], draw["measured_on"]) == (10, 2)
    assert draw["before"]["strangers"] == {"blast": {"n": 1, "accepted": 0, "right": 0}}
    assert set(draw["after"]["accepted_by_class"]) == set(CLASSES)
    page = onboarding_markdown(result, "manage.py demonstrate_onboarding")
    assert "Of other classes" in page
    assert "neutrophil, lymphocyte" in page


def test_what_few_cells_prove_of_acceptance_is_said(engine, network, cells):
    fitted = adapt(engine, network, cells)
    shown = fitted.acceptable
    assert shown.confidence == fitted.thresholds.accept_probability
    assert shown.cells == 60
    assert shown.right <= shown.accepted <= shown.cells
    assert not shown.is_proven


def test_no_answer_becomes_surer_by_its_temperature_and_each_class_stays_as_strict(
    engine, network, cells
):
    strict = {"neutrophil": Acceptance(0.999, 50.0)}
    asked = replace(engine, thresholds=replace(engine.thresholds, by_class=strict))
    fitted = adapt(asked, network, cells)
    assert fitted.temperature >= 1
    assert fitted.thresholds.by_class == strict  # Confidence and percentile know no temperature.
    assert fitted.thresholds.acceptance("neutrophil").confidence >= 0.999


def test_cells_of_classes_that_do_not_occur_are_left_out_of_an_adaptation(engine, tmp_path):
    rows = write_cells(tmp_path, 4)
    masked = engine.of_classes(["neutrophil"])
    crops = cut_reviewed(rows, tmp_path, CLASSES, masked.crop_rule, masked.occurring)
    assert {CLASSES[k] for k in crops.truth} == {"neutrophil"}
    assert crops.left_out == {"of a class that is said not to occur": 2}


def test_an_adaptation_accepts_nothing_that_its_base_would_not(engine, network, cells):
    for least in (0.5, 0.99):
        strict = replace(engine, thresholds=replace(engine.thresholds, accept_probability=least))
        fitted = adapt(strict, network, cells)
        assert fitted.thresholds.accept_probability >= least
        assert fitted.thresholds.identify_probability == fitted.thresholds.accept_probability / 2


def test_an_adaptation_accepts_none_of_a_class_that_is_always_reviewed(engine, cells):
    open_to_all = replace(engine, thresholds=Thresholds(0.0, 0.0, 0.0, 100.0, 100.0))
    strict = replace(open_to_all, always_reviewed=frozenset({CLASSES[0]}))
    for answer in answers_as_it_is(strict, cells):
        assert answer.disposition == (REVIEW if answer.predicted == CLASSES[0] else ACCEPTED)
    assert {a.disposition for a in answers_as_it_is(open_to_all, cells)} == {ACCEPTED}


def test_sizes_count_for_an_adaptation_as_they_do_in_use(engine, cells):
    limits = np.array([0.8, np.inf])
    sized = replace(engine, size_limits=limits)
    large = replace(cells, sizes=np.full(len(cells.truth), 1.6))
    plain = {a.predicted for a in answers_as_it_is(engine, large)}
    logits = weigh_sizes(engine.run(large.pixels)[0], large.sizes, limits)
    expected = [CLASSES[k] for k in logits.argmax(axis=1)]
    assert [a.predicted for a in answers_as_it_is(sized, large)] == expected
    assert [a.predicted for a in answers_as_it_is(sized, cells)] == [
        a.predicted for a in answers_as_it_is(engine, cells)
    ]
    assert plain == {"neutrophil"} != set(expected)


def test_evidence_is_what_the_network_found_whatever_the_sizes_say(engine, cells):
    large = replace(cells, sizes=np.full(len(cells.truth), 1.6))
    least = float(evidence_of(engine.run(large.pixels)[0], engine.temperature).min())
    asked = dict.fromkeys(CLASSES, Acceptance(evidence=least - 1e-4))
    known = Thresholds(0.0, 0.0, 0.0, 100.0, 100.0, by_class=asked)
    sized = replace(
        engine, thresholds=known, size_limits=np.array([0.8, np.inf]), always_reviewed=frozenset()
    )
    answers = answers_as_it_is(sized, large)
    assert {a.disposition for a in answers} == {"accepted"}
