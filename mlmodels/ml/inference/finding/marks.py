"""What somebody drew on a picture: rings, arrows, scale bars, text.

Ink is saturated and even, in colours that no stain has. It is found, so that it becomes no part of
a nucleus, painted over by what lies around it, and told, so that a cell that it crosses is looked
at by a person. It judges no cell.

Source: thresholds lie beyond what pictures of PBC, BCCD, Chula, mll and the four-class set hold
(docs/model/experiments.md, "Marks").
"""

from __future__ import annotations

import cv2
import numpy as np

from mlmodels.ml.inference.crops import Box
from mlmodels.ml.inference.finding.look import at_side
from mlmodels.ml.inference.preprocess import apply_gains, background_gains, black_corners

# How far a colour stands out, levels, both as photographed and white-balanced: its own channels
# above the others.
# In the order blue, magenta, red, yellow, green, cyan.
LIMITS = (170, 130, 105, 100, 60, 60)
# Thin lines lose colour where a camera or JPEG stores it at half resolution. So weaker ones count
# where they are thin and long.
THIN_LIMITS = (107, 106, 105, 100, 60, 60)
THIN_PX, LONG_PX, LEAST_SLENDERNESS = 7, 75, 5.0
# A fine line of any colour: at most so wide, less one, and so much darker than its sides.
DARK_LINE_PX, DARKER_BY = 7, 100
# So far beside a line its colour is looked for.
BESIDE_PX, BESIDE_STRENGTH, MOST_BESIDE = (4, 7), 60, 0.25
SMALLEST_PX = 24
# Half the width of the widest stroke, of the picture's longer side.
WIDEST_SHARE = 0.05
# What is painted over around ink: edges that the camera, or JPEG, softened.
HALO_PX = 3
PAINT_RADIUS_PX = 3
SMALL_SIDE_PX = 360
# Larger pictures are looked at reduced.
MOST_MEGAPIXELS = 4.0


def find_marks(rgb: np.ndarray) -> np.ndarray | None:
    """Where ink was drawn on a picture.

    Args:
        rgb: uint8 array, shape (H, W, 3), 0 to 255.

    Returns:
        uint8 array, shape (H, W), 1 at ink and its soft edges; None where there is none.
    """
    height, width = rgb.shape[:2]
    by = int(np.ceil((height * width / (MOST_MEGAPIXELS * 1_000_000)) ** 0.5))
    if by == 1:
        return _ink(rgb)
    size = max(1, width // by), max(1, height // by)
    ink = _ink(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA))
    return (
        None if ink is None else cv2.resize(ink, (width, height), interpolation=cv2.INTER_NEAREST)
    )


def _ink(rgb: np.ndarray) -> np.ndarray | None:
    """`find_marks` of a picture of a few megapixels."""
    raw = _strengths(rgb)
    dark = _dark_lines(rgb)
    if not dark.any() and cv2.countNonZero(_any(raw, THIN_LIMITS)) < SMALLEST_PX:
        return None
    small = at_side(rgb, SMALL_SIDE_PX)
    balanced = _strengths(apply_gains(rgb, background_gains(small, black_corners(small))))
    strengths = [cv2.min(one, other) for one, other in zip(raw, balanced, strict=True)]
    ink = _strokes(_any(strengths, LIMITS)) | _thin(strengths) | dark
    if not ink.any():
        return None
    side = 2 * HALO_PX + 1
    return cv2.dilate(ink, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)))


def paint_over(rgb: np.ndarray, marks: np.ndarray) -> np.ndarray:
    """The picture with its marks filled by what lies around them.

    Args:
        rgb: uint8 array, shape (H, W, 3).
        marks: of `find_marks`.

    Source: Telea 2004, Journal of Graphics Tools 9:23.
    """
    painted = rgb.copy()
    count, _, stats, _ = cv2.connectedComponentsWithStats(marks, connectivity=8)
    for x, y, width, height, _area in stats[1:count]:
        rows = slice(max(0, y - 2 * PAINT_RADIUS_PX), y + height + 2 * PAINT_RADIUS_PX)
        columns = slice(max(0, x - 2 * PAINT_RADIUS_PX), x + width + 2 * PAINT_RADIUS_PX)
        window = np.ascontiguousarray(painted[rows, columns])
        painted[rows, columns] = cv2.inpaint(
            window, marks[rows, columns], PAINT_RADIUS_PX, cv2.INPAINT_TELEA
        )
    return painted


