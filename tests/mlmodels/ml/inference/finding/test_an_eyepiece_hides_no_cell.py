"""A round picture in a black surround is read as any other, up to its edge."""

import numpy as np
import pytest

from mlmodels.ml.inference.finding.localize import locate
from mlmodels.ml.inference.finding.surround import is_round, with_fading_edge
from mlmodels.ml.inference.pipeline import read_pixels
from mlmodels.ml.inference.preprocess import black_corners
from tests.drawn_cells import draw_smear

MIDDLES = [(240, 240), (400, 200), (330, 330)]


def through_an_eyepiece(rgb: np.ndarray, *, share: float = 0.95, soft_px: float = 0.0):
    """A disc of the picture in black; its edge fades over so many pixels."""
    height, width = rgb.shape[:2]
    y, x = np.mgrid[:height, :width]
    inward = share * height / 2 - np.hypot(x - width / 2, y - height / 2)
    seen = np.clip(inward / soft_px, 0, 1) if soft_px else inward > 0
    return (rgb * seen[..., np.newaxis]).astype(np.uint8)


@pytest.mark.parametrize("share", [0.95, 0.7])
@pytest.mark.parametrize("soft_px", [0, 8, 30])
def test_as_many_cells_are_found_as_are_seen(share, soft_px):
    rgb = draw_smear(seed=3, centres=[(320, 240)], lobed=True, width=640, height=480)
    assert len(locate(through_an_eyepiece(rgb, share=share, soft_px=soft_px)).nuclei) == 1


@pytest.mark.parametrize("soft_px", [0, 10])
def test_its_cells_are_not_all_sent_to_review(soft_px, shipped_engine):
    rgb = draw_smear(seed=6, centres=MIDDLES, lobed=True, width=640, height=480)
    whole = read_pixels(rgb, shipped_engine)
    seen = read_pixels(through_an_eyepiece(rgb, soft_px=soft_px), shipped_engine)
    assert seen.field_note == ""
    assert len(seen.cells) == len(whole.cells) == 3
    assert [c.disposition for c in seen.cells] == [c.disposition for c in whole.cells]


def test_a_small_disc_is_no_doubt_though_most_is_black(shipped_engine):
    rgb = draw_smear(seed=6, centres=[(320, 240)], lobed=True, width=640, height=480)
    seen = read_pixels(through_an_eyepiece(rgb, share=0.75), shipped_engine)
    assert seen.field_note == ""
    assert len(seen.cells) == 1


def test_a_nucleus_that_the_surround_cuts_is_cut_off():
    rgb = draw_smear(seed=2, centres=[(320 + 228, 240)], width=640, height=480)
    (cut,) = locate(through_an_eyepiece(rgb)).nuclei
    assert cut.edge_share > 0.12


def test_corners_of_a_turned_picture_are_not_round():
    rgb = draw_smear(seed=1, cells=1, width=640, height=480)
    y, x = np.mgrid[:480, :640]
    rgb[(x + y < 150) | (x + y > 970) | (x - y > 490) | (y - x > 330)] = 0
    blackout = black_corners(rgb)
    assert blackout.any()
    assert not is_round(blackout)
    assert with_fading_edge(blackout, rgb[..., 1]) is blackout
