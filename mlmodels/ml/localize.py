"""Where the cells are: nuclei found by their stain.

Classic image arithmetic, no learning: white balance, a "how violet and dark" score, Otsu's
threshold, components. It names nothing; whether a find is a cell at all is scored later.

Source: the constants were tried on seven microscopes (docs/model/experiments.md, "Locating").
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from mlmodels.ml.preprocess import apply_gains, background_gains, black_corners

WORKING_SIDE_PX = 360
SMALLEST_PICTURE_PX = 16
BLUR_SIGMA_PX = 1.2
SCORE_FLOOR = 45.0
THRESHOLD_RANGE = (68.0, 125.0)
JOIN_SHARE = 0.18
SMALLEST_NUCLEUS_PX = 60
SMALLEST_SHARE_OF_LARGEST = 0.12
LARGEST_SHARE_OF_PICTURE = 0.85
MOST_NUCLEI = 200
# A nucleus is darker than any red cell of its field. Chosen on PBC and BCCD (least mean score
# of a principal cell: 87) against red-cell fields with even numbers of Chula (most: 83).
SURELY_STAINED = 84.0
STANDS_OUT_BY = 35.0
FOREGROUND_BELOW = 205
SMALLEST_REST_PX = 300


@dataclass(frozen=True)
class Nucleus:
    """One stained nucleus (or what looks like one), in pixels of the oriented picture.

    Args:
        left, top, width, height: its bounding box, px.
        area_px: number of pixels of the nucleus itself, px².
        edge_share: share of its outline that lies on the picture's border, 0 to 1.
    """

    left: float
    top: float
    width: float
    height: float
    area_px: float
    edge_share: float

    @property
    def centre(self) -> tuple[float, float]:
        """Middle of the box, (x, y) in px."""
        return self.left + self.width / 2, self.top + self.height / 2

    @property
    def side_px(self) -> float:
        """The longer side of the box, px."""
        return max(self.width, self.height)


@dataclass(frozen=True)
class Field:
    """What one look at the whole picture found.

    Args:
        nuclei: the finds, largest area first.
        gains: float64 array, shape (3,); each channel times its gain puts the background at
            `WHITE_LEVEL`.
        blackout: uint8 array, shape (h, w), 0 or 1, at working size; 1 where the picture has
            no content (the black corners of a rotated copy).
    """

    nuclei: tuple[Nucleus, ...]
    gains: np.ndarray
    blackout: np.ndarray


def locate(rgb: np.ndarray) -> Field:
    """Find the nuclei of a picture by their stain.

    Args:
        rgb: uint8 array, shape (H, W, 3), 0 to 255, oriented RGB.

    Returns:
        The field; it has no nuclei where the picture is too small, empty, black or grey.
    """
    height, width = rgb.shape[:2]
    small = _at_working_size(rgb)
    blackout = black_corners(small)
    gains = background_gains(small, blackout)
    if min(height, width) < SMALLEST_PICTURE_PX:
        return Field((), gains, blackout)
    balanced = apply_gains(small, gains)
    score = stain_score(balanced, blackout)
    groups = _standing_out(_nuclei_masks(score), score, balanced[..., 1])
    scale = max(height, width) / max(small.shape[:2])
    found = [_measure(labels, index, scale) for labels, index in groups]
    return Field(tuple(sorted(found, key=lambda n: -n.area_px)[:MOST_NUCLEI]), gains, blackout)


def stain_score(balanced: np.ndarray, blackout: np.ndarray) -> np.ndarray:
    """How much like a stained nucleus each pixel is.

    Args:
        balanced: uint8 array, shape (h, w, 3), white-balanced RGB.
        blackout: uint8 array, shape (h, w), 1 where there is no picture.

    Returns:
        float32 array, shape (h, w), 0 to 255: green taken away minus 0.6 of blue taken away,
        smoothed. Red cells take away both, nuclei mostly green.
    """
    taken = 255.0 - balanced.astype(np.float32)
    score = taken[..., 1] - 0.6 * taken[..., 2]
    score[(balanced < SCORE_FLOOR).all(axis=2) | (blackout > 0)] = 0
    return np.clip(cv2.GaussianBlur(score, (0, 0), BLUR_SIGMA_PX), 0, 255)


def _at_working_size(rgb: np.ndarray) -> np.ndarray:
    height, width = rgb.shape[:2]
    scale = WORKING_SIDE_PX / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return cv2.resize(rgb, size, interpolation=method)


def _threshold(score: np.ndarray) -> float:
    """Otsu's threshold of the scores above the floor, kept in the range seen on real films."""
    above = score[score > SCORE_FLOOR]
    if above.size == 0:
        return THRESHOLD_RANGE[1]
    levels = above.astype(np.uint8).reshape(-1, 1)
    otsu, _ = cv2.threshold(levels, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    return float(np.clip(otsu, *THRESHOLD_RANGE))


def _nuclei_masks(score: np.ndarray) -> list[tuple[np.ndarray, int]]:
    """Components of the stained pixels; lobes that lie close together are one nucleus."""
    stained = (score > _threshold(score)).astype(np.uint8)
    count, _, stats, _ = cv2.connectedComponentsWithStats(stained, connectivity=8)
    if count < 2:
        return []
    largest = int(stats[1:, cv2.CC_STAT_AREA].max())
    reach = max(1, round(JOIN_SHARE * largest**0.5 / 2))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    joined_count, joined = cv2.connectedComponents(cv2.dilate(stained, kernel), connectivity=8)
    labels = joined * stained
    areas = np.bincount(labels.ravel(), minlength=joined_count)
    areas[0] = 0
    least = max(SMALLEST_NUCLEUS_PX, SMALLEST_SHARE_OF_LARGEST * areas.max())
    most = LARGEST_SHARE_OF_PICTURE * score.size
    return [(labels, int(i)) for i in np.flatnonzero((areas >= least) & (areas <= most))]


def _standing_out(
    groups: list[tuple[np.ndarray, int]], score: np.ndarray, green: np.ndarray
) -> list[tuple[np.ndarray, int]]:
    """Keep what is stained strongly, or clearly more than the rest of the field's cells."""
    if not groups:
        return []
    found = cv2.dilate((groups[0][0] > 0).astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
    rest = score[(green < FOREGROUND_BELOW) & ~found]
    level = float(np.median(rest)) if rest.size >= SMALLEST_REST_PX else SURELY_STAINED
    least = min(SURELY_STAINED, level + STANDS_OUT_BY)
    return [(labels, i) for labels, i in groups if score[labels == i].mean() >= least]


def _measure(labels: np.ndarray, index: int, scale: float) -> Nucleus:
    mask = labels == index
    rows = np.flatnonzero(mask.any(axis=1))
    columns = np.flatnonzero(mask.any(axis=0))
    top, bottom, left, right = rows[0], rows[-1] + 1, columns[0], columns[-1] + 1
    on_edge = int(mask[0].sum() + mask[-1].sum() + mask[:, 0].sum() + mask[:, -1].sum())
    outline = 2 * ((bottom - top) + (right - left))
    return Nucleus(
        left=float(left * scale),
        top=float(top * scale),
        width=float((right - left) * scale),
        height=float((bottom - top) * scale),
        area_px=float(mask.sum() * scale * scale),
        edge_share=on_edge / float(outline),
    )
