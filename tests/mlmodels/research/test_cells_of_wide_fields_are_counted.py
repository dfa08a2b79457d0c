"""`measure_finding` lays fields together, reads them, and writes down which cells were found."""

import csv
import json

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from mlmodels.ml.inference.crops import Box
from mlmodels.research.finding.tiles import read_drawn_cells, tile_fields
from tests.drawn_cells import draw_smear, encode

CELL = Box(270, 190, 100, 100)


@pytest.fixture
def data(tmp_path):
    """A data folder with two drawn fields of a cell each."""
    folder = tmp_path / "smears" / "bccd"
    folder.mkdir(parents=True)
    with (folder / "boxes.csv").open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["image", "x", "y", "width", "height", "kind", "class", "source"])
        for seed, label in enumerate(("neutrophil", "lymphocyte")):
            rgb = draw_smear(seed=seed, centres=[(320, 240)], width=640, height=480, lobed=True)
            (folder / f"{seed}.jpg").write_bytes(encode(rgb, "JPEG"))
            box = (CELL.x, CELL.y, CELL.width, CELL.height)
            writer.writerow([f"{seed}.jpg", *box, "white_cell", label, seed])
    return tmp_path


def test_boxes_lie_where_their_cells_are_laid(data):
    folder = data / "smears" / "bccd"
    drawn = read_drawn_cells(folder / "boxes.csv")
    field = tile_fields(drawn, folder, across=3, cell_px=50, rng=np.random.default_rng(0))
    assert field.rgb.shape == (720, 960, 3)
    assert len(field.cells) == 9
    first = field.cells[4].box
    assert (first.x, first.y, first.width, first.height) == (455, 335, 50, 50)


def test_the_command_counts_and_writes_its_page(data, tmp_path, capsys):
    page, table = tmp_path / "finding.md", tmp_path / "finding.json"
    call_command(
        "measure_finding",
        data=data,
        across=[3],
        cell_px=[60],
        least_cells=9,
        markdown=page,
        json=str(table),
    )
    (row,) = json.loads(table.read_text())["rows"]
    assert (row["cells"], row["found"]) == (9, 9)
    assert sum(count["cells"] for count in row["by_class"].values()) == 9
    assert "| 3 × 3 | 60 |" in page.read_text()
    assert "9 of 9 cells found" in capsys.readouterr().out


def test_counts_below_one_are_refused(data):
    with pytest.raises(CommandError, match="at least 1"):
        call_command("measure_finding", data=data, across=[0])


def test_a_folder_without_boxes_is_told(tmp_path):
    with pytest.raises(CommandError, match="no table of boxes"):
        call_command("measure_finding", data=tmp_path)


def test_films_of_every_set_are_counted_also_in_other_stains(data, tmp_path, capsys):
    for name in ("pbc", "kaggle", "mll", "deepapl"):
        folder = data / "cells" / name
        folder.mkdir(parents=True)
        (folder / "a.png").write_bytes(encode(draw_smear(seed=5, cells=1), "PNG"))
        (folder / "manifest.csv").write_text(f"path,split_hint\ncells/{name}/a.png,train\n")
    table = tmp_path / "films.json"
    call_command("measure_finding", data=data, films=True, json=str(table))
    rows = {(row["set"], row["stain"]): row for row in json.loads(table.read_text())["rows"]}
    assert rows["bccd", ""]["drawn_found"] == rows["bccd", ""]["drawn"] == 2
    assert rows["mll", ""]["fields"] == rows["mll", ""]["central_found"] == 1
    assert rows["bccd", "violet"]["fields"] == 2
    assert ("mll", "violet") not in rows
    assert "bccd : 0 of 2 doubted" in capsys.readouterr().out
