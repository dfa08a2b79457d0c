"""On a film whose red cells are violet too, a second threshold parts nuclei from red cells."""

import numpy as np

from mlmodels.ml.inference.finding.localize import locate
from mlmodels.ml.inference.finding.stained import stain_threshold, threshold_among_stained
from tests.drawn_cells import BACKGROUND, RED_CELL, RED_CELL_MIDDLE, draw_smear

VIOLET_RED_CELL = (186, 110, 190)


def violet_smear(**drawn) -> np.ndarray:
    """A drawn smear whose red cells are violet throughout, as dark films have them."""
    rgb = draw_smear(**drawn).astype(int)
    for colour in (RED_CELL, RED_CELL_MIDDLE):
        near = np.abs(rgb - np.array(colour)).max(axis=2) < 14
        near &= np.abs(rgb - np.array(BACKGROUND)).max(axis=2) > 25
        rgb[near] += np.array(VIOLET_RED_CELL) - np.array(colour)
    return np.clip(rgb, 0, 255).astype(np.uint8)


def test_a_nucleus_among_violet_red_cells_is_found_alone():
    nuclei = locate(violet_smear(seed=3, centres=[(240, 180)])).nuclei
    assert len(nuclei) == 1
    x, y = nuclei[0].centre
    assert abs(x - 240) < 15
    assert abs(y - 180) < 15
    assert nuclei[0].side_px < 90


def field_of(*parts: tuple[slice, slice, float]) -> np.ndarray:
    score = np.zeros((200, 300), np.float32)
    for rows, columns, level in parts:
        score[rows, columns] = level
    return score


RED_CELLS = (slice(20, 180), slice(150, 280), 130.0)
NUCLEUS = (slice(60, 120), slice(30, 90), 200.0)
RIM = (slice(50, 130), slice(20, 100), 130.0)


def test_what_is_pale_apart_from_what_is_dark_is_parted_from_it():
    score = field_of(RED_CELLS, NUCLEUS)
    assert 130 <= threshold_among_stained(score, 100.0) < 200


def test_what_is_pale_around_what_is_dark_stays_part_of_it():
    score = field_of(RIM, NUCLEUS)
    assert threshold_among_stained(score, 100.0) == 100.0


def test_where_little_is_stained_the_first_threshold_counts():
    score = field_of((slice(20, 60), slice(150, 200), 130.0), (slice(60, 90), slice(30, 60), 200.0))
    assert threshold_among_stained(score, 100.0) == 100.0


def test_where_dark_parts_are_not_the_smaller_ones_the_first_threshold_counts():
    score = field_of((*RED_CELLS[:2], 200.0), (*NUCLEUS[:2], 130.0))
    assert threshold_among_stained(score, 100.0) == 100.0


def test_an_ordinary_field_keeps_its_first_threshold():
    score = locate(draw_smear(seed=3, cells=2)).score
    assert threshold_among_stained(score, stain_threshold(score)) == stain_threshold(score)
