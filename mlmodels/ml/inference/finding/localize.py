"""Where the cells are: nuclei found by their stain.

Classic image arithmetic, no learning: white balance, a "how violet and dark" score, Otsu's
threshold, components. It names nothing; whether a find is a cell at all is scored later.

Source: the constants were tried on seven microscopes (docs/model/experiments.md, "Locating").
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from mlmodels.ml.inference.preprocess import apply_gains, background_gains, black_corners

WORKING_SIDE_PX = 360
# From this size on a picture is halved first, which takes a third of the time and changes no
# level by more than 1.
HALVED_FROM_PX = 1080
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
# What is taken away of white, for each level of a channel.
_TAKEN = 255 - np.arange(256, dtype=np.float32)


@dataclass(frozen=True)
class Nucleus:
    """One stained nucleus (or what looks like one), in pixels of the oriented picture.

    Args:
        left, top, width, height: its bounding box, px.
        area_px: number of pixels of the nucleus itself, px².
        edge_share: share of its outline that lies on the picture's border, 0 to 1.
        mark: its number in the field's `labels`; 0 where nothing stained marks it.
    """

    left: float
    top: float
    width: float
    height: float
    area_px: float
    edge_share: float
    mark: int = 0

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
        balanced: uint8 array, shape (h, w, 3), the white-balanced picture at working size.
        score: float32 array, shape (h, w), 0 to 255, how stained each pixel is.
        labels: int32 array, shape (h, w), number of the stained part each pixel belongs to;
            0 is none. Parts that are too small or too pale for a nucleus are among them.
    """

    nuclei: tuple[Nucleus, ...]
    gains: np.ndarray
    blackout: np.ndarray
    balanced: np.ndarray
    score: np.ndarray
    labels: np.ndarray


def locate(rgb: np.ndarray) -> Field:
    """Find the nuclei of a picture by their stain.

    Args:
        rgb: uint8 array, shape (H, W, 3), 0 to 255, oriented RGB.

    Returns:
        The field; it has no nuclei where the picture is too small, empty, black or grey.
    """
    small = _at_working_size(rgb)
    blackout = black_corners(small)
    gains = background_gains(small, blackout)
    balanced = apply_gains(small, gains)
    score = stain_score(balanced, blackout)
    found: list[Nucleus] = []
    labels = np.zeros(score.shape, np.int32)
    if min(rgb.shape[:2]) >= SMALLEST_PICTURE_PX:
        labels, parts = _stained_parts(score)
        scale = max(rgb.shape[:2]) / max(small.shape[:2])
        kept = _standing_out(parts, labels, score, balanced[..., 1])
        found = [measure(part, labels, scale) for part in kept]
    nuclei = tuple(sorted(found, key=lambda n: -n.area_px)[:MOST_NUCLEI])
    return Field(nuclei, gains, blackout, balanced, score, labels)


def stain_score(balanced: np.ndarray, blackout: np.ndarray) -> np.ndarray:
    """How much like a stained nucleus each pixel is.

    Args:
        balanced: uint8 array, shape (h, w, 3), white-balanced RGB.
        blackout: uint8 array, shape (h, w), 1 where there is no picture.

    Returns:
        float32 array, shape (h, w), 0 to 255: green taken away minus 0.6 of blue taken away,
        smoothed. Red cells take away both, nuclei mostly green.
    """
    _, green, blue = cv2.split(balanced)
    score = cv2.subtract(cv2.LUT(green, _TAKEN), cv2.LUT(blue, np.float32(0.6) * _TAKEN))
    black = cv2.inRange(balanced, (0, 0, 0), (SCORE_FLOOR - 1,) * 3)
    score[(black | blackout) > 0] = 0
    blurred = cv2.GaussianBlur(score, (0, 0), BLUR_SIGMA_PX)
    return np.clip(blurred, 0, 255, out=blurred)


def _at_working_size(rgb: np.ndarray) -> np.ndarray:
    height, width = rgb.shape[:2]
    scale = WORKING_SIDE_PX / max(height, width)
    if max(height, width) >= HALVED_FROM_PX and min(height, width) > 1:
        half = height // 2, width // 2
        even = rgb[: 2 * half[0], : 2 * half[1]]
        rgb = cv2.resize(even, half[::-1], interpolation=cv2.INTER_AREA)
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


