"""Real fields as another stain, lamp or exposure would show them, by arithmetic on absorbances.

No set here was photographed so. A pixel's absorbances are mixed by a matrix, which changes the
stain, and shown again in another light, which may be too bright to be kept.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mlmodels.ml.inference.preprocess import (
    BLACK_BELOW,
    WHITE_LEVEL,
    background_gains,
    black_corners,
)

Matrix = tuple[tuple[float, float, float], ...]
VIOLET: Matrix = ((0.7, 0.25, 0.0), (0.0, 1.35, 0.0), (0.0, 0.25, 0.35))


@dataclass(frozen=True)
class OtherStain:
    """Another look of a film.

    Args:
        name: e.g. "violet, overexposed".
        strength: the absorbances are multiplied by it.
        mixed: absorbances of red, green and blue, each from those of the picture.
        light: level of the background in red, green and blue over 255; above 1 is overexposed.
    """

    name: str
    strength: float
    mixed: Matrix
    light: tuple[float, float, float]


STAINS = (
    OtherStain("violet", 1.0, VIOLET, (0.9, 0.87, 0.93)),
    OtherStain("violet, overexposed", 1.8, VIOLET, (1.2, 1.15, 1.25)),
    OtherStain("dark violet, overexposed", 2.4, VIOLET, (1.2, 1.15, 1.25)),
    OtherStain(
        "yellow lamp", 1.0, ((1.0, 0.25, 0.0), (0.0, 0.75, 0.05), (0.0, 0.1, 1.2)), (0.85, 0.9, 0.5)
    ),
    OtherStain(
        "dim and greenish",
        1.0,
        ((1.1, 0.15, 0.0), (0.1, 0.8, 0.0), (0.0, 0.1, 1.0)),
        (0.4, 0.55, 0.38),
    ),
    OtherStain(
        "orange red cells",
        1.0,
        ((0.6, 0.0, 0.0), (0.0, 1.0, 0.2), (0.0, 0.3, 1.4)),
        (0.95, 0.9, 0.85),
    ),
)


def restained(rgb: np.ndarray, stain: OtherStain) -> np.ndarray:
    """A field in another stain and light.

    Args:
        rgb: uint8 array, shape (H, W, 3).
        stain: how.

    Returns:
        uint8 array of the same shape; black without content stays black.

    Source: absorbance is minus the logarithm of light over that of the background (Ruifrok and
    Johnston 2001, colour deconvolution), here of stored levels.
    """
    background = WHITE_LEVEL / background_gains(rgb, black_corners(rgb))
    absorbed = -np.log((rgb.astype(np.float32) + 1) / (background.astype(np.float32) + 1))
    mixed = np.float32(stain.strength) * absorbed @ np.asarray(stain.mixed, np.float32).T
    shown = 255 * np.asarray(stain.light, np.float32) * np.exp(-mixed)
    without = rgb.max(axis=2) < BLACK_BELOW
    shown[without] = rgb[without]
    return np.clip(np.rint(shown), 0, 255).astype(np.uint8)
