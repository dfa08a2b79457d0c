"""Cuts the cells that boxes are drawn about out of their photograph, each with a margin."""

from __future__ import annotations

import math

import cv2
import numpy as np

from mlmodels.ml.datasets.layouts.listing import DrawnBox
from mlmodels.ml.errors import RejectedImage

# Crops of the networks are 1.9 times as wide as the nucleus (recipes, `crop_scale`), and a box is
# at least as wide as the nucleus in it: twice its longer side holds the crop, with some of the
# field around it, from which the white of the background is taken.
MARGIN = 2.0


def cut_box(rgb: np.ndarray, box: DrawnBox) -> np.ndarray:
    """The part of a photograph around a box.

    Args:
        rgb: uint8 array, shape (H, W, 3), oriented RGB.
        box: drawn about one cell.

    Returns:
        uint8 array, shape (h, w, 3): a square of `MARGIN` times the box's longer side about its
        middle, as far as the photograph reaches.

    Raises:
        RejectedImage: the box has no size, or lies outside the photograph.
    """
    height, width = rgb.shape[:2]
    across, down = (width, height) if box.in_shares else (1, 1)
    numbers = (box.x * across, box.y * down, box.width * across, box.height * down)
    x, y, w, h = numbers
    if not all(map(math.isfinite, numbers)) or w < 1 or h < 1:
        raise RejectedImage("The box has no size. Correct it, or leave it out.")
    if x >= width or y >= height or x + w <= 0 or y + h <= 0:
        raise RejectedImage("The box lies outside its picture. Correct it, or leave it out.")
    half = MARGIN * max(w, h) / 2
    if not all(map(math.isfinite, (x + w / 2 + half, y + h / 2 + half, x - half, y - half))):
        raise RejectedImage("The box is larger than any picture. Correct it, or leave it out.")
    left, right = (round(x + w / 2 + side * half) for side in (-1, 1))
    top, bottom = (round(y + h / 2 + side * half) for side in (-1, 1))
    return rgb[max(0, top) : min(height, bottom), max(0, left) : min(width, right)]


def encode_cut(rgb: np.ndarray) -> bytes:
    """A cut as the bytes of a PNG, the same ones each time.

    Args:
        rgb: uint8 array, shape (h, w, 3), RGB.
    """
    done, data = cv2.imencode(".png", cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR))
    if not done:
        raise RejectedImage("The box cannot be cut out of its picture. Leave it out.")
    return data.tobytes()
