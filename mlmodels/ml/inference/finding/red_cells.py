"""How large a nucleus is, measured in red cells of its own field.

A crop is cut relative to its nucleus, so a platelet fills it as a monocyte does, and only softness
tells them apart, which another microscope may give to any cell. The red cells around are
a ruler that every film brings along: they are 6.2 to 8.2 µm wide. Where too few of them can be
measured there is no answer.

Source: the constants were chosen on PBC `train`, whose pictures all have one scale: the middle half
of the red cells' diameters lies within 8 % of their median (docs/model/experiments.md, "Size").
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from mlmodels.ml.inference.finding.field import Field
from mlmodels.ml.inference.preprocess import WHITE_LEVEL

# Red cells are measured at half the size that nuclei are looked for at.
WORKING_SIDE_PX = 180
FOREGROUND_RANGE = (170.0, 222.0)
PALE_CENTRE_PX = 450
PALE_CENTRE_ROUNDNESS = 0.6
SPECK_PX = 25
NUCLEUS_MARGIN_PX = 6
SMALLEST_RADIUS_PX = 3.0
WITHIN_ANOTHER = 0.8
LEAST_CIRCLES = 3
ALIKE = (0.75, 1.33)
LEAST_ALIKE_SHARE = 0.5
MOST_CIRCLES = 80
PLAIN_SHARE = 0.6
PLAIN_COVERAGE = 0.12
SURE_SHARE, SURE_COVERAGE = 0.85, 0.2


@dataclass(frozen=True)
class RedCells:
    """How wide the red cells of a field are, and how much speaks for it.

    Args:
        diameter_px: of the middle one, by area, px of the mask.
        alike: how many are about as large.
        share: of the area of all circles that these hold, 0 to 1.
        coverage: of the mask that these cover, 0 to 1.
    """

    diameter_px: float
    alike: int
    share: float
    coverage: float

    @property
    def is_plain(self) -> bool:
        """Whether they cover so much, and so alike, that nothing else need agree."""
        return self.share >= PLAIN_SHARE and self.coverage >= PLAIN_COVERAGE

    @property
    def is_unmistakable(self) -> bool:
        """Whether they cover so much that a finer look would measure the same."""
        return self.share >= SURE_SHARE and self.coverage >= SURE_COVERAGE


def sizes_in_red_cells(field: Field) -> np.ndarray:
    """Diameter of each nucleus (of a disc of its area) over that of the field's red cells.

    Args:
        field: of a picture.

    Returns:
        float64 array, shape (N,), in the order of `field.nuclei`, above 0; NaN where no red cells
        could be measured, and of a nucleus that nothing stained marks.
    """
    if field.red_cell_px is None or not field.nuclei:
        return np.full(len(field.nuclei), np.nan)
    areas = np.bincount(field.labels.ravel()).astype(np.float64)
    areas[0] = np.nan
    marks = [nucleus.mark for nucleus in field.nuclei]
    return 2 * np.sqrt(areas[marks] / np.pi) / field.red_cell_px


def red_cells_of(field: Field) -> RedCells | None:
    """The red cells of a field, in px of `field.balanced`; None where they are uncertain.

    It counts if at least `LEAST_CIRCLES` are about as large, and hold half of the area of all.
    """
    scale = WORKING_SIDE_PX / max(field.score.shape)
    height, width = field.score.shape
    size = max(1, round(width * scale)), max(1, round(height * scale))
    green = cv2.resize(field.balanced[..., 1], size, interpolation=cv2.INTER_AREA)
    blackout = cv2.resize(field.blackout, size, interpolation=cv2.INTER_NEAREST)
    is_stained = (field.labels > 0).astype(np.uint8)
    stained = cv2.resize(is_stained, size, interpolation=cv2.INTER_AREA)
    found = measure_red_cells(green, blackout, stained)
    if found is None or found.alike < LEAST_CIRCLES or found.share < LEAST_ALIKE_SHARE:
        return None
    return replace(found, diameter_px=found.diameter_px / scale)


def measure_red_cells(
    green: np.ndarray, blackout: np.ndarray, stained: np.ndarray, *, most: int = MOST_CIRCLES
) -> RedCells | None:
    """Lay circles into all that is neither background nor near a nucleus; the median, by area.

    Args:
        green: uint8 array, shape (h, w), of a white-balanced picture.
        blackout: uint8 array, shape (h, w), 1 where there is no picture.
        stained: uint8 array, shape (h, w), above 0 in nuclei.
        most: circles at most.

    Returns:
        What was measured; None where there is no circle.
    """
    mask = _red_cell_mask(green, blackout, stained)
    radii = _circles(mask, most)
    if not len(radii):
        return None
    ordered = np.sort(radii)
    areas = np.cumsum(ordered**2)
    middle = float(ordered[np.searchsorted(areas, areas[-1] / 2)])
    alike = radii[(radii > ALIKE[0] * middle) & (radii < ALIKE[1] * middle)]
    held = float((alike**2).sum())
    share, coverage = held / float(areas[-1]), np.pi * held / max(1, int((blackout == 0).sum()))
    return RedCells(2 * middle, len(alike), share, coverage)


def _red_cell_mask(green: np.ndarray, blackout: np.ndarray, stained: np.ndarray) -> np.ndarray:
    """uint8 (h, w): 1 in red cells, with their pale centres, and in whatever else is no
    background; 0 near nuclei."""
    seen = green[blackout == 0].reshape(-1, 1)
    if seen.size == 0:
        return np.zeros(green.shape, np.uint8)
    otsu, _ = cv2.threshold(seen, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    threshold = np.clip((otsu + WHITE_LEVEL) / 2, *FOREGROUND_RANGE)
    mask = ((green < threshold) & (blackout == 0)).astype(np.uint8)
    mask = _without_holes(cv2.medianBlur(mask, 3))
    side = 2 * NUCLEUS_MARGIN_PX + 1
    near = cv2.dilate(stained, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)))
    mask[near > 0] = 0
    return mask


def _without_holes(mask: np.ndarray) -> np.ndarray:
    """Fill specks and round holes: the pale centres of red cells, not the gaps between them."""
    outlines, family = cv2.findContours(mask, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    for outline, kin in zip(outlines, family[0] if family is not None else (), strict=True):
        if kin[3] < 0:
            continue
        area, length = cv2.contourArea(outline), cv2.arcLength(outline, closed=True)
        round_hole = 4 * np.pi * area > PALE_CENTRE_ROUNDNESS * length**2
        if area < SPECK_PX or (area < PALE_CENTRE_PX and round_hole):
            cv2.drawContours(mask, [outline], -1, 1, -1)
    return mask


def _circles(mask: np.ndarray, most: int) -> np.ndarray:
    """Radii, px, of the largest circles in a mask; none beyond the border or in a larger one."""
    height, width = mask.shape
    depth = cv2.distanceTransform(mask, cv2.DIST_L2, 5)
    peak = (depth >= cv2.dilate(depth, np.ones((5, 5), np.uint8))) & (depth > SMALLEST_RADIUS_PX)
    ys, xs = np.nonzero(peak)
    r = depth[ys, xs].astype(np.float64)
    inside = (xs > r) & (ys > r) & (xs < width - r) & (ys < height - r)
    order = np.argsort(-r[inside], kind="stable")
    left = np.stack([xs[inside], ys[inside], r[inside]], axis=1)[order]
    radii: list[float] = []
    while len(left) and len(radii) < most:
        x, y, radius = left[0]
        radii.append(radius)
        apart = (left[:, 0] - x) ** 2 + (left[:, 1] - y) ** 2 > (WITHIN_ANOTHER * radius) ** 2
        apart[0] = False
        left = left[apart]
    return np.array(radii)
