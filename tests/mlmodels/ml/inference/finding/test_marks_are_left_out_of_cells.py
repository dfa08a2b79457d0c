"""What somebody drew on a picture becomes no part of a cell, and no cell it touches is accepted."""

import csv
import os
from itertools import product
from pathlib import Path

import cv2
import numpy as np
import pytest

from mlmodels.ml.inference.boxes import overlap
from mlmodels.ml.inference.calibration import ACCEPTED
from mlmodels.ml.inference.cell_naming import MARKED
from mlmodels.ml.inference.crops import Box
from mlmodels.ml.inference.finding.marks import find_marks, paint_over
from mlmodels.ml.inference.pipeline import read_box, read_pixels
from mlmodels.ml.pictures.reading import decode_image
from mlmodels.research.benchmark.drawn_field import draw_field
from tests.drawn_cells import draw_smear, encode

DATA = os.environ.get("HEMATOVISION_DATA", "")
INKS = {
    "blue": (0, 0, 255),
    "magenta": (255, 0, 255),
    "red": (255, 0, 0),
    "green": (0, 255, 0),
    "cyan": (0, 255, 255),
    "yellow": (255, 255, 0),
}
CELL = Box(278, 198, 84, 84)


def film() -> np.ndarray:
    """A drawn film whose one cell lies in `CELL`."""
    return draw_smear(seed=6, centres=[(320, 240)], width=640, height=480, lobed=True)


def ringed(rgb: np.ndarray, box: Box, colour, *, wide: int = 3, grown: float = 1.15) -> np.ndarray:
    """A copy with an oval drawn around a box."""
    copy = rgb.copy()
    middle = (box.x + box.width // 2, box.y + box.height // 2)
    axes = (round(grown * box.width / 2), round(grown * box.height / 2))
    return cv2.ellipse(copy, middle, axes, 0, 0, 360, colour, wide, cv2.LINE_AA)


def as_jpeg(rgb: np.ndarray) -> np.ndarray:
    return decode_image(encode(rgb, "JPEG"))


@pytest.mark.parametrize("ink", INKS)
@pytest.mark.parametrize("wide", [2, 4])
def test_a_ring_is_found_and_the_film_is_not(ink, wide):
    marks = find_marks(as_jpeg(ringed(film(), CELL, INKS[ink], wide=wide)))
    assert marks is not None
    assert marks[240, 278 + 42 + 48]
    assert not marks[240, 320]
    assert marks.mean() < 0.03


@pytest.mark.parametrize("draw", ["arrow", "scale bar", "text"])
def test_other_marks_are_found(draw):
    rgb = film()
    if draw == "arrow":
        cv2.arrowedLine(rgb, (500, 400), (400, 300), (255, 255, 0), 4, cv2.LINE_AA)
    elif draw == "scale bar":
        cv2.rectangle(rgb, (500, 440), (600, 450), (0, 255, 0), -1)
    else:
        cv2.putText(rgb, "20 um", (480, 450), cv2.FONT_HERSHEY_SIMPLEX, 1, (255, 0, 0), 2)
    assert find_marks(as_jpeg(rgb)) is not None


@pytest.mark.parametrize("cells", [0, 2])
def test_films_are_not_marked(cells):
    assert find_marks(as_jpeg(draw_smear(seed=1, cells=cells))) is None
    assert find_marks(as_jpeg(draw_field(640, 480, cells=cells))) is None


def test_a_meadow_is_no_mark():
    rgb = film()
    rgb[:, 480:] = (90, 200, 70)
    assert find_marks(rgb) is None


def test_painting_over_brings_back_what_lies_around():
    rgb = film()
    drawn = ringed(rgb, CELL, INKS["blue"])
    marks = find_marks(drawn)
    assert marks is not None
    painted = paint_over(drawn, marks)
    assert np.abs(painted.astype(int) - rgb).max(axis=2)[marks == 0].max() == 0
    assert np.abs(painted.astype(int) - rgb)[marks > 0].mean() < 16


@pytest.mark.parametrize("ink", INKS)
def test_a_ringed_cell_keeps_its_name_and_is_never_accepted(ink, shipped_engine):
    plain = read_pixels(film(), shipped_engine).cells[0]
    (cell,) = read_pixels(as_jpeg(ringed(film(), CELL, INKS[ink], grown=1.0)), shipped_engine).cells
    assert plain.disposition == ACCEPTED
    assert cell.label == plain.label
    assert cell.disposition != ACCEPTED
    assert cell.reason == MARKED


def test_a_cell_far_from_a_mark_is_accepted_as_before(shipped_engine):
    rgb = film()
    cv2.arrowedLine(rgb, (60, 60), (120, 120), INKS["red"], 3)
    (cell,) = read_pixels(rgb, shipped_engine).cells
    assert (cell.disposition, cell.reason) == (ACCEPTED, "")


def test_a_drawn_box_across_which_a_mark_runs_is_not_accepted(shipped_engine):
    data = encode(ringed(film(), CELL, INKS["blue"], grown=0.95), "PNG")
    found = read_box(data, CELL, shipped_engine)
    assert found.reason == MARKED
    assert found.disposition != ACCEPTED


def photographed() -> list[tuple[Path, Box, str]]:
    """Sixteen cells of BCCD, four of each class, with their drawn boxes."""
    folder = Path(DATA) / "smears" / "bccd"
    with (folder / "boxes.csv").open(newline="", encoding="utf-8") as stream:
        rows = [row for row in csv.DictReader(stream) if row["class"]]
    found = []
    for label in ("neutrophil", "eosinophil", "lymphocyte", "monocyte"):
        for row in [row for row in rows if row["class"] == label][3:19:4]:
            box = Box(*(int(row[k]) for k in ("x", "y", "width", "height")))
            found.append((folder / row["image"], box, label))
    return found


@pytest.mark.skipif(not DATA, reason="HEMATOVISION_DATA names no folder of real images")
@pytest.mark.parametrize("ink", ["blue", "magenta"])
def test_of_ovals_around_photographed_cells_none_is_accepted_wrongly(ink, shipped_engine):
    wrong = []
    for (file, box, label), wide in product(photographed(), (2, 3)):
        drawn = as_jpeg(ringed(decode_image(file.read_bytes()), box, INKS[ink], wide=wide))
        for cell in read_pixels(drawn, shipped_engine).cells:
            is_it = overlap(cell.box, box) >= 0.3
            if is_it and cell.disposition == ACCEPTED and cell.label != label:
                wrong.append((file.name, wide, cell.label))
    assert wrong == []
