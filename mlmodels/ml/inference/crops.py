"""Square crops around nuclei: one function cuts them for training and for use.

It chooses no cells and changes no colours beyond the field's white balance.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from mlmodels.ml.inference.finding.field import Field, Nucleus
from mlmodels.ml.inference.preprocess import WHITE_LEVEL, apply_gains


@dataclass(frozen=True)
class Box:
    """A rectangle in pixels of the oriented picture; always inside the picture.

    Args:
        x, y: its upper left corner, px.
        width, height: its size, px, at least 1.
    """

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True)
class CropRule:
    """How a crop is cut.

    Args:
        scale: side of the crop as a multiple of the nucleus's longer side.
        side_px: size of the crop that the network sees.
    """

    scale: float
    side_px: int


def cut_crop(rgb: np.ndarray, field: Field, nucleus: Nucleus, rule: CropRule) -> np.ndarray:
    """Cut the square around a nucleus, white-balanced, at the network's size.

    Args:
        rgb: uint8 array, shape (H, W, 3), the oriented picture.
        field: what `locate` said of that picture.
        nucleus: one of the field's.
        rule: scale and size.

    Returns:
        uint8 array, shape (side, side, 3). Beyond the picture's border, and in its black
        corners, there is background (`WHITE_LEVEL`).
    """
    side = max(4, round(rule.scale * nucleus.side_px))
    x, y = nucleus.centre
    return cut_square(rgb, field, (round(x - side / 2), round(y - side / 2)), side, rule.side_px)


def cut_square(
    rgb: np.ndarray, field: Field, corner: tuple[int, int], side: int, side_px: int
) -> np.ndarray:
    """Cut any square of a picture as `cut_crop` does.

    Args:
        rgb: uint8 array, shape (H, W, 3).
        field: white balance and black corners of that picture.
        corner: (x, y) of the upper left corner, px; may lie outside.
        side: side of the square in the picture, px.
        side_px: side of the result, px.

    Returns:
        uint8 array, shape (side_px, side_px, 3).
    """
    height, width = rgb.shape[:2]
    left, top = corner
    x0, x1 = np.clip([left, left + side], 0, width)
    y0, y1 = np.clip([top, top + side], 0, height)
    square = np.full((side, side, 3), int(WHITE_LEVEL), np.uint8)
    if x1 > x0 and y1 > y0:
        part = apply_gains(rgb[y0:y1, x0:x1], field.gains)
        part[_blackout_of(field, (x0, y0, x1, y1), (width, height))] = int(WHITE_LEVEL)
        square[y0 - top : y1 - top, x0 - left : x1 - left] = part
    method = cv2.INTER_AREA if side > side_px else cv2.INTER_LINEAR
    return cv2.resize(square, (side_px, side_px), interpolation=method)


def _blackout_of(
    field: Field, window: tuple[int, int, int, int], size: tuple[int, int]
) -> np.ndarray:
    """The field's content-free mask inside a window of the full picture, as booleans."""
    x0, y0, x1, y1 = window
    if not field.blackout.any():
        return np.zeros((y1 - y0, x1 - x0), dtype=bool)
    rows = (np.arange(y0, y1) * field.blackout.shape[0] // size[1]).astype(int)
    columns = (np.arange(x0, x1) * field.blackout.shape[1] // size[0]).astype(int)
    return field.blackout[np.ix_(rows, columns)] > 0
