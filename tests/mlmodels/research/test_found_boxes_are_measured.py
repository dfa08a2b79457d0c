"""Found boxes against drawn ones, on a field whose cells we drew ourselves."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

from mlmodels.artifacts import model_directory
from mlmodels.ml.errors import ManifestInvalid
from mlmodels.ml.inference.crops import Box
from mlmodels.ml.inference.pipeline import CellFinding
from mlmodels.ml.inference.version_files import copy_version
from mlmodels.research.box_evaluation import (
    FieldAnswer,
    matches,
    measure_boxes,
    read_boxes,
    report_boxes,
)
from mlmodels.research.evaluation import evaluate_boxes_by_fold
from tests.drawn_cells import draw_smear_png


def test_ignored_images_are_left_out_and_empty_fields_kept(tmp_path):
    file = tmp_path / "boxes.csv"
    file.write_text(
        "image,x,y,width,height,kind\na.png,1,2,3,4,white_cell\nb.png,,,,,none\nc.png,,,,,ignore\n"
    )
    assert read_boxes(file) == {"a.png": [Box(1, 2, 3, 4)], "b.png": []}


def test_a_table_of_something_else_is_refused(tmp_path):
    (tmp_path / "boxes.csv").write_text("path,class\na,b\n")
    with pytest.raises(ManifestInvalid):
        read_boxes(tmp_path / "boxes.csv")


def test_drawn_cells_are_found_and_a_box_elsewhere_is_not(tmp_path, shipped_engine):
    (tmp_path / "a.png").write_bytes(draw_smear_png(seed=7, centres=[(120, 180), (360, 180)]))
    boxes = {"a.png": [Box(78, 138, 84, 84), Box(10, 300, 40, 40)]}
    figures = measure_boxes(boxes, tmp_path, shipped_engine)
    assert figures["found_at_overlap"]["0.3"]["found"] == 1
    assert figures["false_cells"] == 1
    assert figures["fields_with_false_cells"] == 1


def a_cell(box: Box, disposition: str = "accepted", label: str = "neutrophil") -> CellFinding:
    return CellFinding(box, label, 0.9, {label: 1.0}, disposition, 100.0, 0.9, 50.0, np.zeros(1))


def test_one_cell_matches_one_box_only():
    twins = FieldAnswer((Box(0, 0, 10, 10), Box(1, 0, 10, 10)), (a_cell(Box(0, 0, 10, 10)),))
    assert matches(twins, 0.5) == {0: 0}


def test_a_false_cell_is_named_and_matches_no_box():
    here, there = Box(0, 0, 10, 10), Box(50, 50, 10, 10)
    field = FieldAnswer(
        (here,), (a_cell(here), a_cell(there, "review"), a_cell(there, "unidentified"))
    )
    figures = report_boxes([field, FieldAnswer((), ())])
    assert figures["false_cells"] == 1
    assert figures["false_cells_per_field"] == 0.5
    assert figures["false_cells_accepted"] == 0
    assert figures["fields_without_accepted_white_cell"] == 1


def test_an_accepted_platelet_is_no_white_cell():
    platelet = FieldAnswer((), (a_cell(Box(0, 0, 9, 9), label="platelet"),))
    assert report_boxes([platelet])["fields_without_accepted_white_cell"] == 1


def make_fold(version: Path, fold: str, source: str) -> None:
    """A copy of the shipped version that says which fold it left out, and what trained it."""
    copy_version(model_directory(None), version)
    sums = version / "SHA256SUMS"
    card = json.loads((version / "card.json").read_text())
    changed = {
        "card.json": json.dumps({**card, "hold_out": fold}),
        "trained_on.csv": f"sha256,source\nx,{source}\n",
    }
    for name, text in changed.items():
        before = hashlib.sha256((version / name).read_bytes()).hexdigest()
        (version / name).write_text(text)
        after = hashlib.sha256((version / name).read_bytes()).hexdigest()
        sums.write_text(sums.read_text().replace(before, after))


def test_a_field_is_read_by_a_version_that_did_not_train_on_its_source(tmp_path, caplog):
    for number, source in enumerate(("s:0", "s:1")):
        make_fold(tmp_path / f"runs/fold{number}/version", f"fold{number}", source)
    for name in ("a.png", "b.png"):
        (tmp_path / name).write_bytes(draw_smear_png(seed=7, centres=[(120, 180)]))
    (tmp_path / "boxes.csv").write_text(
        "image,x,y,width,height,kind,class,source\n"
        "a.png,78,138,84,84,white_cell,,s:0\nb.png,78,138,84,84,white_cell,,s:1\n"
    )
    figures = evaluate_boxes_by_fold(
        tmp_path / "boxes.csv",
        root=tmp_path,
        manifest=None,
        runs=tmp_path / "runs",
        runtime="litert",
    )
    assert caplog.messages == ["fold0: 1 fields", "fold1: 1 fields"]
    assert figures["fields"] == 2
    assert figures["trained_on_left_out"] == 0
    assert figures["found_at_overlap"]["0.3"]["found"] == 2
