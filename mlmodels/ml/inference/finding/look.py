"""One look at a whole picture at one size: its light, what is stained in it, and its nuclei."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from mlmodels.ml.inference.finding.field import Field, Nucleus
from mlmodels.ml.inference.finding.stained import (
    THRESHOLD_ABOVE_RED_CELLS,
    Part,
    above_red_cells,
    level_of_red_cells,
    measure,
    stain_score,
    stain_threshold,
    stained_parts,
    standing_out,
    threshold_among_stained,
)
from mlmodels.ml.inference.finding.surround import is_round, with_fading_edge
from mlmodels.ml.inference.preprocess import apply_gains, background_gains, black_corners

# From this many times the wanted size on a picture is halved first, which takes a third of the
# time and changes no level by more than 1.
HALVED_FROM = 3.0
SMALLEST_PICTURE_PX = 16
# A field of a thousand white cells is rare; each costs the network some 10 ms.
MOST_NUCLEI = 3000


def look(rgb: np.ndarray, side_px: int, *, red_cell_px: float | None = None) -> Field:
    """Find the nuclei of a picture by their stain, at a given size.

    Args:
        rgb: uint8 array, shape (H, W, 3), 0 to 255, oriented RGB.
        side_px: the longer side to look at.
        red_cell_px: diameter of the field's red cells at that size, where it is known.

    Returns:
        The field; it has no nuclei where the picture is too small, empty, black or grey.
    """
    small = at_side(rgb, side_px)
    blackout = with_fading_edge(black_corners(small), small[..., 1])
    gains = background_gains(small, blackout)
    balanced = apply_gains(small, gains)
    score = stain_score(balanced, blackout, red_cell_px)
    if min(rgb.shape[:2]) < SMALLEST_PICTURE_PX:
        labels = np.zeros(score.shape, np.int32)
        return Field((), gains, blackout, balanced, score, labels, red_cell_px)
    labels, kept = _nuclei(score, balanced[..., 1], red_cell_px)
    scale = max(rgb.shape[:2]) / max(small.shape[:2])
    found = [measure(part, labels, scale) for part in kept]
    if found and is_round(blackout):
        found = _cut_off_by(blackout, labels, found, scale)
    found.sort(key=lambda nucleus: -nucleus.area_px)
    nuclei, left_out = tuple(found[:MOST_NUCLEI]), max(0, len(found) - MOST_NUCLEI)
    return Field(nuclei, gains, blackout, balanced, score, labels, red_cell_px, left_out=left_out)


def _cut_off_by(
    blackout: np.ndarray, labels: np.ndarray, nuclei: list[Nucleus], scale: float
) -> list[Nucleus]:
    """The nuclei, their share of edge with what of them lies along an eyepiece's surround."""
    rim = cv2.dilate(blackout, np.ones((3, 3), np.uint8)) > blackout
    along = np.bincount(labels[rim], minlength=int(labels.max()) + 1)
    return [
        replace(n, edge_share=n.edge_share + along[n.mark] * scale / (2 * (n.width + n.height)))
        for n in nuclei
    ]


def _nuclei(
    score: np.ndarray, green: np.ndarray, red_cell_px: float | None
) -> tuple[np.ndarray, list[Part]]:
    """Labels of all that is stained, and the parts that are nuclei.

    Where the scale is known the field holds many red cells, which say what is no nucleus.
    """
    threshold = threshold_among_stained(score, stain_threshold(score))
    level = None if red_cell_px is None else level_of_red_cells(score, green)
    if level is None:
        labels, parts = stained_parts(score, threshold, red_cell_px)
        return labels, standing_out(parts, labels, score, green)
    threshold = max(threshold, level + THRESHOLD_ABOVE_RED_CELLS)
    labels, parts = stained_parts(score, threshold, red_cell_px)
    return labels, above_red_cells(parts, labels, score, level)


def at_side(rgb: np.ndarray, side_px: int) -> np.ndarray:
    """The picture with its longer side brought to a length.

    Args:
        rgb: uint8 array, shape (H, W, 3).
        side_px: the longer side of the result.
    """
    height, width = rgb.shape[:2]
    scale = side_px / max(height, width)
    if max(height, width) >= HALVED_FROM * side_px and min(height, width) > 1:
        half = height // 2, width // 2
        even = rgb[: 2 * half[0], : 2 * half[1]]
        rgb = cv2.resize(even, half[::-1], interpolation=cv2.INTER_AREA)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return cv2.resize(rgb, size, interpolation=method)
