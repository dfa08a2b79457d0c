"""Many crops of one picture on one sheet, for showing: squares of one size, in rows.

It changes no colour. The network sees none of this: its crops are those of `crops`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

TILE_PX, TILES_A_ROW = 128, 16
# The mount behind every picture, around one that is smaller than its square.
MOUNT = 217


@dataclass(frozen=True)
class Square:
    """What of a picture a tile shows.

    Args:
        x, y: its centre, px of the picture.
        side: of it, px of the picture, at least 1.
    """

    x: float
    y: float
    side: float


def sheet_size(tiles: int) -> tuple[int, int]:
    """Width and height of a sheet of so many tiles, px."""
    rows = -(-tiles // TILES_A_ROW)
    return TILE_PX * min(tiles, TILES_A_ROW), TILE_PX * rows


def tile_corner(index: int) -> tuple[int, int]:
    """Where the tile of an index stands on its sheet: x and y of its upper left corner, px."""
    return TILE_PX * (index % TILES_A_ROW), TILE_PX * (index // TILES_A_ROW)


def draw_sheet(rgb: np.ndarray, squares: Sequence[Square]) -> np.ndarray:
    """Cut squares out of a picture and lay them in rows, in their order.

    Args:
        rgb: uint8 array, shape (H, W, 3), 0 to 255.
        squares: at least one; those that reach beyond the picture are moved into it.

    Returns:
        uint8 array, shape (height, width, 3) of `sheet_size`.
    """
    width, height = sheet_size(len(squares))
    sheet = np.full((height, width, 3), MOUNT, np.uint8)
    for index, square in enumerate(squares):
        x, y = tile_corner(index)
        sheet[y : y + TILE_PX, x : x + TILE_PX] = _tile(rgb, square)
    return sheet


def _tile(rgb: np.ndarray, square: Square) -> np.ndarray:
    """One square at the size of a tile; moved inside the picture where there is room for it."""
    height, width = rgb.shape[:2]
    side = max(1, round(square.side))
    left = _inside(round(square.x - side / 2), side, width)
    top = _inside(round(square.y - side / 2), side, height)
    x0, x1 = np.clip([left, left + side], 0, width)
    y0, y1 = np.clip([top, top + side], 0, height)
    part = np.full((side, side, 3), MOUNT, np.uint8)
    part[y0 - top : y1 - top, x0 - left : x1 - left] = rgb[y0:y1, x0:x1]
    method = cv2.INTER_AREA if side > TILE_PX else cv2.INTER_CUBIC
    return cv2.resize(part, (TILE_PX, TILE_PX), interpolation=method)


def _inside(start: int, side: int, length: int) -> int:
    """Where a stretch begins that lies in the picture; in the middle of it where it is too long."""
    if side > length:
        return (length - side) // 2
    return min(max(start, 0), length - side)
