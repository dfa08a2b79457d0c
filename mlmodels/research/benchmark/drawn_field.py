"""A drawn field of a blood film, of any size: something to measure seconds and memory on.

It says nothing about accuracy: what it shows is as simple as a drawing.
"""

from __future__ import annotations

import io

import cv2
import numpy as np
from PIL import Image

BACKGROUND = (236, 230, 225)
RED_CELL, RED_CELL_MIDDLE = (213, 158, 155), (228, 190, 184)
CYTOPLASM, NUCLEUS = (204, 184, 214), (94, 54, 138)
# In a field 640 px wide, as BCCD's: radius of a red cell, of a white cell, and of its lobes.
RADII_PX = (26, 46, 19)
DRAWN_WIDTH_PX = 640
NOISE_LEVELS = 3.0


def draw_field(width: int, height: int, *, cells: int = 1, seed: int = 0) -> np.ndarray:
    """Draw red cells and some white cells in a row across the middle.

    Args:
        width, height: of the picture, px; what is drawn grows with the width.
        cells: white cells, 0 to 5.
        seed: the same seed draws the same field.

    Returns:
        uint8 array, shape (height, width, 3), RGB.
    """
    rng = np.random.default_rng(seed)
    scale = width / DRAWN_WIDTH_PX
    red, white, lobe = (max(1, round(r * scale)) for r in RADII_PX)
    picture = np.full((height, width, 3), BACKGROUND, np.uint8)
    middles = [(round((i + 0.5) * width / max(cells, 1)), height // 2) for i in range(cells)]
    for _ in range(90):
        at = (int(rng.integers(width)), int(rng.integers(height)))
        if all(np.hypot(at[0] - x, at[1] - y) > white + 1.2 * red for x, y in middles):
            cv2.circle(picture, at, red, RED_CELL, -1, cv2.LINE_AA)
            cv2.circle(picture, at, red // 3, RED_CELL_MIDDLE, -1, cv2.LINE_AA)
    for x, y in middles:
        cv2.circle(picture, (x, y), white, CYTOPLASM, -1, cv2.LINE_AA)
        for dx, dy in ((-0.4, -0.2), (0.1, 0.3), (0.4, -0.25)):
            at = (round(x + dx * white), round(y + dy * white))
            cv2.circle(picture, at, lobe, NUCLEUS, -1, cv2.LINE_AA)
    noise = rng.standard_normal((height, width, 1), dtype=np.float32) * NOISE_LEVELS
    return np.clip(picture + noise, 0, 255).astype(np.uint8)


def field_jpeg(width: int, height: int, *, cells: int = 1, seed: int = 0) -> bytes:
    """The field as a JPEG of quality 90, colour at half resolution, as cameras write it."""
    buffer = io.BytesIO()
    field = Image.fromarray(draw_field(width, height, cells=cells, seed=seed))
    field.save(buffer, "JPEG", quality=90)
    return buffer.getvalue()
