"""What the light of a photograph left of its cells: what was blown out, and what stayed dark.

It measures the picture as it was photographed, before the white balance, and judges nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from mlmodels.ml.inference.finding.field import Field, Nucleus
from mlmodels.ml.inference.preprocess import WHITE_LEVEL

# A channel at this level holds no more light; JPEG leaves 254 of 255.
CLIPPED_FROM = 254
# What touches a nucleus: so far from it, px of the look.
AROUND_PX = 4
_NEAR = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * AROUND_PX + 1, 2 * AROUND_PX + 1))


@dataclass(frozen=True)
class Exposure:
    """The light of a field.

    Args:
        white_share: of the picture, without black corners, that is blown out in all three
            channels, 0 to 1. A bright ground alone harms no cell.
        clipped: float64 array, shape (N,): of each nucleus, the share of its pixels that are
            blown out in two channels, which leaves no hue, 0 to 1.
        white_around: float64 array, shape (N,): of what touches each nucleus, which is cytoplasm
            or a neighbour, the share that is blown out in all three, 0 to 1.
        levels: float64 array, shape (N,): levels of green between each nucleus and the film's
            ground, as photographed; NaN where nothing stained marks it.
    """

    white_share: float
    clipped: np.ndarray
    white_around: np.ndarray
    levels: np.ndarray


def exposure_of(rgb: np.ndarray, field: Field) -> Exposure:
    """Measure the light of a picture.

    Args:
        rgb: uint8 array, shape (H, W, 3), the picture as it was photographed.
        field: what `locate` said of it.
    """
    height, width = field.labels.shape
    # Single pixels, not means: a mean of 255 and 240 is not blown out.
    seen = cv2.resize(rgb, (width, height), interpolation=cv2.INTER_NEAREST)
    inside = field.blackout == 0
    is_white = (cv2.inRange(seen, (CLIPPED_FROM,) * 3, (255,) * 3) > 0) & inside
    scale = max(rgb.shape[:2]) / max(field.labels.shape)
    each = [_of_nucleus(seen, is_white, field, nucleus, scale) for nucleus in field.nuclei]
    clipped, around, green = np.array(each, dtype=np.float64).reshape(-1, 3).T
    return Exposure(
        white_share=int(np.count_nonzero(is_white)) / max(1, int(np.count_nonzero(inside))),
        clipped=clipped,
        white_around=around,
        levels=(WHITE_LEVEL - green) / float(field.gains[1]),
    )


def _of_nucleus(
    seen: np.ndarray, is_white: np.ndarray, field: Field, nucleus: Nucleus, scale: float
) -> tuple[float, float, float]:
    """Its clipped share, the white share around it, and its mean of balanced green."""
    rows, columns = (
        slice(max(0, int(start / scale) - AROUND_PX), int((start + length) / scale) + AROUND_PX + 1)
        for start, length in ((nucleus.top, nucleus.height), (nucleus.left, nucleus.width))
    )
    labels = field.labels[rows, columns]
    own = (labels == nucleus.mark) & (labels > 0)
    if not own.any():
        return 0.0, 0.0, float("nan")
    around = (cv2.dilate(own.astype(np.uint8), _NEAR) > 0) & (labels == 0)
    blown = np.count_nonzero(seen[rows, columns][own] >= CLIPPED_FROM, axis=1)
    white = is_white[rows, columns][around]
    green = field.balanced[rows, columns, 1][own]
    return (
        float(np.mean(blown >= 2)),
        float(white.mean()) if white.size else 0.0,
        float(green.mean()),
    )
