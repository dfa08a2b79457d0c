"""The size of a nucleus is told in red cells of its own field, where there are any."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from mlmodels.ml.inference.finding.localize import locate
from mlmodels.ml.inference.finding.red_cells import red_cells_of, sizes_in_red_cells
from tests.drawn_cells import BACKGROUND, NUCLEUS, RED_CELL, RED_CELL_MIDDLE, draw_smear

RED_RADIUS_PX = 24
CENTRES = [(x, y) for y in (40, 130, 220, 310) for x in (45, 125, 205, 285, 365, 440)]


def a_field(nucleus_px: int, *, red_px: int = RED_RADIUS_PX, at: tuple[int, int] = (240, 175)):
    """Red cells in rows, and one round nucleus of that radius among them."""
    picture = np.full((350, 480, 3), BACKGROUND, np.uint8)
    for x, y in CENTRES:
        if np.hypot(x - at[0], y - at[1]) > nucleus_px + red_px + 6:
            cv2.circle(picture, (x, y), red_px, RED_CELL, -1, cv2.LINE_AA)
            cv2.circle(picture, (x, y), red_px // 3, RED_CELL_MIDDLE, -1, cv2.LINE_AA)
    cv2.circle(picture, at, nucleus_px, NUCLEUS, -1, cv2.LINE_AA)
    return picture


def size_in(picture: np.ndarray) -> float:
    (size,) = sizes_in_red_cells(locate(picture))
    return float(size)


@pytest.mark.parametrize("nucleus_px", [18, 24, 36, 48])
def test_a_nucleus_is_as_many_red_cells_wide_as_it_was_drawn(nucleus_px):
    assert size_in(a_field(nucleus_px)) == pytest.approx(nucleus_px / RED_RADIUS_PX, rel=0.12)


@pytest.mark.parametrize("zoom", [0.6, 2.0, 4.0])
def test_the_picture_s_size_has_no_part_in_it(zoom):
    method = cv2.INTER_AREA if zoom < 1 else cv2.INTER_LINEAR
    other = cv2.resize(a_field(36), None, fx=zoom, fy=zoom, interpolation=method)
    assert size_in(other) == pytest.approx(36 / RED_RADIUS_PX, rel=0.12)


def test_nor_has_the_light():
    darker = (a_field(36) * np.array([0.7, 0.75, 0.6])).astype(np.uint8)
    assert size_in(darker) == pytest.approx(36 / RED_RADIUS_PX, rel=0.12)


def test_a_red_cell_cut_by_the_border_is_no_ruler():
    picture = a_field(36)
    for y in range(0, 350, 30):
        cv2.circle(picture, (0, y), 14, RED_CELL, -1, cv2.LINE_AA)
    assert size_in(picture) == pytest.approx(36 / RED_RADIUS_PX, rel=0.12)


def test_without_red_cells_there_is_no_size():
    alone = np.full((350, 480, 3), BACKGROUND, np.uint8)
    cv2.circle(alone, (240, 175), 36, NUCLEUS, -1, cv2.LINE_AA)
    assert np.isnan(size_in(alone))


def test_two_red_cells_are_too_few():
    picture = np.full((350, 480, 3), BACKGROUND, np.uint8)
    cv2.circle(picture, (240, 175), 36, NUCLEUS, -1, cv2.LINE_AA)
    for at in ((60, 60), (420, 300)):
        cv2.circle(picture, at, RED_RADIUS_PX, RED_CELL, -1, cv2.LINE_AA)
    assert np.isnan(size_in(picture))


def test_things_of_every_size_are_no_ruler():
    picture = np.full((350, 480, 3), BACKGROUND, np.uint8)
    cv2.circle(picture, (240, 175), 30, NUCLEUS, -1, cv2.LINE_AA)
    for at, radius in (((60, 60), 12), ((420, 60), 20), ((70, 280), 34), ((400, 270), 56)):
        cv2.circle(picture, at, radius, RED_CELL, -1, cv2.LINE_AA)
    assert np.isnan(size_in(picture))


def test_each_nucleus_of_a_field_has_its_size_in_their_order():
    seen = locate(draw_smear(cells=3, seed=4, width=640, height=480))
    sizes = sizes_in_red_cells(seen)
    assert len(sizes) == len(seen.nuclei) == 3
    areas = [nucleus.area_px for nucleus in seen.nuclei]
    np.testing.assert_allclose(sizes**2 / sizes[0] ** 2, np.array(areas) / areas[0], rtol=1e-6)


@pytest.mark.parametrize(
    "picture",
    [
        np.zeros((64, 64, 3), np.uint8),
        np.full((64, 64, 3), 255, np.uint8),
        np.full((8, 300, 3), 128, np.uint8),
        np.full((1, 1, 3), 90, np.uint8),
    ],
)
def test_odd_pictures_have_no_red_cells(picture):
    seen = locate(picture)
    assert red_cells_of(seen) is None
    assert sizes_in_red_cells(seen).shape == (0,)
