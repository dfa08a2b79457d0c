"""What only a film shows weighs more than the colours that a lamp or a stain gives it."""

import cv2
import numpy as np
import pytest

from mlmodels.ml.inference.finding.localize import locate
from mlmodels.ml.inference.finding.quality import doubt_about_field
from mlmodels.ml.inference.finding.structure import (
    degrees_between_stains,
    is_filled_by_nuclei,
    shows_red_cells,
)
from mlmodels.research.finding.stains import STAINS, restained

PINK, GREENISH = (205, 150, 148), (150, 176, 120)
NUCLEUS = np.array((92, 44, 140))
GROUND = (232, 230, 228)


def rough(shape: tuple[int, int], strength: float) -> np.ndarray:
    """Noise of patches four pixels wide, shape (h, w, 1): nothing real is even."""
    patches = np.random.default_rng(0).normal(0, strength, (shape[0] // 4, shape[1] // 4, 1))
    return np.kron(patches, np.ones((4, 4, 1)))


def film(
    *, red_cell: tuple[int, int, int] = PINK, nuclei: int = 1, texture: float = 24
) -> np.ndarray:
    """Red cells of one colour on a grid, and nuclei at the place of some."""
    rgb = np.full((360, 480, 3), GROUND, np.uint8)
    places = [(x, y) for y in range(45, 340, 66) for x in range(45, 460, 66)]
    stained = np.zeros((360, 480), np.uint8)
    for at in places:
        cv2.circle(rgb, at, 24, red_cell, -1, cv2.LINE_AA)
    for at in places[len(places) // 2 :][:nuclei]:
        cv2.circle(stained, at, 28, 1, -1)
    rgb[stained > 0] = np.clip(NUCLEUS + rough((360, 480), texture), 0, 255)[stained > 0]
    return rgb


@pytest.mark.parametrize("stain", STAINS[:5], ids=lambda stain: stain.name)
def test_a_film_in_another_stain_is_not_doubted(stain):
    assert doubt_about_field(locate(restained(film(), stain))) == ""


def test_a_film_whose_red_cells_look_green_is_not_doubted():
    field = locate(film(red_cell=GREENISH))
    assert shows_red_cells(field, 0.5)
    assert doubt_about_field(field) == ""


def test_green_discs_without_a_nucleus_among_them_stay_doubted():
    assert "greener" in doubt_about_field(locate(film(red_cell=GREENISH, nuclei=0)))


def filled(texture: float) -> np.ndarray:
    """A deep violet disc that fills a third of a picture."""
    rgb = np.full((240, 240, 3), GROUND, np.uint8)
    disc = cv2.circle(np.zeros((240, 240), np.uint8), (120, 120), 80, 1, -1)
    violet = np.array((70, 12, 190)) + rough((240, 240), texture)
    rgb[disc > 0] = np.clip(violet, 0, 255)[disc > 0]
    return rgb


def test_a_picture_that_violet_nuclei_fill_is_not_doubted():
    field = locate(filled(texture=24))
    assert is_filled_by_nuclei(field)
    assert doubt_about_field(field) == ""


def test_an_even_blot_of_ink_is_not_taken_for_a_nucleus():
    field = locate(filled(texture=0))
    assert not is_filled_by_nuclei(field)
    assert "stronger than those of a stain" in doubt_about_field(field)


def test_grey_is_one_stain_and_a_film_two():
    grey = film().mean(axis=2, keepdims=True).repeat(3, axis=2).astype(np.uint8)
    assert (degrees_between_stains(locate(film())) or 0) > 12
    assert not degrees_between_stains(locate(grey))
