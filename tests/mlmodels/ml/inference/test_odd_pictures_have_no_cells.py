"""Pictures that are no smears: no cell, and no exception."""

import numpy as np
import pytest

from mlmodels.ml.inference.pipeline import read_image, read_pixels
from tests.drawn_cells import encode

SHAPES = [(1, 1), (1, 400), (400, 1), (3, 5), (15, 300), (16, 16), (200, 300)]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("level", [0, 44, 128, 255])
def test_an_even_picture_of_any_size_has_no_cells(shape, level, shipped_engine):
    assert read_pixels(np.full((*shape, 3), level, np.uint8), shipped_engine).cells == ()


def test_a_grey_gradient_has_no_cells(shipped_engine):
    row = np.linspace(0, 255, 300).astype(np.uint8)
    picture = np.repeat(np.repeat(row[None, :, None], 200, axis=0), 3, axis=2)
    assert read_image(encode(picture, "PNG"), shipped_engine).cells == ()


def test_noise_raises_nothing(shipped_engine):
    noise = np.random.default_rng(0).integers(0, 256, (240, 320, 3), dtype=np.uint8)
    findings = read_pixels(noise, shipped_engine)
    assert len(findings.cells) <= 200


def test_an_all_violet_picture_raises_nothing(shipped_engine):
    violet = np.full((100, 120, 3), (90, 50, 140), np.uint8)
    assert read_pixels(violet, shipped_engine).timings_ms["locate"] > 0


@pytest.mark.parametrize("shape", [(16, 4000), (17, 5000), (4000, 16)])
def test_a_stained_spot_in_a_picture_as_narrow_as_a_thread_raises_nothing(shape, shipped_engine):
    picture = np.full((*shape, 3), 235, np.uint8)
    middle = [side // 2 for side in shape]
    spot = tuple(slice(max(0, m - 90), m + 90) for m in middle)
    picture[spot] = (90, 50, 140)
    assert read_pixels(picture, shipped_engine).timings_ms["decide"] >= 0
