"""A tiny version with attributes: from its training, and given to it afterwards by command."""

import csv
import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from mlmodels.ml.errors import ArtifactDamaged
from mlmodels.ml.inference.attributes import NEVER, AttributeHead
from mlmodels.ml.inference.engine import load_engine, verify_folder
from mlmodels.ml.inference.pipeline import read_image
from mlmodels.ml.training.export import finish_version, write_card
from mlmodels.ml.training.loop import RunPlan, train

pytestmark = pytest.mark.slow

SHAPES = {"neutrophil": "segmented-multilobed", "lymphocyte": "unsegmented-round"}


@pytest.fixture(scope="module")
def described_data(drawn_data, tmp_path_factory):
    """The drawn smears, with a table that says what their nuclei look like."""
    root = tmp_path_factory.mktemp("described") / "data"
    shutil.copytree(drawn_data, root)
    with (root / "manifest.csv").open(newline="") as stream:
        rows = [(row["path"], "train", SHAPES[row["class"]]) for row in csv.DictReader(stream)]
    with (root / "attributes.csv").open("w", newline="") as stream:
        csv.writer(stream).writerows([("path", "split_hint", "nucleus_shape"), *rows])
    return root


@pytest.fixture(scope="module")
def version(tiny_recipe, described_data, tmp_path_factory):
    """Trained without fold0."""
    run = tmp_path_factory.mktemp("runs") / "tiny"
    plan = RunPlan(tiny_recipe, described_data, run, run.parent, hold_out="fold0", threads=1)
    model, data = train(plan)
    finish_version(
        model,
        data,
        tiny_recipe,
        name="tiny",
        version="0.0.1",
        data_root=described_data,
        output=run / "version",
        hold_out="fold0",
        git_revision="",
    )
    return run / "version"


def head_of(version: Path) -> AttributeHead:
    head = load_engine(version, runtime="litert").attributes
    assert head is not None
    return head


def test_a_training_on_described_cells_ends_with_a_head(version):
    assert "attributes.npz" in verify_folder(version)
    head = head_of(version)
    assert head.attributes == ("nucleus_shape",)
    assert head.classes == ("lymphocyte", "neutrophil")
    card = json.loads((version / "card.json").read_text())
    assert card["attributes"]["n"] + card["attributes"]["n_inner"] == 12


def test_a_cell_that_was_read_carries_what_is_sure(version, described_data):
    engine = load_engine(version, runtime="litert")
    # Barely trained weights are sure of nothing; here everything counts.
    head = head_of(version)
    head = replace(head, least=0 * head.least, shares=0 * head.shares + 1)
    t = replace(
        engine.thresholds,
        objectness=0.0,
        identify_probability=0.0,
        unusual_percentile=100.0,
        unfamiliar_percentile=100.0,
    )
    data = (described_data / "00.png").read_bytes()
    cell = read_image(data, replace(engine, attributes=head, thresholds=t)).cells[0]
    assert cell.attributes["nucleus_shape"].value in SHAPES.values()
    unsure = replace(head, least=head.least + NEVER)
    cell = read_image(data, replace(engine, attributes=unsure, thresholds=t)).cells[0]
    assert cell.attributes == {}


def test_nothing_is_said_of_an_unidentified_cell(version, described_data):
    engine = load_engine(version, runtime="litert")
    head = head_of(version)
    head = replace(head, least=0 * head.least, shares=0 * head.shares + 1)
    t = replace(engine.thresholds, objectness=0.0, identify_probability=1.1)
    data = (described_data / "00.png").read_bytes()
    cell = read_image(data, replace(engine, attributes=head, thresholds=t)).cells[0]
    assert (cell.disposition, cell.attributes) == ("unidentified", {})


def test_a_changed_head_is_refused(version, tmp_path):
    folder = shutil.copytree(version, tmp_path / "version")
    data = bytearray((folder / "attributes.npz").read_bytes())
    data[len(data) // 2] ^= 1
    (folder / "attributes.npz").write_bytes(data)
    with pytest.raises(ArtifactDamaged, match=r"attributes\.npz"):
        load_engine(folder, runtime="litert")


def test_a_head_that_the_checksums_do_not_name_is_not_used(version, tmp_path):
    folder = shutil.copytree(version, tmp_path / "version")
    sums = (folder / "SHA256SUMS").read_text().splitlines()
    kept = [line for line in sums if "attributes.npz" not in line]
    (folder / "SHA256SUMS").write_text("\n".join(kept) + "\n")
    assert load_engine(folder, runtime="litert").attributes is None


@pytest.fixture
def bare_run(version, tmp_path):
    """The same version as it was before there were heads, in its run folder."""
    run = shutil.copytree(version.parent, tmp_path / "run")
    card = json.loads((run / "version" / "card.json").read_text())
    card.pop("attributes")
    (run / "version" / "attributes.npz").unlink()
    write_card(card, run / "version")
    return run


def test_the_command_gives_a_finished_version_the_same_head(version, bare_run, described_data):
    folder = bare_run / "version"
    assert load_engine(folder, runtime="litert").attributes is None
    before = verify_folder(folder)
    options = {"data": described_data, "cache": bare_run / "cache"}
    call_command("fit_attributes", folder, runtime="keras", **options)
    after = verify_folder(folder)
    assert {n for n in after if before.get(n) != after[n]} == {"attributes.npz", "card.json"}
    given, trained = head_of(folder), head_of(version)
    assert given.columns == trained.columns
    assert given.weights == pytest.approx(trained.weights, abs=1e-3)


def test_the_command_can_leave_the_version_as_it_is(bare_run, described_data, tmp_path):
    folder, output = bare_run / "version", tmp_path / "with"
    before = verify_folder(folder)
    options = {"data": described_data, "cache": bare_run / "cache", "output": output}
    call_command("fit_attributes", folder, **options)
    assert verify_folder(folder) == before
    assert "attributes.npz" in verify_folder(output)


def test_data_that_the_version_was_not_trained_on_are_refused(bare_run, drawn_data, tmp_path):
    other = shutil.copytree(drawn_data, tmp_path / "other")
    (other / "15.png").write_bytes((other / "14.png").read_bytes())
    with pytest.raises(CommandError, match="not the pictures"):
        call_command("fit_attributes", bare_run / "version", data=other, cache=bare_run / "cache")


def test_data_without_a_table_are_refused_in_a_sentence(bare_run, drawn_data):
    with pytest.raises(CommandError, match=r"table of attributes\.$"):
        call_command(
            "fit_attributes", bare_run / "version", data=drawn_data, cache=bare_run / "cache"
        )


def test_attributes_are_measured_by_command(version, described_data, tmp_path, capsys):
    call_command(
        "evaluate_model",
        manifest=described_data / "manifest.csv",
        attributes=described_data / "attributes.csv",
        model=str(version),
        runtime="litert",
        json=str(tmp_path / "o.json"),
    )
    figures = json.loads((tmp_path / "o.json").read_text())
    # Four pictures are of the fold that was held out; the other twelve trained or calibrated.
    assert (figures["n"], figures["trained_on"]) == (4, 12)
    assert figures["weights_sha256"] == verify_folder(version)["model.tflite"]
    assert set(figures["per_attribute"]) == {"nucleus_shape"}
    assert "mean macro-F1" in capsys.readouterr().out


def test_a_version_without_a_head_cannot_be_measured_for_one(bare_run, described_data):
    with pytest.raises(CommandError, match="names no attributes"):
        call_command(
            "evaluate_model",
            manifest=described_data / "manifest.csv",
            attributes=described_data / "attributes.csv",
            model=str(bare_run / "version"),
            runtime="litert",
        )
