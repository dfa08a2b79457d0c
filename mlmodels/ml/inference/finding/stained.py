"""What is stained like a nucleus, in a picture of one size.

Classic image arithmetic, no learning: a "how violet and dark" score, Otsu's threshold, components.

Source: the constants were tried on seven microscopes, where red cells are some 45 to 75 px wide
(docs/model/experiments.md, "Locating").
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from mlmodels.ml.inference.finding.field import Nucleus

BLUR_SIGMA_PX = 1.2
SCORE_FLOOR = 45.0
THRESHOLD_RANGE = (68.0, 125.0)
JOIN_SHARE = 0.18
SMALLEST_NUCLEUS_PX = 60
SMALLEST_SHARE_OF_LARGEST = 0.12
LARGEST_SHARE_OF_PICTURE = 0.85
# Areas in red cells: a disc 0.45 times as wide, which is a large platelet, and one 1.7 times.
SMALLEST_IN_RED_CELLS = 0.2
LARGEST_IN_RED_CELLS = 3.0
# How wide red cells are where the constants above were chosen, px.
USUAL_RED_CELL_PX = 45.0
# A nucleus is darker than any red cell of its field. Chosen on PBC and BCCD (least mean score
# of a principal cell: 87) against red-cell fields with even numbers of Chula (most: 83).
SURELY_STAINED = 84.0
STANDS_OUT_BY = 35.0
# Of fields full of red cells. Their level is 28 to 44, of the darkest of Chula with even numbers
# 76; the least mean score of a nucleus of BCCD beside a level of 35 is 97.
DARKEST_RED_CELLS = 90.0
SURELY_NO_RED_CELL = 110.0
THRESHOLD_ABOVE_RED_CELLS = 20.0
FOREGROUND_BELOW = 205
SMALLEST_REST_PX = 300
# Red cells that are stained like nuclei. Of what is stained, px at working size, "apart" is what
# lies so far from all that is stained more: a fifth to a quarter of a red cell.
APART_PX = 12.0
MIXED_SHARE_OF_PICTURE = 0.1
MOST_DARK_SHARE = 0.4
LEAST_APART_SHARE = 0.5
# What is taken away of white, for each level of a channel.
_TAKEN = 255 - np.arange(256, dtype=np.float32)


def stain_score(
    balanced: np.ndarray, blackout: np.ndarray, red_cell_px: float | None = None
) -> np.ndarray:
    """How much like a stained nucleus each pixel is.

    Args:
        balanced: uint8 array, shape (h, w, 3), white-balanced RGB.
        blackout: uint8 array, shape (h, w), 1 where there is no picture.
        red_cell_px: diameter of the field's red cells, where it is known; less is smoothed where
            it is small.

    Returns:
        float32 array, shape (h, w), 0 to 255: green taken away minus 0.6 of blue taken away,
        smoothed. Red cells take away both, nuclei mostly green.
    """
    _, green, blue = cv2.split(balanced)
    score = cv2.subtract(cv2.LUT(green, _TAKEN), cv2.LUT(blue, np.float32(0.6) * _TAKEN))
    black = cv2.inRange(balanced, (0, 0, 0), (SCORE_FLOOR - 1,) * 3)
    score[(black | blackout) > 0] = 0
    fineness = min(1.0, (red_cell_px or USUAL_RED_CELL_PX) / USUAL_RED_CELL_PX)
    blurred = cv2.GaussianBlur(score, (0, 0), BLUR_SIGMA_PX * fineness)
    return np.clip(blurred, 0, 255, out=blurred)


def stain_threshold(score: np.ndarray) -> float:
    """Otsu's threshold of the scores above the floor, kept in the range seen on real films."""
    above = score[score > SCORE_FLOOR]
    if above.size == 0:
        return THRESHOLD_RANGE[1]
    levels = above.astype(np.uint8).reshape(-1, 1)
    return float(np.clip(_otsu(levels), *THRESHOLD_RANGE))


def _otsu(levels: np.ndarray) -> float:
    return float(cv2.threshold(levels, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)[0])


