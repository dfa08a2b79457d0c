"""`measure_picture_quality` spoils pictures by steps and tells what is accepted of them."""

import csv
import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from django.core.management import call_command

from mlmodels.ml.inference.finding.photograph import Measures, PhotographLimits
from mlmodels.research.robustness import photograph
from mlmodels.research.robustness.photograph import AS_IS, Reading, tabulate
from tests.drawn_cells import draw_smear, encode

GOOD = Measures(
    blur=0.03,
    detail_px=100.0,
    white=0.0,
    white_share=0.0,
    clipped=0.0,
    levels=120.0,
    ground=230.0,
)


def reading(picture: Measures = GOOD, cell: Measures | None = GOOD, **told: Any) -> Reading:
    """A picture whose neutrophil is accepted as one."""
    answer: dict[str, Any] = {
        "label": "neutrophil",
        "predicted": "neutrophil",
        "accepted": True,
        **told,
    }
    return Reading("a set", "a change", picture=picture, cell=cell, **answer)


def test_limits_take_back_what_bad_photographs_made_accepted():
    soft = replace(GOOD, blur=0.2)
    (row,) = tabulate(
        [
            reading(),
            reading(soft, soft, predicted="monocyte"),
            reading(cell=soft),
            reading(replace(GOOD, levels=float("nan")), None, predicted="", accepted=False),
        ]
    )
    assert (row["n"], row["told"], row["told_of_cell"], row["no_cell"]) == (4, 1, 1, 1)
    assert (row["accepted"], row["right"]) == (3, 2)
    assert (row["accepted_now"], row["right_now"]) == (1, 1)
    assert row["codes"] == {"out_of_focus": 1}


def test_other_limits_give_other_figures_of_the_same_readings():
    strict = replace(PhotographLimits(), least_detail_px=150.0)
    (row,) = tabulate([reading()], strict)
    assert row["codes"] == {"low_resolution": 1}


@pytest.mark.parametrize("width_px", [360, 720])
def test_strengths_grow_with_the_picture(width_px):
    step = np.zeros((90, width_px, 3), np.uint8)
    step[:, width_px // 2 :] = 200
    soft = photograph.blurred(step, 4.0)[45, :, 1].astype(float)
    # From 10 to 90 % a Gaussian's step takes 2.563 deviations.
    rise = np.count_nonzero((soft > 20) & (soft < 180))
    assert rise == pytest.approx(2.563 * 4 * width_px / 360, abs=2)


def test_a_gamma_keeps_black_and_white():
    ramp = np.array([[[0] * 3, [64] * 3, [255] * 3]], np.uint8)
    assert photograph.curved(ramp, 0.5)[0, :, 0].tolist() == [0, 128, 255]


@pytest.fixture
def data(tmp_path):
    """A data folder with one drawn picture in each set."""
    rgb = draw_smear(seed=6, centres=[(320, 240)], width=640, height=480, lobed=True)
    for folder, split in (("pbc", "train"), ("mll", "train"), ("kaggle", ""), ("deepapl", "")):
        place = tmp_path / "cells" / folder
        place.mkdir(parents=True)
        (place / "a.png").write_bytes(encode(rgb, "PNG"))
        with (place / "manifest.csv").open("w", newline="") as stream:
            writer = csv.writer(stream)
            writer.writerow(["path", "class", "source", "split_hint", "kind"])
            kind = "photograph" if folder == "kaggle" else ""
            writer.writerow([f"cells/{folder}/a.png", "neutrophil", folder, split, kind])
    for folder in ("bccd", "raabin"):
        (tmp_path / "smears" / folder).mkdir(parents=True)
        (tmp_path / "smears" / folder / "a.png").write_bytes(encode(rgb, "PNG"))
    return tmp_path


def test_the_command_reads_each_set_and_keeps_its_measures(
    data, tmp_path, capsys, monkeypatch, shipped_folder
):
    monkeypatch.setattr(photograph, "SIGMAS_PX", (8.0,))
    for name in ("MOTIONS_PX", "SIDES_PX", "ENLARGED_FROM_PX", "GAINS", "GAMMAS"):
        monkeypatch.setattr(photograph, name, ())
    kept, table, page = (tmp_path / name for name in ("readings.json", "table.json", "page.md"))
    asked = {"data": data, "model": str(shipped_folder), "readings": kept, "markdown": page}
    call_command("measure_picture_quality", json=str(table), **asked)
    rows = {(row["set"], row["change"]): row for row in json.loads(table.read_text())["changed"]}
    assert len(rows) == 6
    assert rows["PBC train", AS_IS]["accepted_now"] == 1
    assert rows["PBC train", "Gaussian, 8 px of 360"]["codes"] == {"out_of_focus": 1}
    assert rows["PBC train", "Gaussian, 8 px of 360"]["accepted_now"] == 0
    assert "0 of 6 unchanged pictures" in capsys.readouterr().out
    first = page.read_text()
    (data / "cells" / "pbc" / "manifest.csv").unlink()
    call_command("measure_picture_quality", **asked)
    assert page.read_text() == first
