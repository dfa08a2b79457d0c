"""Wide fields made of small ones: drawn, and photographs where `HEMATOVISION_DATA` names them."""

from __future__ import annotations

import os
from pathlib import Path

import cv2
import numpy as np

from mlmodels.research.finding.tiles import TiledField, read_drawn_cells, tile_fields
from tests.drawn_cells import draw_smear

DATA = os.environ.get("HEMATOVISION_DATA", "")


def tiled_photographs(across: int, cell_px: int, *, seed: int = 0) -> TiledField:
    """BCCD's fields, laid together and reduced so that the middle cell is so wide."""
    folder = Path(DATA) / "smears" / "bccd"
    drawn = read_drawn_cells(folder / "boxes.csv")
    rng = np.random.default_rng([seed, across, cell_px])
    return tile_fields(drawn, folder, across=across, cell_px=cell_px, rng=rng)


def wide_drawing(across: int, width_px: int) -> tuple[np.ndarray, int]:
    """A drawn field of white cells among red ones, reduced to a width; and how many there are."""
    cells = across**2
    side = 300 * across
    rgb = draw_smear(seed=across, cells=cells, width=side, height=side, lobed=True)
    size = (width_px, width_px)
    return cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), cells
