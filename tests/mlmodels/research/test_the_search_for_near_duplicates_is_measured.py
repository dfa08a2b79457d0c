"""The search for near-duplicates is measured by a command, on a set of copies."""

import json

import cv2
import pytest
from django.core.management import CommandError, call_command

from mlmodels.ml.datasets.manifest import Row, write_manifest
from tests.drawn_cells import draw_smear, encode


@pytest.fixture(scope="module")
def copies(tmp_path_factory):
    """A data folder with four photographs in four folds, three copies of each."""
    root = tmp_path_factory.mktemp("copies")
    rows = []
    for number in range(4):
        drawn = draw_smear(seed=number, width=320, height=240)
        rows.append(Row(f"{number}.jpg", "neutrophil", f"s{number}", f"fold{number}", "photograph"))
        for turn in range(3):
            path = f"cells/kaggle/{number}-{turn}.png"
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            turned = drawn if turn == 2 else cv2.rotate(drawn, turn)
            (root / path).write_bytes(encode(turned, "PNG"))
            source, fold = f"s{number}", f"fold{number}"
            rows.append(Row(path, "neutrophil", source, fold, "augmented"))
    write_manifest(rows, root / "cells/kaggle/manifest.csv")
    return root


def test_what_is_found_and_what_is_claimed_wrongly_is_counted(copies, tmp_path, capsys):
    out = tmp_path / "figures.json"
    call_command("measure_near_duplicates", data=copies, seeds=[1], json=out)
    parts = json.loads(out.read_text())["parts"]
    assert {name: (p["files"], p["sources"]) for name, p in parts.items()} == {
        "chosen_on": (6, 2),
        "measured_on": (6, 2),
    }
    for part in parts.values():
        [by_file] = part["by_file"]
        assert by_file["found"] == by_file["on_both_sides"] == part["by_file_together"]["whole"]
        assert part["by_source"]["false"] == part["by_source"]["claimed"] == 0
    assert "measured_on: 6 files of 2 photographs" in capsys.readouterr().out


def test_without_the_set_the_command_says_so(tmp_path):
    with pytest.raises(CommandError, match="There is no manifest"):
        call_command("measure_near_duplicates", data=tmp_path)
