"""Nuclei are looked for at the scale of the field, however many cells fill the picture."""

from collections import Counter

import cv2
import numpy as np
import pytest

from mlmodels.ml.inference.boxes import match_boxes
from mlmodels.ml.inference.calibration import UNIDENTIFIED
from mlmodels.ml.inference.cell_naming import TOO_SMALL
from mlmodels.ml.inference.finding.localize import locate
from mlmodels.ml.inference.finding.scale import FIRST_SIDE_PX, doubt_about_scale
from mlmodels.ml.inference.pipeline import read_image, read_pixels
from tests.drawn_cells import draw_smear, encode
from tests.tiled_fields import DATA, tiled_photographs, wide_drawing

# A drawn red cell is 40 px wide, so a pixel of the drawing shows so much.
DRAWN_UM_PER_PX = 7.5 / 40


@pytest.mark.parametrize(("across", "width_px"), [(3, 900), (4, 700), (6, 1000), (8, 1200)])
def test_every_drawn_cell_of_a_wide_field_is_found_once(across, width_px):
    rgb, cells = wide_drawing(across, width_px)
    assert len(locate(rgb).nuclei) == cells


@pytest.mark.parametrize(("across", "width_px"), [(4, 1200), (6, 1080), (8, 1200)])
def test_red_cells_tell_what_a_pixel_shows(across, width_px):
    rgb, _ = wide_drawing(across, width_px)
    expected = DRAWN_UM_PER_PX * 300 * across / width_px
    assert locate(rgb).um_per_px == pytest.approx(expected, rel=0.2)


def test_a_field_of_few_cells_is_looked_at_once():
    close = draw_smear(seed=3, cells=1, width=240, height=180)
    assert max(locate(close).labels.shape) == FIRST_SIDE_PX


def test_a_wide_field_without_red_cells_is_found_by_its_nuclei():
    rgb = np.full((1200, 1600, 3), (236, 231, 226), np.uint8)
    for x in range(100, 1600, 200):
        for y in range(100, 1200, 200):
            cv2.circle(rgb, (x, y), 18, (92, 52, 138), -1, cv2.LINE_AA)
    seen = locate(rgb)
    assert len(seen.nuclei) == 48
    assert seen.um_per_px is None


def test_a_field_of_more_than_two_hundred_cells_loses_none():
    rgb, cells = wide_drawing(15, 2250)
    assert cells == 225
    assert len(locate(rgb).nuclei) == cells


def test_cells_that_are_too_small_to_be_named_are_told_so(shipped_engine):
    rgb, cells = wide_drawing(8, 640)
    found = read_pixels(rgb, shipped_engine)
    assert len(found.cells) == cells
    assert {cell.reason for cell in found.cells} == {TOO_SMALL}
    assert {cell.disposition for cell in found.cells} == {UNIDENTIFIED}
    assert found.field_note.startswith("The magnification is too low for naming: ")
    assert " µm" in found.field_note


def test_a_small_speck_of_a_large_magnification_is_not_called_too_small(shipped_engine):
    found = read_pixels(draw_smear(seed=2, cells=2, width=640, height=480), shipped_engine)
    assert {cell.reason for cell in found.cells} == {""}


def test_a_magnification_too_high_is_told(shipped_engine):
    rgb = cv2.resize(draw_smear(seed=1, cells=1, lobed=True), None, fx=6, fy=6)
    assert read_pixels(rgb, shipped_engine).field_note.startswith("The magnification is too high")


@pytest.mark.parametrize("um_per_px", [None, 0.05, 0.1, 0.35])
def test_usual_magnifications_are_not_doubted(um_per_px):
    assert doubt_about_scale(um_per_px) == ""


def test_a_large_file_of_small_cells_loses_none(shipped_engine):
    rgb, cells = wide_drawing(8, 3600)
    found = read_image(encode(rgb, "JPEG"), shipped_engine)
    assert len(found.cells) == cells


@pytest.mark.skipif(not DATA, reason="HEMATOVISION_DATA names no folder of real images")
@pytest.mark.parametrize("cell_px", [80, 40, 30])
def test_no_class_of_photographed_cells_is_found_less_than_another(cell_px, shipped_engine):
    drawn: Counter[str] = Counter()
    found: Counter[str] = Counter()
    for across in (2, 4, 8):
        field = tiled_photographs(across, cell_px)
        boxes = [cell.box for cell in read_pixels(field.rgb, shipped_engine).cells]
        drawn.update(cell.label for cell in field.cells)
        matched = match_boxes([cell.box for cell in field.cells], boxes, 0.3)
        found.update(field.cells[i].label for i in matched)
    assert found.total() >= 0.95 * drawn.total()
    shares = [found[label] / count for label, count in drawn.items() if count >= 12]
    assert max(shares) - min(shares) <= 0.1
