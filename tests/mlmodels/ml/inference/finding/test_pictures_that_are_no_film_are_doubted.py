"""A picture whose colours no stained film has: its cells are looked at, never accepted."""

import numpy as np
import pytest

from mlmodels.ml.inference.calibration import ACCEPTED, REVIEW
from mlmodels.ml.inference.finding.localize import locate
from mlmodels.ml.inference.finding.quality import doubt_about_field, look_at_field
from mlmodels.ml.inference.pipeline import read_pixels
from mlmodels.research.benchmark.drawn_field import draw_field
from mlmodels.research.robustness.out_of_distribution import draw_out_of_distribution
from tests.drawn_cells import draw_smear

LAMPS = [(1.0, 0.9, 0.7), (0.7, 0.8, 1.0), (0.5, 0.5, 0.5)]


def doubt(rgb: np.ndarray) -> str:
    return doubt_about_field(locate(rgb))


@pytest.mark.parametrize("cells", [0, 1, 3])
def test_a_drawn_film_is_not_doubted(cells):
    assert doubt(draw_smear(seed=cells, cells=cells)) == ""
    assert doubt(draw_field(640, 480, cells=cells)) == ""


@pytest.mark.parametrize("lamp", LAMPS)
def test_a_film_under_another_lamp_is_not_doubted(lamp):
    assert doubt((draw_smear(seed=3, cells=2) * np.array(lamp)).astype(np.uint8)) == ""


def test_a_film_with_black_corners_is_not_doubted():
    rgb = draw_smear(seed=4, cells=1)
    rgb[:90, :120] = 0
    rgb[-60:, -100:] = 3
    assert doubt(rgb) == ""


@pytest.mark.parametrize("kind", ["flowers", "night sky"])
def test_scenes_are_doubted_in_a_sentence(kind):
    drawn = [s.rgb for s in draw_out_of_distribution(each=3, seed=5) if s.kind == kind]
    for rgb in drawn:
        assert doubt(rgb).startswith("This does not look like a stained blood film: ")


def test_a_picture_that_is_mostly_black_is_doubted_for_that():
    rgb = draw_smear(seed=1, cells=1)
    rgb[:, :300] = 0
    assert doubt(rgb).endswith("more than half of it is black.")


def grey(rgb: np.ndarray) -> np.ndarray:
    return rgb.mean(axis=2, keepdims=True).repeat(3, axis=2)


WITHOUT_COLOUR = {
    "grey": grey,
    "sepia": lambda rgb: grey(rgb) * [1.0, 0.9, 0.7],
    "a tenth of its colour": lambda rgb: 0.9 * grey(rgb) + 0.1 * rgb,
}
DARK_GROUND = {
    "negative": lambda rgb: 255.0 - rgb,
    "green fluorescence": lambda rgb: (250 - grey(rgb)).clip(5) * [0.1, 0.9, 0.15],
    "red fluorescence": lambda rgb: 20 + (235 - grey(rgb)).clip(0) * [0.9, 0.1, 0.1],
}


def changed(change, rgb: np.ndarray) -> np.ndarray:
    return np.clip(change(rgb.astype(np.float64)), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("name", WITHOUT_COLOUR)
def test_a_picture_without_colour_is_told_to_have_none(name):
    assert "it has no colours" in doubt(changed(WITHOUT_COLOUR[name], draw_smear(seed=3, cells=2)))


@pytest.mark.parametrize("name", DARK_GROUND)
def test_a_dark_ground_is_told(name):
    assert "its ground is dark" in doubt(changed(DARK_GROUND[name], draw_smear(seed=3, cells=2)))


@pytest.mark.parametrize("level", [120, 225, 255])
def test_a_blank_picture_is_told_to_be_blank(level):
    noise = np.random.default_rng(0).normal(level, 2, (360, 480, 3))
    assert "it is blank" in doubt(np.clip(noise, 0, 255).astype(np.uint8))


def test_an_underexposed_film_is_not_taken_for_a_dark_ground():
    assert doubt(changed(lambda rgb: 0.5 * rgb, draw_smear(seed=3, cells=2))) == ""


def test_a_picture_without_any_content_can_be_looked_at():
    look = look_at_field(locate(np.zeros((40, 40, 3), np.uint8)))
    assert look.corner_share == 1.0


def test_no_cell_of_a_doubted_picture_is_accepted(shipped_engine):
    film = draw_smear(seed=6, cells=2, width=640, lobed=True)
    meadow = film.copy()
    meadow[:, 480:] = (90, 200, 70)
    sure, doubted = read_pixels(film, shipped_engine), read_pixels(meadow, shipped_engine)
    assert sure.field_note == ""
    assert doubted.field_note != ""
    assert all(cell.disposition != ACCEPTED for cell in doubted.cells)


def test_only_acceptance_is_taken_away(shipped_engine):
    film = draw_smear(seed=6, cells=2, width=640, lobed=True)
    meadow = film.copy()
    meadow[:, 480:] = (90, 200, 70)
    before = {c.box.x: c.disposition for c in read_pixels(film, shipped_engine).cells}
    after = {c.box.x: c.disposition for c in read_pixels(meadow, shipped_engine).cells}
    assert ACCEPTED in before.values()
    for x in before.keys() & after.keys():
        assert after[x] == (REVIEW if before[x] == ACCEPTED else before[x])
