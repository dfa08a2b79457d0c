"""Crops: size, centre, what is beyond the picture, white balance."""

import cv2
import numpy as np

from mlmodels.ml.inference.crops import CropRule, cut_crop, cut_square, shift_colour
from mlmodels.ml.inference.finding.field import Field, Nucleus
from mlmodels.ml.inference.finding.localize import locate
from mlmodels.ml.inference.preprocess import apply_gains, background_gains, black_corners

PLAIN = Field(
    nuclei=(),
    gains=np.ones(3),
    blackout=np.zeros((10, 10), np.uint8),
    balanced=np.zeros((10, 10, 3), np.uint8),
    score=np.zeros((10, 10), np.float32),
    labels=np.zeros((10, 10), np.int32),
)


def test_a_square_inside_the_picture_is_a_plain_copy():
    rgb = np.arange(20 * 20 * 3, dtype=np.uint16).reshape(20, 20, 3).astype(np.uint8)
    assert np.array_equal(cut_square(rgb, PLAIN, (4, 6), 8, 8), rgb[6:14, 4:12])


def test_beyond_the_border_there_is_background():
    rgb = np.zeros((20, 20, 3), np.uint8)
    square = cut_square(rgb, PLAIN, (-4, -4), 8, 8)
    assert (square[:4] == 235).all()
    assert (square[:, :4] == 235).all()
    assert (square[4:, 4:] == 0).all()


def test_a_square_wholly_outside_is_background():
    square = cut_square(np.zeros((20, 20, 3), np.uint8), PLAIN, (100, 100), 8, 8)
    assert (square == 235).all()


def test_a_crop_is_as_large_as_the_rule_says_and_centred():
    rgb = np.full((100, 100, 3), 200, np.uint8)
    rgb[48:52, 58:62] = 10
    crop = cut_crop(rgb, PLAIN, Nucleus(50, 40, 20, 20, 300, 0.0), CropRule(2.0, 40))
    assert crop.shape == (40, 40, 3)
    assert (crop[18:22, 18:22] == 10).all()
    assert (crop[:17] == 200).all()


def test_the_background_becomes_the_white_level():
    rgb = np.full((50, 50, 3), (200, 180, 150), np.uint8)
    gains = background_gains(rgb, np.zeros((50, 50), np.uint8))
    assert (apply_gains(rgb, gains) == 235).all()


def test_black_areas_count_as_corners_only_where_they_touch_the_border():
    rgb = np.full((100, 100, 3), 200, np.uint8)
    rgb[:20, :20] = 0
    rgb[50:60, 50:60] = 0
    mask = black_corners(rgb)
    assert mask[5, 5] == 1
    assert mask[55, 55] == 0


def test_black_corners_inside_a_crop_become_background():
    rgb = np.full((100, 100, 3), 200, np.uint8)
    rgb[:30, :30] = 0
    seen = locate(rgb)
    square = cut_square(rgb, seen, (0, 0), 40, 40)
    assert (square[:25, :25] == 235).all()


def mean_lab(rgb):
    return cv2.cvtColor(rgb, cv2.COLOR_RGB2LAB).mean(axis=(0, 1))


def test_a_shifted_crop_has_the_colour_asked_for_and_its_contrast():
    crop = np.full((40, 40, 3), (205, 190, 150), np.uint8)
    crop[10:20, 10:20] = (140, 90, 120)
    shifted = shift_colour(crop, (185.0, 140.0, 120.0))
    assert np.abs(mean_lab(shifted) - (185, 140, 120)).max() < 1
    before, after = (mean_lab(c[10:20, 10:20]) - mean_lab(c[25:, 25:]) for c in (crop, shifted))
    assert np.abs(before - after).max() < 3


def test_a_version_without_a_mean_colour_leaves_crops_as_they_are():
    rgb = np.full((100, 100, 3), (200, 160, 190), np.uint8)
    nucleus = Nucleus(40, 40, 20, 20, 300, 0.0)
    assert (cut_crop(rgb, PLAIN, nucleus, CropRule(2.0, 40)) == (200, 160, 190)).all()
    moved = cut_crop(rgb, PLAIN, nucleus, CropRule(2.0, 40, (150.0, 128.0, 128.0)))
    assert np.abs(mean_lab(moved) - (150, 128, 128)).max() < 2
