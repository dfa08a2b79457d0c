"""The boundary of a whole cell around its nucleus, for the box that people see.

Cytoplasm is told from background by darkness and from red cells by colour. The network never
sees it: crops are cut around the nucleus, whatever is said here.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from mlmodels.ml.inference.crops import Box
from mlmodels.ml.inference.finding.field import Field, Nucleus
from mlmodels.ml.inference.finding.stained import FOREGROUND_BELOW, SMALLEST_REST_PX

# All chosen on BCCD's boxes (docs/model/experiments.md, "Cell boundary"): the fitted margin counts
# by SHARE, the rest is the usual margin; both as shares of the nucleus's longer side.
BACKGROUND_FROM = 215
REACH = 0.35
RING_PX = (1.5, 5.0)
SMALLEST_RING_PX = 10
# Necks to touching cells are cut up to this width, as a share of the nucleus, at least 5 px.
OPEN_SHARE = 0.06
SMALLEST_OPEN_PX = 5
SHARE = 0.7
USUAL_MARGIN = 0.3
MARGIN_OF_THE_UNBOUNDED = 0.2
LEAST_MARGIN = 0.03


def cell_boxes(
    field: Field, nuclei: Sequence[Nucleus], *, width_px: int, height_px: int
) -> list[Box]:
    """The boxes of the cells that belong to nuclei.

    Args:
        field: what `locate` said of the picture.
        nuclei: some of the field's.
        width_px, height_px: size of the picture.

    Returns:
        A box for each nucleus, in the same order, inside the picture.

    Source: chosen on the boxes of BCCD (docs/model/experiments.md, "Cell boundary").
    """
    red = _colour_of_red_cells(field)
    is_nucleus = np.zeros(int(field.labels.max(initial=0)) + 1, dtype=bool)
    is_nucleus[[nucleus.mark for nucleus in field.nuclei]] = True
    scale = max(width_px, height_px) / max(field.labels.shape)
    boxes = []
    for nucleus in nuclei:
        left, top, right, bottom = _edges(field, nucleus, is_nucleus, red, scale)
        x0 = int(np.clip(round(left), 0, width_px - 1))
        y0 = int(np.clip(round(top), 0, height_px - 1))
        x1 = int(np.clip(round(right), x0 + 1, width_px))
        y1 = int(np.clip(round(bottom), y0 + 1, height_px))
        boxes.append(Box(x0, y0, x1 - x0, y1 - y0))
    return boxes


def _edges(
    field: Field,
    nucleus: Nucleus,
    is_nucleus: np.ndarray,
    red: tuple[float, float] | None,
    scale: float,
) -> tuple[float, float, float, float]:
    """Left, top, right and bottom of the cell, px of the picture."""
    x0, y0 = round(nucleus.left / scale), round(nucleus.top / scale)
    x1, y1 = x0 + round(nucleus.width / scale), y0 + round(nucleus.height / scale)
    side = max(x1 - x0, y1 - y0)
    out = round(REACH * side) + 2
    rows = slice(max(0, y0 - out), y1 + out)
    columns = slice(max(0, x0 - out), x1 + out)
    labels = field.labels[rows, columns]
    own = np.asarray(labels == nucleus.mark, dtype=np.uint8)
    free = ~is_nucleus[labels] & (field.blackout[rows, columns] == 0)
    cell = _cell_mask(field.balanced[rows, columns], own, free, red, side)
    ys, xs = np.flatnonzero(cell.any(axis=1)), np.flatnonzero(cell.any(axis=0))
    fitted = (
        x0 - columns.start - xs[0],
        y0 - rows.start - ys[0],
        xs[-1] + 1 - (x1 - columns.start),
        ys[-1] + 1 - (y1 - rows.start),
    )
    left, top, right, bottom = (_margin(grown / side) * side for grown in fitted)
    return (x0 - left) * scale, (y0 - top) * scale, (x1 + right) * scale, (y1 + bottom) * scale


def _cell_mask(
    balanced: np.ndarray,
    own: np.ndarray,
    free: np.ndarray,
    red: tuple[float, float] | None,
    side: int,
) -> np.ndarray:
    """Booleans of a window: the nucleus and what belongs to its cell."""
    distance = cv2.distanceTransform(1 - own, cv2.DIST_L2, 3)
    blueness, darkness = _colour(balanced)
    dark = free & (balanced[..., 1] < BACKGROUND_FROM)
    near = dark & (distance <= REACH * side)
    ring = dark & (distance > RING_PX[0]) & (distance <= RING_PX[1])
    if red is not None and np.count_nonzero(ring) >= SMALLEST_RING_PX:
        cytoplasm = float(np.median(blueness[ring])), float(np.median(darkness[ring]))
        near &= _apart(blueness, darkness, cytoplasm) <= _apart(blueness, darkness, red)
    wide = max(SMALLEST_OPEN_PX, 2 * int(OPEN_SHARE * side) + 1)
    opening = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (wide, wide))
    opened = cv2.morphologyEx((near | (own > 0)).astype(np.uint8), cv2.MORPH_OPEN, opening)
    count, parts = cv2.connectedComponents(opened | own, connectivity=4)
    belongs = np.zeros(count, dtype=bool)
    belongs[parts[own > 0]] = True
    return belongs[parts]


def _margin(fitted: float) -> float:
    """The margin of one side, as a share of the nucleus's longer side."""
    if fitted >= REACH:
        # It ran as far as it may: a neighbour of the same colour, not a boundary.
        fitted = MARGIN_OF_THE_UNBOUNDED
    return SHARE * max(fitted, LEAST_MARGIN) + (1 - SHARE) * USUAL_MARGIN


def _colour_of_red_cells(field: Field) -> tuple[float, float] | None:
    """Blueness and darkness of the field's other cells; None where there are hardly any."""
    stained = cv2.dilate(np.asarray(field.labels > 0, dtype=np.uint8), np.ones((9, 9), np.uint8))
    pale = cv2.inRange(field.balanced, (0, FOREGROUND_BELOW, 0), (255, 255, 255))
    rest = cv2.inRange(cv2.bitwise_or(cv2.bitwise_or(pale, stained), field.blackout), 0, 0)
    if np.count_nonzero(rest) < SMALLEST_REST_PX:
        return None
    red, green, blue = (_median(field.balanced, rest, channel) for channel in range(3))
    return blue - red, 255 - green


def _median(balanced: np.ndarray, mask: np.ndarray, channel: int) -> float:
    """The median level of a channel where the mask is set, from its histogram."""
    counts = cv2.calcHist([balanced], [channel], mask, [256], [0, 256]).ravel()
    return float(np.searchsorted(np.cumsum(counts), counts.sum() / 2))


def _colour(balanced: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    levels = balanced.astype(np.float32)
    return levels[..., 2] - levels[..., 0], 255 - levels[..., 1]


def _apart(blueness: np.ndarray, darkness: np.ndarray, of: tuple[float, float]) -> np.ndarray:
    """Squared distance of colours; darkness counts by half, since cytoplasm has folds."""
    return (blueness - of[0]) ** 2 + (0.5 * (darkness - of[1])) ** 2
