"""Square crops around nuclei: one function cuts them for training and for use.

It chooses no cells, and changes no colours beyond the field's white balance and, where a version
asks for it, the mean colour of the crop.
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
        mean_lab: the mean colour to which a crop is shifted, L*, a*, b* as OpenCV has them in
            8 bits; None where crops keep their colours.
    """

    scale: float
    side_px: int
    mean_lab: tuple[float, float, float] | None = None


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
    crop = cut_square(rgb, field, (round(x - side / 2), round(y - side / 2)), side, rule.side_px)
    return crop if rule.mean_lab is None else shift_colour(crop, rule.mean_lab)


def shift_colour(crop: np.ndarray, mean_lab: tuple[float, float, float]) -> np.ndarray:
    """Shift a crop's colours so that its mean is a given one; what differs within it stays.

    Args:
        crop: uint8 array, shape (h, w, 3), RGB.
        mean_lab: L*, a*, b* as OpenCV has them in 8 bits, each 0 to 255.

    Returns:
        uint8 array of the same shape. Where colours clip, its mean is a little off.

    Source: of Reinhard 2001 (doi 10.1109/38.946629) the mean alone; the spread and whole pictures
    did worse (docs/model/experiments.md, "Microscopes").
    """
    lab = cv2.cvtColor(crop, cv2.COLOR_RGB2LAB)
    shift = np.rint(np.array(mean_lab) - cv2.mean(lab)[:3])
    levels = np.arange(256)[:, None] + shift[None, :]
    table = np.clip(levels, 0, 255).astype(np.uint8)
    return np.asarray(cv2.cvtColor(cv2.LUT(lab, table.reshape(256, 1, 3)), cv2.COLOR_LAB2RGB))


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