@dataclass(frozen=True)
class Part:
    """A stained part of a picture, at working size.

    Args:
        mark: its number among the labels.
        rows, columns: a window that holds it.
    """

    mark: int
    rows: slice
    columns: slice


def _stained_parts(score: np.ndarray) -> tuple[np.ndarray, list[Part]]:
    """Components of the stained pixels; lobes that lie close together are one nucleus.

    Returns:
        int32 array, shape (h, w), all of them numbered; and those of a nucleus's size.
    """
    stained = (score > _threshold(score)).astype(np.uint8)
    count, _, stats, _ = cv2.connectedComponentsWithStats(stained, connectivity=8)
    if count < 2:
        return np.zeros(score.shape, np.int32), []
    largest = int(stats[1:, cv2.CC_STAT_AREA].max())
    reach = max(1, round(JOIN_SHARE * largest**0.5 / 2))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    joined_count, joined, windows, _ = cv2.connectedComponentsWithStats(
        cv2.dilate(stained, kernel), connectivity=8
    )
    labels = joined * stained
    areas = np.bincount(labels.ravel(), minlength=joined_count)
    areas[0] = 0
    least = max(SMALLEST_NUCLEUS_PX, SMALLEST_SHARE_OF_LARGEST * areas.max())
    most = LARGEST_SHARE_OF_PICTURE * score.size
    parts = []
    for mark in np.flatnonzero((areas >= least) & (areas <= most)):
        x, y, width, height = (int(v) for v in windows[mark, :4])
        parts.append(Part(int(mark), slice(y, y + height), slice(x, x + width)))
    return labels, parts


def _standing_out(
    parts: list[Part], labels: np.ndarray, score: np.ndarray, green: np.ndarray
) -> list[Part]:
    """Keep what is stained strongly, or clearly more than the rest of the field's cells."""
    means = [_mean_score(part, labels, score) for part in parts]
    if not parts or min(means) >= SURELY_STAINED:
        return parts
    found = cv2.dilate((labels > 0).astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
    rest = score[(green < FOREGROUND_BELOW) & ~found]
    level = float(np.median(rest)) if rest.size >= SMALLEST_REST_PX else SURELY_STAINED
    least = min(SURELY_STAINED, level + STANDS_OUT_BY)
    return [part for part, mean in zip(parts, means, strict=True) if mean >= least]


def _mean_score(part: Part, labels: np.ndarray, score: np.ndarray) -> float:
    window = part.rows, part.columns
    return score[window][labels[window] == part.mark].mean()


def measure(part: Part, labels: np.ndarray, scale: float) -> Nucleus:
    """The nucleus that a stained part is.

    Args:
        part: it has at least one pixel.
        labels: int32 array, shape (h, w), see `Field`.
        scale: px of the picture in a pixel of `labels`.
    """
    height, width = labels.shape
    mask = labels[part.rows, part.columns] == part.mark
    rows = np.flatnonzero(mask.any(axis=1)) + part.rows.start
    columns = np.flatnonzero(mask.any(axis=0)) + part.columns.start
    top, bottom, left, right = rows[0], rows[-1] + 1, columns[0], columns[-1] + 1
    inner = mask[top - part.rows.start :, left - part.columns.start :]
    inner = inner[: bottom - top, : right - left]
    on_edge = 0
    for is_there, line in (
        (top == 0, inner[0]),
        (bottom == height, inner[-1]),
        (left == 0, inner[:, 0]),
        (right == width, inner[:, -1]),
    ):
        on_edge += int(line.sum()) if is_there else 0
    outline = 2 * ((bottom - top) + (right - left))
    return Nucleus(
        left=float(left * scale),
        top=float(top * scale),
        width=float((right - left) * scale),
        height=float((bottom - top) * scale),
        area_px=float(mask.sum() * scale * scale),
        edge_share=on_edge / float(outline),
        mark=part.mark,
    )
