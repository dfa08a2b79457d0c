"""`manage.py evaluate_model`, on folders of drawn cells; no database."""

import csv
import json

import pytest
from django.core.management import CommandError, call_command

from mlmodels.ml.inference.pipeline import read_image
from tests.drawn_cells import draw_smear_png


@pytest.fixture
def folder(tmp_path):
    """Class folders in the archive's letters: two drawn cells, one field without any."""
    for name, cells in (("LYMPHOCYTE/a.png", 1), ("Erythroblast/b.png", 1), ("MONOCYTE/c.png", 0)):
        (tmp_path / "TEST" / name).parent.mkdir(parents=True)
        (tmp_path / "TEST" / name).write_bytes(draw_smear_png(seed=cells, cells=cells))
    return tmp_path


def measure(tmp_path, **options):
    out = tmp_path / "out"
    call_command(
        "evaluate_model",
        runtime="litert",
        json=str(out / "o.json"),
        predictions=str(out / "p.csv"),
        **options,
    )
    with (out / "p.csv").open(newline="") as stream:
        return json.loads((out / "o.json").read_text()), list(csv.DictReader(stream))


def test_class_folders_in_any_case_are_measured(folder):
    figures, rows = measure(folder, data=str(folder))
    assert figures["n"] == 3
    assert [row["true"] for row in rows] == ["erythroblast", "lymphocyte", "monocyte"]


def test_a_picture_without_a_cell_counts_as_wrong_and_is_empty(folder):
    figures, rows = measure(folder, data=str(folder))
    empty = rows[2]
    assert (empty["predicted"], empty["disposition"], empty["cells_found"]) == ("", "", "0")
    assert figures["no_cell_found"] == 1
    assert figures["per_class"]["monocyte"]["recall"] == 0.0


def test_only_the_classes_that_are_named_are_measured(folder):
    figures, rows = measure(folder, data=str(folder), classes=["lymphocyte", "monocyte"])
    assert figures["n"] == 2
    assert [row["true"] for row in rows] == ["lymphocyte", "monocyte"]
    with pytest.raises(CommandError, match="no picture of the class basophil"):
        measure(folder, data=str(folder), classes=["basophil"])


def test_cells_are_named_among_the_classes_that_occur_as_in_a_profile(folder):
    mature = ["neutrophil", "eosinophil", "basophil", "lymphocyte", "monocyte"]
    _, free = measure(folder, data=str(folder))
    figures, rows = measure(folder, data=str(folder), occurring=mature)
    assert "erythroblast" in {row["predicted"] for row in free}
    # A blast occurs everywhere; what is most like a class left out is never accepted.
    assert {row["predicted"] for row in rows} <= {*mature, "blast", ""}
    assert figures["occurring"] == mature


def test_the_answer_is_that_of_the_function_in_use(folder, shipped_engine):
    _, rows = measure(folder, data=str(folder))
    for row in rows[:2]:
        cell = read_image((folder / row["path"]).read_bytes(), shipped_engine).cells[0]
        assert row["predicted"] == cell.label
        assert float(row["confidence"]) == pytest.approx(cell.confidence, abs=1e-4)
        assert row["disposition"] == cell.disposition


def test_the_figures_have_every_name_that_others_read(folder):
    figures, _ = measure(folder, data=str(folder))
    assert {
        "accuracy", "balanced_accuracy", "per_class", "confusion_matrix", "coverage",
        "accuracy_accepted", "ece", "ms_per_image", "n", "trained_on", "weights_sha256",
        "intervals",
    } <= set(figures)  # fmt: skip


def test_a_split_of_a_manifest_is_measured_alone(folder):
    manifest = folder / "m.csv"
    manifest.write_text(
        "path,class,source,split_hint\n"
        "TEST/LYMPHOCYTE/a.png,lymphocyte,s1,fold0\nTEST/Erythroblast/b.png,x,s2,fold1\n"
    )
    figures, rows = measure(folder, manifest=str(manifest), root=str(folder), split="fold0")
    assert figures["n"] == 1
    assert rows[0]["path"] == "TEST/LYMPHOCYTE/a.png"


def test_a_file_that_is_no_picture_is_named_and_counts_as_wrong(folder):
    (folder / "TEST" / "MONOCYTE" / "c.png").write_bytes(b"not a picture")
    figures, _ = measure(folder, data=str(folder))
    assert figures["unreadable"] == ["TEST/MONOCYTE/c.png"]
    assert figures["n"] == 3


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"data": "/nowhere"},
        {"manifest": "/nowhere.csv"},
        {"model": "hematovision-99", "data": "."},
    ],
)
def test_what_is_missing_is_said_in_a_sentence(options, tmp_path):
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "a.png").write_bytes(b"")
    options = {k: str(tmp_path) if v == "." else v for k, v in options.items()}
    with pytest.raises(CommandError, match=r"\.$"):
        call_command("evaluate_model", **options)
