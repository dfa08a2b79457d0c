"""How wide the edges of a picture are: of its nuclei and red cells against what lies around them.

A smooth nucleus has few details and a sharp outline all the same, so outlines are measured, not
details. It judges nothing; widths are told in pixels of the look.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from mlmodels.ml.inference.finding.field import Field

# Deviations of the two Gaussians, px of the look. The first one takes noise and JPEG's blocks away.
FINE_PX, COARSE_PX = 1.2, 3.0
# An edge is at least this share of the strongest ones, and this strong, levels a pixel.
LEAST_SHARE, STRONGEST_PERCENTILE = 0.3, 99.5
LEAST_STRENGTH = 1.0
# The sharpest quarter tells the focus: other outlines are soft by nature.
SHARPEST_PERCENTILE = 25.0
LEAST_EDGE_PX = 12
WIDEST_PX = 20.0


@dataclass(frozen=True)
class Edges:
    """The edges of a window of a look.

    Args:
        strength: float32 array, shape (h, w), levels a pixel; 0 where no edge can be measured.
        width: float32 array, shape (h, w), deviation of the Gaussian that would make a step as
            soft as the edge there, px of the look, 0 to `WIDEST_PX`.
    """

    strength: np.ndarray
    width: np.ndarray


def edges_of(field: Field, window: tuple[slice, slice]) -> Edges:
    """Measure the ridges of the gradient of green, in which nuclei and red cells are darkest.

    Args:
        field: a look at a picture.
        window: rows and columns of it, px of the look.

    Source: defocus from the ratio of gradients before and after a further blur (Zhuo and Sim 2011,
    doi 10.1016/j.patcog.2011.03.009), solved for two Gaussians: a step of deviation s, blurred by
    a, has the gradient c / sqrt(2 pi (s² + a²)).
    """
    green = field.balanced[..., 1][window].astype(np.float32)
    fine, coarse = _gradient(green, FINE_PX), _gradient(green, COARSE_PX)
    # A ridge, so that the slopes beside an edge are no edges of their own.
    ridge = (fine >= 0.98 * cv2.dilate(fine, np.ones((3, 3), np.uint8))) & (fine >= LEAST_STRENGTH)
    blackout = field.blackout[window]
    if blackout.any():
        side = 2 * round(3 * COARSE_PX) + 1
        ridge &= cv2.dilate(blackout, np.ones((side, side), np.uint8)) == 0
    strength, width = np.zeros_like(fine), np.zeros_like(fine)
    strength[ridge] = fine[ridge]
    ratio = (fine[ridge] / np.maximum(coarse[ridge], 1e-3)) ** 2
    squared = (COARSE_PX**2 - ratio * FINE_PX**2) / np.maximum(ratio - 1, 1e-3)
    width[ridge] = np.sqrt(np.clip(squared, 0, WIDEST_PX**2))
    return Edges(strength, width)


def edge_width(edges: Edges, window: tuple[slice, slice] = (slice(None), slice(None))) -> float:
    """How wide the sharpest of the strong edges of a window are, px of the look; NaN without any.

    Args:
        edges: of a window of a look.
        window: rows and columns of that.
    """
    strength = edges.strength[window]
    strong = strength[strength > 0]
    if strong.size < LEAST_EDGE_PX:
        return float("nan")
    is_edge = strength >= LEAST_SHARE * np.percentile(strong, STRONGEST_PERCENTILE)
    widths = edges.width[window][is_edge]
    return float(np.percentile(widths, SHARPEST_PERCENTILE)) if widths.size else float("nan")


def _gradient(levels: np.ndarray, sigma_px: float) -> np.ndarray:
    """float32 (h, w): levels a pixel, after a Gaussian."""
    smooth = cv2.GaussianBlur(levels, (0, 0), sigma_px)
    across = cv2.Sobel(smooth, cv2.CV_32F, 1, 0, scale=1 / 8)
    return cv2.magnitude(across, cv2.Sobel(smooth, cv2.CV_32F, 0, 1, scale=1 / 8))
