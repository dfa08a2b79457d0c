"""What one look at a whole picture knows: its nuclei, its white balance, and what is stained."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Nucleus:
    """One stained nucleus (or what looks like one), in pixels of the oriented picture.

    Args:
        left, top, width, height: its bounding box, px.
        area_px: number of pixels of the nucleus itself, px².
        edge_share: share of its outline that lies on the picture's border, 0 to 1.
        mark: its number in the field's `labels`; 0 where nothing stained marks it.
    """

    left: float
    top: float
    width: float
    height: float
    area_px: float
    edge_share: float
    mark: int = 0

    @property
    def centre(self) -> tuple[float, float]:
        """Middle of the box, (x, y) in px."""
        return self.left + self.width / 2, self.top + self.height / 2

    @property
    def side_px(self) -> float:
        """The longer side of the box, px."""
        return max(self.width, self.height)


@dataclass(frozen=True)
class Field:
    """What one look at the whole picture found.

    Args:
        nuclei: the finds, largest area first.
        gains: float64 array, shape (3,); each channel times its gain puts the background at
            `WHITE_LEVEL`.
        blackout: uint8 array, shape (h, w), 0 or 1, at working size; 1 where the picture has
            no content (the black corners of a rotated copy).
        balanced: uint8 array, shape (h, w, 3), the white-balanced picture at working size.
        score: float32 array, shape (h, w), 0 to 255, how stained each pixel is.
        labels: int32 array, shape (h, w), number of the stained part each pixel belongs to;
            0 is none. Parts that are too small or too pale for a nucleus are among them.
        red_cell_px: diameter of the field's red cells, px of `balanced`; None where unknown.
        um_per_px: what a pixel of the picture shows, µm; None where no red cells tell.
        marks: uint8 array, shape (H, W) of the picture, 1 where something is drawn on it; None
            where nothing is.
        left_out: nuclei beyond `MOST_NUCLEI`, which are not among `nuclei`.
    """

    nuclei: tuple[Nucleus, ...]
    gains: np.ndarray
    blackout: np.ndarray
    balanced: np.ndarray
    score: np.ndarray
    labels: np.ndarray
    red_cell_px: float | None = None
    um_per_px: float | None = None
    marks: np.ndarray | None = None
    left_out: int = 0
