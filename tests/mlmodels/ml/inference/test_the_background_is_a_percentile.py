"""The white balance rests on the 92nd percentile of each channel, outside black corners."""

import numpy as np
import pytest

from mlmodels.ml.inference.preprocess import (
    BACKGROUND_PERCENTILE,
    GAIN_RANGE,
    WHITE_LEVEL,
    background_gains,
)


@pytest.mark.parametrize("seed", range(8))
def test_gains_are_those_of_numpys_percentile(seed):
    rng = np.random.default_rng(seed)
    rgb = rng.integers(60, 256, (17 + seed, 23, 3), np.uint8)
    blackout = (rng.random(rgb.shape[:2]) < 0.1 * (seed % 3)).astype(np.uint8)
    levels = np.percentile(rgb[blackout == 0], BACKGROUND_PERCENTILE, axis=0)
    expected = np.clip(WHITE_LEVEL / levels, *GAIN_RANGE)
    assert background_gains(rgb, blackout) == pytest.approx(expected, abs=1e-12)


def test_a_single_pixel_is_its_own_background():
    pixel = np.full((1, 1, 3), 200, np.uint8)
    gains = background_gains(pixel, np.zeros((1, 1), np.uint8))
    assert gains == pytest.approx(WHITE_LEVEL / 200)


def test_where_nothing_is_seen_nothing_is_changed():
    rgb = np.zeros((4, 4, 3), np.uint8)
    assert background_gains(rgb, np.ones((4, 4), np.uint8)).tolist() == [1, 1, 1]
