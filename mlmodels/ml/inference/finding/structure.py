"""What only a blood film shows, whatever light and stain it was photographed in.

Either red cells, of one size and one hue, around nuclei that fit them; or, where cells fill the
picture, nuclei that are violet and have a texture. It measures; what follows, `quality` says.

Source: thresholds chosen on fields of PBC `train`, BCCD and mll as they are and in other stains
and lights, against strangers drawn from other seeds than the measured ones
(docs/model/finding.md, "Films that were doubted").
"""

from __future__ import annotations

import numpy as np

from mlmodels.ml.inference.finding.field import Field
from mlmodels.ml.inference.finding.red_cells import red_cells_of
from mlmodels.ml.inference.finding.stained import FOREGROUND_BELOW
from mlmodels.ml.inference.preprocess import WHITE_LEVEL

# Red cells: how much speaks for them, how wide nuclei are in them, and how far apart the hues of
# four in five pixels of them are, degrees. Circles of a landscape hold less, or differ more.
LEAST_SHARE, LEAST_COVERAGE = 0.6, 0.1
NUCLEUS_IN_RED_CELLS = (0.45, 3.3)
MOST_HUES_DEG = 17.0
LEAST_BACKGROUND_SHARE = 0.2
# Between nuclei and red cells; of films whose colour was taken down to a fifth it is 8 to 14.
ONE_STAIN_DEG = 12.0
# What is drawn is even; a nucleus is not: standard deviation of its stain, levels.
LEAST_TEXTURE = 5.0
LEAST_TEXTURE_OF_LARGE = 8.0
# Nuclei that fill a picture: share of it that is stained, and of what is no background that is
# violet, that is, green is less than red and blue by so many levels.
LEAST_STAINED_SHARE = 0.08
LEAST_VIOLET_SHARE = 0.15
VIOLET_BY = 8
# What takes away less light has no hue to measure; sum of the three channels' absorbances.
LEAST_ABSORBANCE = 0.2
FEWEST_PIXELS = 20


def shows_red_cells(field: Field, background_share: float) -> bool:
    """Whether a field holds red cells, alike in size and hue, and nuclei of their size.

    Args:
        field: what `locate` said of the picture.
        background_share: of it that is as bright as the background of a film, 0 to 1.
    """
    if not _has_one_hue_beside_nuclei(field, background_share):
        return False
    cells = red_cells_of(field)
    if cells is None or cells.share < LEAST_SHARE or cells.coverage < LEAST_COVERAGE:
        return False
    nuclei = np.median([2 * np.sqrt(area / np.pi) for area in _areas(field)]) / cells.diameter_px
    low, high = NUCLEUS_IN_RED_CELLS
    return bool(low <= nuclei <= high)


def shows_two_stains(field: Field, background_share: float) -> bool:
    """Whether nuclei and the rest of a field differ in hue, and the rest does not in itself.

    Args:
        field: what `locate` said of the picture.
        background_share: of it that is as bright as the background of a film, 0 to 1.
    """
    apart = degrees_between_stains(field)
    if apart is None or apart < ONE_STAIN_DEG:
        return False
    return _has_one_hue_beside_nuclei(field, background_share)


def _has_one_hue_beside_nuclei(field: Field, background_share: float) -> bool:
    """Whether nuclei with a texture lie on a pale ground, with nothing beside them but of a hue."""
    if background_share < LEAST_BACKGROUND_SHARE or _texture(field) < LEAST_TEXTURE:
        return False
    return _hues_of_rest(field) <= MOST_HUES_DEG


def is_filled_by_nuclei(field: Field) -> bool:
    """Whether violet nuclei with a texture fill much of a picture, as marrow does.

    Args:
        field: what `locate` said of the picture.
    """
    if float((field.labels > 0).mean()) < LEAST_STAINED_SHARE:
        return False
    red, green, blue = (field.balanced[..., k].astype(np.int16) for k in range(3))
    dark = (green < FOREGROUND_BELOW) & (field.blackout == 0)
    violet = np.minimum(red, blue) - green > VIOLET_BY
    if float(violet[dark].mean()) < LEAST_VIOLET_SHARE:
        return False
    return _texture(field) >= LEAST_TEXTURE_OF_LARGE


def degrees_between_stains(field: Field) -> float | None:
    """How far apart in hue what is stained as nuclei is from the rest that is no background.

    A hue is the direction of a pixel's three absorbances (Ruifrok and Johnston 2001, colour
    deconvolution). Of a picture of one tint it is the same everywhere.

    Args:
        field: what `locate` said of the picture.

    Returns:
        Degrees, 0 to 90; None where one of the two has too few pixels.
    """
    stained = field.labels > 0
    two = _hues(field, stained), _hues(field, ~stained)
    if min(map(len, two)) < FEWEST_PIXELS:
        return None
    first, second = (_middle(hues) for hues in two)
    return float(np.degrees(np.arccos(np.clip(first @ second, -1, 1))))


def _hues_of_rest(field: Field) -> float:
    """Within how many degrees of the middle one the hues of four in five unstained pixels are."""
    hues = _hues(field, field.labels == 0)
    if len(hues) < FEWEST_PIXELS:
        return np.inf
    away = np.degrees(np.arccos(np.clip(hues @ _middle(hues), -1, 1)))
    return float(np.percentile(away, 80))


def _hues(field: Field, where: np.ndarray) -> np.ndarray:
    """float32 array, shape (N, 3), of length 1: absorbances of what is no background."""
    step = max(3, max(field.blackout.shape) // 120)
    near = (slice(None, None, step),) * 2
    balanced = field.balanced[near]
    wanted = where[near] & (field.blackout[near] == 0) & (balanced[..., 1] < FOREGROUND_BELOW)
    light = np.clip(balanced[wanted].astype(np.float32), 1, WHITE_LEVEL)
    absorbed = -np.log(light / np.float32(WHITE_LEVEL))
    absorbed = absorbed[absorbed.sum(axis=1) > LEAST_ABSORBANCE]
    return absorbed / np.linalg.norm(absorbed, axis=1, keepdims=True)


def _middle(hues: np.ndarray) -> np.ndarray:
    middle = np.median(hues, axis=0)
    return middle / max(float(np.linalg.norm(middle)), 1e-9)


def _areas(field: Field) -> list[int]:
    """Areas of the nuclei that something stained marks, px at working size."""
    counts = np.bincount(field.labels.ravel())
    return [int(counts[nucleus.mark]) for nucleus in field.nuclei if nucleus.mark]


def _texture(field: Field) -> float:
    """Standard deviation of the stain in the most varied of the largest nuclei, levels."""
    marks = [nucleus.mark for nucleus in field.nuclei[:8] if nucleus.mark]
    return max((float(field.score[field.labels == mark].std()) for mark in marks), default=0.0)
