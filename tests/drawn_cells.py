"""Blood smears drawn by the test suite itself: red cells, and white cells with violet nuclei.

They look enough like the real thing for the engine to find and name cells; what name it gives
them is of no clinical meaning.
"""

from __future__ import annotations

import io
from collections.abc import Sequence

import cv2
import numpy as np
from PIL import Image

BACKGROUND = (236, 231, 226)
RED_CELL = (214, 160, 156)
RED_CELL_MIDDLE = (228, 190, 184)
CYTOPLASM = (206, 186, 214)
NUCLEUS = (92, 52, 138)
LOBED_NUCLEUS = (110, 60, 150)
GRANULAR_CYTOPLASM = (235, 190, 180)
GRANULE = (190, 140, 200)
# Radius of a drawn white cell; a red cell has about half of it.
CELL_RADIUS_PX = 42
# Standard deviation with which the edges of a lobed cell are softened.
SOFTNESS_PX = 1.6


def draw_smear(
    *,
    seed: int = 0,
    cells: int = 1,
    width: int = 480,
    height: int = 360,
    centres: Sequence[tuple[int, int]] | None = None,
    lobed: bool = False,
) -> np.ndarray:
    """Draw one field: uint8 array, shape (height, width, 3), RGB. The same seed, the same field.

    Args:
        cells: how many white cells, on a grid so that none touches another.
        centres: where they are, in px, instead of the grid.
        lobed: whether the cells have fine granules, nuclei of four lobes in a row, and the soft
            edges that a lens leaves. The shipped network accepts such a cell as a neutrophil; all
            others it takes for erythroblasts, which it never accepts.
    """
    rng = np.random.default_rng(seed)
    picture = np.full((height, width, 3), BACKGROUND, np.uint8)
    places = list(centres) if centres is not None else _grid(cells, width, height)
    for _ in range(width * height // 6000):
        at = (int(rng.integers(0, width)), int(rng.integers(0, height)))
        if all(np.hypot(at[0] - x, at[1] - y) > CELL_RADIUS_PX * 1.7 for x, y in places):
            cv2.circle(picture, at, 20, RED_CELL, -1, cv2.LINE_AA)
            cv2.circle(picture, at, 8, RED_CELL_MIDDLE, -1, cv2.LINE_AA)
    for x, y in places:
        (_draw_lobed_cell if lobed else _draw_white_cell)(picture, x, y, rng)
    noise = rng.normal(0, 2.5, (min(height, 256), min(width, 256), 1))
    tiled = np.tile(noise, (-(-height // noise.shape[0]), -(-width // noise.shape[1]), 1))
    return np.clip(picture + tiled[:height, :width], 0, 255).astype(np.uint8)


def draw_smear_png(**drawn: object) -> bytes:
    """The bytes of a PNG of `draw_smear(...)`."""
    return encode(draw_smear(**drawn), "PNG")  # type: ignore[arg-type]


def draw_smear_jpeg(**drawn: object) -> bytes:
    """The bytes of a JPEG of `draw_smear(...)`."""
    return encode(draw_smear(**drawn), "JPEG")  # type: ignore[arg-type]


def encode(rgb: np.ndarray, file_format: str) -> bytes:
    """The bytes of a picture in a format that Pillow writes."""
    buffer = io.BytesIO()
    Image.fromarray(rgb).save(buffer, file_format)
    return buffer.getvalue()


def _grid(cells: int, width: int, height: int) -> list[tuple[int, int]]:
    """The centres of `cells` places, spread evenly."""
    columns = max(1, round(np.sqrt(cells * width / height)))
    rows = -(-cells // columns)
    return [
        (
            int((index % columns + 0.5) * width / columns),
            int((index // columns + 0.5) * height / rows),
        )
        for index in range(cells)
    ]


def _draw_white_cell(picture: np.ndarray, x: int, y: int, rng: np.random.Generator) -> None:
    """Draw a pale cell with a nucleus of one to four lobes."""
    cv2.circle(picture, (x, y), CELL_RADIUS_PX, CYTOPLASM, -1, cv2.LINE_AA)
    lobes = int(rng.integers(1, 5))
    turn = rng.uniform(0, 2 * np.pi)
    radius = int(CELL_RADIUS_PX * (0.72 if lobes == 1 else 0.36))
    spread = 0 if lobes == 1 else CELL_RADIUS_PX * 0.42
    for lobe in range(lobes):
        angle = turn + lobe * 2 * np.pi / lobes
        at = (int(x + spread * np.cos(angle)), int(y + spread * np.sin(angle)))
        cv2.circle(picture, at, radius, NUCLEUS, -1, cv2.LINE_AA)


def _draw_lobed_cell(picture: np.ndarray, x: int, y: int, rng: np.random.Generator) -> None:
    """Draw a granular cell with a nucleus of four lobes that hang together, softly."""
    cv2.circle(picture, (x, y), CELL_RADIUS_PX, GRANULAR_CYTOPLASM, -1, cv2.LINE_AA)
    for _ in range(160):
        angle, out = rng.uniform(0, 2 * np.pi), CELL_RADIUS_PX * np.sqrt(rng.uniform(0, 0.9))
        at = (int(x + out * np.cos(angle)), int(y + out * np.sin(angle)))
        cv2.circle(picture, at, 1, GRANULE, -1, cv2.LINE_AA)
    turn = rng.uniform(0, 2 * np.pi)
    angles = turn + 1.3 * np.arange(4)
    lobes = np.array([x, y]) + CELL_RADIUS_PX * 0.5 * np.stack([np.cos(angles), np.sin(angles)], 1)
    for lobe in lobes.astype(int).tolist():
        cv2.circle(picture, lobe, int(CELL_RADIUS_PX * 0.26), LOBED_NUCLEUS, -1, cv2.LINE_AA)
    cv2.polylines(picture, [lobes.astype(np.int32)], False, LOBED_NUCLEUS, 5, cv2.LINE_AA)
    around = CELL_RADIUS_PX + 6
    part = picture[max(0, y - around) : y + around, max(0, x - around) : x + around]
    part[:] = cv2.GaussianBlur(part, (0, 0), SOFTNESS_PX)
