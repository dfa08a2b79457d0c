"""A find of low objectness is shown, last and unidentified, so that no white cell is lost.

What is most likely no cell is not, nor a find of low objectness in a picture that may be no film.
"""

from dataclasses import replace

import numpy as np
import pytest

from mlmodels.ml.inference.calibration import LEAST_SHOWN, Thresholds
from mlmodels.ml.inference.pipeline import read_image, read_pixels
from tests.drawn_cells import draw_smear, draw_smear_png

SMEAR = draw_smear_png(seed=6, cells=4)


def test_a_find_below_the_objectness_threshold_is_unidentified_and_comes_last(shipped_engine):
    usual = read_image(SMEAR, replace_objectness(shipped_engine, 0.0)).cells
    scores = sorted(cell.objectness for cell in usual)
    limit = (scores[0] + scores[1]) / 2
    assert scores[0] < limit < scores[1]

    cells = read_image(SMEAR, replace_objectness(shipped_engine, limit)).cells

    certain = [cell.box for cell in usual if cell.objectness >= limit]
    assert [cell.box for cell in cells[:3]] == certain
    assert cells[3].objectness == scores[0]
    assert cells[3].disposition == "unidentified"
    assert cells[3].attributes == {}


def test_a_field_of_low_objectness_shows_them_all_and_accepts_none(shipped_engine):
    usual = read_image(SMEAR, shipped_engine).cells
    cells = read_image(SMEAR, replace_objectness(shipped_engine, 1.1)).cells
    assert [cell.box for cell in cells] == [cell.box for cell in usual]
    assert {cell.disposition for cell in cells} == {"unidentified"}


@pytest.mark.parametrize(("chance", "shown"), [(0.3, True), (0.12, True), (0.05, False)])
def test_a_find_is_shown_from_one_chance_in_ten_on(chance, shown, shipped_engine):
    certain = read_image(SMEAR, shipped_engine).cells
    scores = np.array([cell.objectness for cell in certain])
    wanted = np.log(chance / (1 - chance)) - np.log(scores / (1 - scores)).max()
    doubtful = replace(shipped_engine, runtime=LessSure(shipped_engine, wanted))
    cells = read_image(SMEAR, doubtful).cells
    assert bool(cells) == shown
    assert all(LEAST_SHOWN <= cell.objectness <= chance + 1e-4 for cell in cells)
    assert {cell.disposition for cell in cells} <= {"unidentified"}


def test_low_objectness_is_left_out_where_there_is_no_film(shipped_engine):
    green = (draw_smear(seed=6, cells=4) * np.array([0.35, 0.9, 0.3])).astype(np.uint8)
    green[:, :, 1] = np.maximum(green[:, :, 1], 150)
    findings = read_pixels(green, replace_objectness(shipped_engine, 1.1))
    assert findings.field_note
    assert findings.cells == ()


def test_a_version_that_asks_for_less_shows_more():
    limits = Thresholds(0.9, 0.45, 0.02, 97.5, 99.5)
    assert limits.least_shown == 0.02
    assert replace(limits, objectness=0.5).least_shown == LEAST_SHOWN


class LessSure:
    """The network of a version, its cell logits moved."""

    def __init__(self, engine, by):
        self.network, self.place, self.by = engine.runtime, len(engine.classes), by

    def run(self, crops):
        packed = self.network.run(crops)
        packed[:, self.place] += self.by
        return packed


def replace_objectness(engine, score):
    return replace(engine, thresholds=replace(engine.thresholds, objectness=score))
