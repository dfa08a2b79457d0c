"""The black surround that an eyepiece leaves around a round picture.

It is no part of the film, and where it fades into the picture it is as dark as a nucleus.
"""

from __future__ import annotations

import cv2
import numpy as np

# A circle's edge: at least so many pixels of it inside the picture, nine in ten of them within so
# much of its radius, which is between these shares of the picture's longer side.
LEAST_EDGE_PX = 60
MOST_OFF = 0.03
RADIUS_RANGE = (0.12, 1.0)
# How far a fading edge is followed, px at working size, and how bright the picture is then.
MOST_FADING_PX = 40
LEAST_BRIGHTNESS = 0.75


def is_round(blackout: np.ndarray) -> bool:
    """Whether what is left of a picture is a disc, or most of one.

    Args:
        blackout: uint8 array, shape (h, w), 1 where there is no picture.
    """
    if not blackout.any() or blackout.all():
        return False
    inside = cv2.erode(blackout, np.ones((3, 3), np.uint8), borderValue=1)
    edge = (blackout > 0) & (inside == 0)
    edge[:2], edge[-2:], edge[:, :2], edge[:, -2:] = False, False, False, False
    ys, xs = np.nonzero(edge)
    if len(xs) < LEAST_EDGE_PX:
        return False
    # x² + y² = 2ax + 2by + c, by least squares (Kåsa 1976).
    system = np.stack([2 * xs, 2 * ys, np.ones(len(xs))], axis=1).astype(np.float64)
    (a, b, c), *_ = np.linalg.lstsq(system, (xs**2 + ys**2).astype(np.float64), rcond=None)
    radius = float(np.sqrt(max(c + a**2 + b**2, 1e-9)))
    low, high = (share * max(blackout.shape) for share in RADIUS_RANGE)
    off = np.abs(np.hypot(xs - a, ys - b) - radius) / radius
    inside_is_seen = blackout[int(np.clip(b, 0, blackout.shape[0] - 1))][
        int(np.clip(a, 0, blackout.shape[1] - 1))
    ]
    return bool(low <= radius <= high and np.percentile(off, 90) <= MOST_OFF and not inside_is_seen)


def with_fading_edge(blackout: np.ndarray, green: np.ndarray) -> np.ndarray:
    """The black surround with its fading edge, where it is round; else as it is.

    Args:
        blackout: uint8 array, shape (h, w), 1 where there is no picture.
        green: uint8 array, shape (h, w), of the picture.
    """
    if not is_round(blackout):
        return blackout
    depth = cv2.distanceTransform(1 - blackout, cv2.DIST_L2, 5)
    middle = green[depth > MOST_FADING_PX]
    if not middle.size:
        return blackout
    wanted = LEAST_BRIGHTNESS * float(np.median(middle))
    rings = (green[(depth > d) & (depth <= d + 1)] for d in range(MOST_FADING_PX))
    fading = next(
        (d for d, ring in enumerate(rings) if ring.size and np.median(ring) >= wanted),
        MOST_FADING_PX,
    )
    return (depth <= fading).astype(np.uint8)