def is_crossed(box: Box, marks: np.ndarray) -> bool:
    """Whether a mark lies on a cell, or touches its box."""
    return bool(marks[box.y : box.y + box.height, box.x : box.x + box.width].any())


def _strengths(rgb: np.ndarray) -> list[np.ndarray]:
    """How much each of six colours stands out: blue, magenta, red, yellow, green, cyan."""
    r, g, b = cv2.split(rgb)
    return [
        cv2.subtract(b, cv2.max(r, g)),
        cv2.subtract(cv2.min(r, b), g),
        cv2.subtract(r, cv2.max(g, b)),
        cv2.subtract(cv2.min(r, g), b),
        cv2.subtract(g, cv2.max(r, b)),
        cv2.subtract(cv2.min(g, b), r),
    ]


def _any(strengths: list[np.ndarray], limits: tuple[int, ...]) -> np.ndarray:
    found = np.zeros(strengths[0].shape, np.uint8)
    for strength, limit in zip(strengths, limits, strict=True):
        found |= np.asarray(cv2.inRange(strength, limit, 255), dtype=np.uint8)
    return found & 1


def _strokes(mask: np.ndarray) -> np.ndarray:
    """What of a mask is neither single pixels nor an area, as a meadow is."""
    joined = cv2.dilate(mask, np.ones((3, 3), np.uint8))
    count, labels = cv2.connectedComponents(joined, connectivity=8)
    areas = np.bincount((labels * mask).ravel(), minlength=count)
    depth = cv2.distanceTransform(joined, cv2.DIST_L2, 3)
    too_wide = np.zeros(count, dtype=bool)
    too_wide[labels[depth > WIDEST_SHARE * max(mask.shape)]] = True
    keep = (areas >= SMALLEST_PX) & ~too_wide
    keep[0] = False
    return (keep[labels] & (mask > 0)).astype(np.uint8)


def _thin(strengths: list[np.ndarray]) -> np.ndarray:
    """What is drawn by a fine pen: nowhere wide, long, and without its colour beside it."""
    mask = _any(strengths, THIN_LIMITS)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (THIN_PX, THIN_PX))
    wide = cv2.dilate(cv2.morphologyEx(mask, cv2.MORPH_OPEN, disc), np.ones((3, 3), np.uint8))
    thin = mask & (1 - wide)
    joined = cv2.dilate(thin, np.ones((3, 3), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
    areas = np.bincount((labels * thin).ravel(), minlength=count)
    long = np.hypot(stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT])
    keep = (long >= LONG_PX) & (areas >= SMALLEST_PX) & (areas <= long**2 / LEAST_SLENDERNESS)
    keep[0] = False
    for label in np.flatnonzero(keep):
        keep[label] = _stands_alone(labels == label, strengths)
    return (keep[labels] & (thin > 0)).astype(np.uint8)


def _dark_lines(rgb: np.ndarray) -> np.ndarray:
    """Fine lines, long and much darker than both their sides, of whatever colour."""
    green = np.ascontiguousarray(rgb[..., 1])
    square = np.ones((DARK_LINE_PX, DARK_LINE_PX), np.uint8)
    depth = cv2.morphologyEx(green, cv2.MORPH_BLACKHAT, square)
    line = (depth >= DARKER_BY).astype(np.uint8)
    if cv2.countNonZero(line) < SMALLEST_PX:
        return np.zeros_like(line)
    joined = cv2.dilate(line, np.ones((3, 3), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
    areas = np.bincount((labels * line).ravel(), minlength=count)
    long = np.hypot(stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT])
    keep = (long >= LONG_PX) & (areas >= SMALLEST_PX) & (areas <= DARK_LINE_PX * long)
    # A turned copy has slivers of black along its border.
    border = np.concatenate(
        [labels[:2].ravel(), labels[-2:].ravel(), labels[:, :2].ravel(), labels[:, -2:].ravel()]
    )
    keep[border] = False
    return (keep[labels] & (line > 0)).astype(np.uint8)


def _stands_alone(line: np.ndarray, strengths: list[np.ndarray]) -> bool:
    """Whether hardly anything beside a line has its colour, as one side of a nucleus's edge has."""
    near, far = (np.ones((2 * reach + 1,) * 2, np.uint8) for reach in BESIDE_PX)
    drawn = line.astype(np.uint8)
    beside = cv2.dilate(drawn, far) > cv2.dilate(drawn, near)
    own = max(strengths, key=lambda strength: int(strength[line].sum()))
    return bool((own[beside] >= BESIDE_STRENGTH).mean() < MOST_BESIDE) if beside.any() else True
