"""What is done to pixels before the network, the same in training and in use.

White balance by the field's own background, and the content-free corners of rotated copies.
It looks at no single cell: statistics of a crop depend on what the cell is.
"""

from __future__ import annotations

import cv2
import numpy as np

WHITE_LEVEL = 235.0
BACKGROUND_PERCENTILE = 92.0
GAIN_RANGE = (0.6, 4.0)
BLACK_BELOW = 45
SMALLEST_CORNER_SHARE = 0.002


def background_gains(rgb: np.ndarray, blackout: np.ndarray) -> np.ndarray:
    """The gain of each channel that puts the film's background at `WHITE_LEVEL`.

    Args:
        rgb: uint8 array, shape (h, w, 3), 0 to 255.
        blackout: uint8 array, shape (h, w), 1 where there is no picture.

    Returns:
        float64 array, shape (3,).

    Source: background white balance (Tek 2016, arXiv 1607.04032); the percentile from
    docs/model/experiments.md, "Locating".
    """
    seen = (blackout == 0).astype(np.uint8)
    if not seen.any():
        return np.ones(3)
    background = np.array([_background_level(rgb, seen, channel) for channel in range(3)])
    return np.clip(WHITE_LEVEL / np.maximum(background, 1.0), *GAIN_RANGE)


def _background_level(rgb: np.ndarray, seen: np.ndarray, channel: int) -> float:
    """`np.percentile` of one channel by its histogram, which needs no sorting of pixels."""
    counts = cv2.calcHist([rgb], [channel], seen, [256], [0, 256]).ravel().astype(np.int64)
    up_to = np.cumsum(counts)
    rank = (up_to[-1] - 1) * BACKGROUND_PERCENTILE / 100
    low = int(rank)
    below = int(np.searchsorted(up_to, low, side="right"))
    above = int(np.searchsorted(up_to, min(low + 1, up_to[-1] - 1), side="right"))
    return below + (above - below) * (rank - low)


def apply_gains(rgb: np.ndarray, gains: np.ndarray) -> np.ndarray:
    """Multiply each channel by its gain.

    Args:
        rgb: uint8 array, shape (h, w, 3).
        gains: float array, shape (3,).

    Returns:
        uint8 array of the same shape, rounded, clipped at 255.
    """
    levels = np.arange(256)[:, None] * gains[None, :]
    table = np.clip(np.rint(levels), 0, 255).astype(np.uint8)
    return cv2.LUT(np.ascontiguousarray(rgb), table.reshape(256, 1, 3))


def black_corners(rgb: np.ndarray) -> np.ndarray:
    """Where a picture has no content: black areas that touch its border.

    Args:
        rgb: uint8 array, shape (h, w, 3).

    Returns:
        uint8 array, shape (h, w): 1 in such areas (grown by 2 px, for JPEG's soft edges).
    """
    black = cv2.inRange(rgb, (0, 0, 0), (BLACK_BELOW - 1,) * 3)
    if not black.any():
        return black
    count, labels, stats, _ = cv2.connectedComponentsWithStats(black, connectivity=4)
    border = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
    large = stats[:, cv2.CC_STAT_AREA] >= SMALLEST_CORNER_SHARE * black.size
    keep = np.zeros(count, dtype=bool)
    keep[np.unique(border)] = True
    keep &= large
    keep[0] = False
    return cv2.dilate(keep[labels].astype(np.uint8), np.ones((5, 5), np.uint8))