def threshold_among_stained(score: np.ndarray, threshold: float) -> float:
    """Otsu's threshold of what is stained, where that holds red cells; else the first threshold.

    On a film whose red cells are violet, they and the nuclei pass the first threshold together.
    A second one parts them: where much of the picture is stained, the smaller part of it darkly,
    and most of the rest lies apart from that. What is pale of a nucleus or of a white cell lies
    beside what is dark of it.

    Args:
        score: float32 array, shape (h, w), see `stain_score`.
        threshold: the first one, levels.

    Returns:
        The threshold that parts nuclei from the rest, levels; `threshold` or more.

    Source: Otsu 1979 (doi 10.1109/TSMC.1979.4310076), applied once more; when it is, was chosen
    on fields of PBC `train`, BCCD and the four-class set as they are and made violet
    (docs/model/finding.md, "Red cells as violet as nuclei").
    """
    stained = score > threshold
    if np.count_nonzero(stained) <= MIXED_SHARE_OF_PICTURE * score.size:
        return threshold
    levels = score[stained].astype(np.uint8).reshape(-1, 1)
    second = max(_otsu(levels), threshold)
    dark = score > second
    if np.count_nonzero(dark) >= MOST_DARK_SHARE * len(levels) or not dark.any():
        return threshold
    away = cv2.distanceTransform((~dark).astype(np.uint8), cv2.DIST_L2, 3)
    apart = float((away[stained & ~dark] > APART_PX).mean())
    return second if apart > LEAST_APART_SHARE else threshold


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


def stained_parts(
    score: np.ndarray, threshold: float, red_cell_px: float | None = None
) -> tuple[np.ndarray, list[Part]]:
    """Components of the stained pixels; lobes that lie close together are one nucleus.

    Args:
        score: float32 array, shape (h, w), see `stain_score`.
        threshold: what is above it is stained.
        red_cell_px: diameter of the field's red cells, where it is known. It says how small and
            how large a nucleus is; else the largest part says it.

    Returns:
        int32 array, shape (h, w), all of them numbered; and those of a nucleus's size.
    """
    stained = (score > threshold).astype(np.uint8)
    count, _, stats, _ = cv2.connectedComponentsWithStats(stained, connectivity=8)
    if count < 2:
        return np.zeros(score.shape, np.int32), []
    red_cell = np.inf if red_cell_px is None else np.pi / 4 * red_cell_px**2
    # What is larger is several things, and no measure of how far apart lobes lie.
    most = LARGEST_IN_RED_CELLS * red_cell
    largest = min(int(stats[1:, cv2.CC_STAT_AREA].max()), most)
    reach = max(1, round(JOIN_SHARE * largest**0.5 / 2))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    joined_count, joined, windows, _ = cv2.connectedComponentsWithStats(
        cv2.dilate(stained, kernel), connectivity=8
    )
    labels = joined * stained
    areas = np.bincount(labels.ravel(), minlength=joined_count)
    areas[0] = 0
    smallest = SMALLEST_NUCLEUS_PX if red_cell_px is None else SMALLEST_IN_RED_CELLS * red_cell
    least = max(smallest, SMALLEST_SHARE_OF_LARGEST * min(areas.max(), most))
    most = LARGEST_SHARE_OF_PICTURE * score.size
    parts = []
    for mark in np.flatnonzero((areas >= least) & (areas <= most)):
        x, y, width, height = (int(v) for v in windows[mark, :4])
        parts.append(Part(int(mark), slice(y, y + height), slice(x, x + width)))
    return labels, parts


def standing_out(
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


def level_of_red_cells(score: np.ndarray, green: np.ndarray) -> float | None:
    """How stained the cells of a field are that are mostly red cells; None where they are not.

    Args:
        score: float32 array, shape (h, w), see `stain_score`.
        green: uint8 array, shape (h, w), of the white-balanced picture.
    """
    foreground = score[green < FOREGROUND_BELOW]
    level = float(np.median(foreground)) if foreground.size >= SMALLEST_REST_PX else np.inf
    return level if level <= DARKEST_RED_CELLS else None


def above_red_cells(
    parts: list[Part], labels: np.ndarray, score: np.ndarray, level: float
) -> list[Part]:
    """Keep what is stained clearly more than a field's red cells, whose level is known."""
    least = min(level + STANDS_OUT_BY, SURELY_NO_RED_CELL)
    return [part for part in parts if _mean_score(part, labels, score) >= least]


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
