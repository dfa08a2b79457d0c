"""Random changes of training crops: what another microscope, stain or camera might have done.

Works on one crop at a time with OpenCV; never used outside training.
"""

from __future__ import annotations

import cv2
import numpy as np

from mlmodels.ml.inference.crops import CropRule, shift_colour
from mlmodels.ml.inference.preprocess import WHITE_LEVEL
from mlmodels.ml.training.recipe import Augmentation

TINTED_SHARE = 0.6
TINT_SPREAD = 0.25
# Times as much light as a well exposed picture has.
EXPOSURE_GAIN = (1.1, 1.5)
TINT_SHIFT_LAB = (14.0, 9.0, 9.0)


def augment(
    wide: np.ndarray, ratio: float, rule: CropRule, a: Augmentation, rng: np.random.Generator
) -> np.ndarray:
    """Turn a wide crop into one training crop.

    Args:
        wide: uint8 array, shape (S, S, 3), 0 to 255, white-balanced.
        ratio: the part of the wide crop's side that the network would see, 0 to 1.
        rule: side of the result, and the mean colour that `a.centred` of the crops are given.
        a: strengths.
        rng: the only source of chance.

    Returns:
        uint8 array, shape (side_px, side_px, 3).
    """
    crop = _move(wide, ratio, rule.side_px, a, rng)
    crop = _overexpose(crop, a, rng)
    crop = _cut(crop, a, rng)
    crop = _stain(crop, a, rng)
    crop = _tint(crop, a, rng)
    crop = _disturb(_soften(crop, a, rng), a, rng)
    if rule.mean_lab is not None and a.centred and rng.random() < a.centred:
        return shift_colour(crop, rule.mean_lab)
    return crop


def _move(
    wide: np.ndarray, ratio: float, side_px: int, a: Augmentation, rng: np.random.Generator
) -> np.ndarray:
    """Any rotation, a mirror image every other time, zoom and shift, in one interpolation."""
    size = wide.shape[0]
    zoom = np.exp(rng.uniform(-1, 1) * np.log1p(a.zoom))
    scale = side_px / (size * ratio) * zoom
    angle = rng.uniform(0, 2 * np.pi)
    mirror = -1.0 if rng.random() < 0.5 else 1.0
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    matrix = scale * turn @ np.diag([mirror, 1.0])
    middle = side_px / 2 + rng.uniform(-1, 1, 2) * a.shift * side_px
    offset = middle - matrix @ np.array([size / 2, size / 2])
    border = cv2.BORDER_REFLECT_101 if rng.random() < 0.5 else cv2.BORDER_CONSTANT
    return cv2.warpAffine(
        wide,
        np.hstack([matrix, offset[:, None]]),
        (side_px, side_px),
        flags=cv2.INTER_LINEAR,
        borderMode=border,
        borderValue=(WHITE_LEVEL,) * 3,
    )


def _overexpose(crop: np.ndarray, a: Augmentation, rng: np.random.Generator) -> np.ndarray:
    """Too much light: pale parts and background become one white before the white balance."""
    if not a.overexposed or rng.random() >= a.overexposed:
        return crop
    gain = rng.uniform(*EXPOSURE_GAIN)
    back = WHITE_LEVEL / min(255.0, WHITE_LEVEL * gain)
    levels = np.minimum(np.arange(256) * gain, 255.0) * back
    return np.asarray(cv2.LUT(crop, np.rint(levels).astype(np.uint8)))


def _cut(crop: np.ndarray, a: Augmentation, rng: np.random.Generator) -> np.ndarray:
    """Let the picture end near the cell on one to four sides, as tight single-cell files do."""
    if rng.random() >= a.cut:
        return crop
    side = crop.shape[0]
    low = (rng.uniform(0.0, 0.24, 2) * side * (rng.random(2) < 0.7)).astype(int)
    high = side - (rng.uniform(0.0, 0.24, 2) * side * (rng.random(2) < 0.7)).astype(int)
    result = np.full_like(crop, int(WHITE_LEVEL))
    result[low[1] : high[1], low[0] : high[0]] = crop[low[1] : high[1], low[0] : high[0]]
    return result


def _stain(crop: np.ndarray, a: Augmentation, rng: np.random.Generator) -> np.ndarray:
    """Change the stain (a matrix on optical density), the white point, brightness and gamma."""
    density = -np.log((crop.astype(np.float32) + 1.0) / 256.0)
    mix = np.eye(3, dtype=np.float32) + rng.normal(0, a.colour, (3, 3)).astype(np.float32)
    strength = np.exp(rng.normal(0, 2 * a.colour))
    white = rng.normal(0, a.colour / 2, 3).astype(np.float32)
    changed = density @ (mix * np.float32(strength)) + white
    light = np.exp(rng.normal(0, a.light / 2))
    gamma = np.exp(rng.normal(0, a.light))
    values = np.exp(-np.clip(changed, 0, None) * np.float32(gamma)) * 256.0 - 1.0
    return np.clip(values * np.float32(light), 0, 255).astype(np.uint8)


def _tint(crop: np.ndarray, a: Augmentation, rng: np.random.Generator) -> np.ndarray:
    """Move mean and spread in L*a*b* as another camera would; take some of the colour away."""
    if a.tint and rng.random() < TINTED_SHARE:
        lab = cv2.cvtColor(crop, cv2.COLOR_RGB2LAB).astype(np.float32)
        mean = lab.mean(axis=(0, 1))
        spread = np.exp(rng.normal(0, TINT_SPREAD * a.tint, 3))
        shift = rng.normal(0, 1, 3) * np.array(TINT_SHIFT_LAB) * a.tint
        moved = np.clip((lab - mean) * spread + mean + shift, 0, 255).astype(np.uint8)
        crop = np.asarray(cv2.cvtColor(moved, cv2.COLOR_LAB2RGB))
    if a.grey and rng.random() < a.grey:
        weights = rng.dirichlet([1.0, 1.0, 1.0]).astype(np.float32)
        part = np.float32(rng.uniform(0.3, 1.0))
        grey = (crop.astype(np.float32) @ weights)[..., None]
        crop = np.clip(crop * (1 - part) + grey * part, 0, 255).astype(np.uint8)
    return crop


def _soften(crop: np.ndarray, a: Augmentation, rng: np.random.Generator) -> np.ndarray:
    """Blur, or a lower resolution, so that softness says nothing about the class."""
    if rng.random() >= a.blur:
        return crop
    side = crop.shape[0]
    if rng.random() < 0.5:
        return cv2.GaussianBlur(crop, (0, 0), rng.uniform(0.3, max(0.31, a.blur_sigma_px)))
    small = max(8, round(side / rng.uniform(1.2, max(1.21, a.lowest_resolution))))
    low = cv2.resize(crop, (small, small), interpolation=cv2.INTER_AREA)
    return cv2.resize(low, (side, side), interpolation=cv2.INTER_LINEAR)


def _disturb(crop: np.ndarray, a: Augmentation, rng: np.random.Generator) -> np.ndarray:
    """Sensor noise, or the blocks of a strongly compressed JPEG."""
    if rng.random() >= a.noise:
        return crop
    if rng.random() < 0.5:
        noise = rng.normal(0, rng.uniform(1, 6), crop.shape)
        return np.clip(crop + noise, 0, 255).astype(np.uint8)
    quality = int(rng.integers(35, 90))
    _, data = cv2.imencode(".jpg", crop, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR))
