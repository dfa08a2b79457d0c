"""The nucleus of a cell whose box a person drew, so that it is cropped as one that was found.

It refuses boxes that no cell can be read from; whether there is a cell in the box is scored later.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from mlmodels.ml.errors import BoxRefused
from mlmodels.ml.inference.crops import Box
from mlmodels.ml.inference.finding.field import Field, Nucleus
from mlmodels.ml.inference.finding.stained import SMALLEST_SHARE_OF_LARGEST, Part, measure

SMALLEST_BOX_PX = 8
# How many times as long as its nucleus a cell is, for boxes with nothing stained inside: the
# middle of the boxes that people drew is 1.35 on BCCD and 1.26 on Raabin. Crops by it alone name
# 292 of 299 and 92 of 110 of these cells as the found ones are named; by what is stained 299 and
# 108 are.
CELL_BY_NUCLEUS = 1.3


def refuse_useless(box: Box, *, width_px: int, height_px: int) -> None:
    """Refuse a box that is too small, or not wholly in its picture.

    Raises:
        BoxRefused: with the sentence why.
    """
    right, bottom = box.x + box.width, box.y + box.height
    if min(box.width, box.height) < SMALLEST_BOX_PX:
        raise BoxRefused(
            f"The box is {box.width} × {box.height} px. "
            f"Draw one of at least {SMALLEST_BOX_PX} px each way around the cell."
        )
    if box.x < 0 or box.y < 0 or right > width_px or bottom > height_px:
        raise BoxRefused(
            f"The box reaches beyond the picture, which is {width_px} × {height_px} px. "
            "Draw it inside."
        )


def field_of_box(field: Field, box: Box, *, longer_px: int) -> Field:
    """The same look at a picture, with the drawn cell's nucleus alone.

    A person draws the outline of the cell, and crops are cut around its nucleus: that is what is
    stained in the box. Where nothing is, the nucleus is taken to lie in the middle, without area.

    Args:
        field: what `locate` said of the picture.
        box: the cell, px of the picture.
        longer_px: the longer side of the picture.
    """
    scale = longer_px / max(field.labels.shape)
    rows = _window(box.y, box.height, scale)
    columns = _window(box.x, box.width, scale)
    inside = field.labels[rows, columns]
    own = _of_the_cell(field.labels, inside)[inside]
    if not own.any():
        return replace(field, nuclei=(_usual_nucleus(box),))
    labels = field.labels.copy()
    mark = int(labels.max()) + 1
    labels[rows, columns][own] = mark
    return replace(
        field, nuclei=(measure(Part(mark, rows, columns), labels, scale),), labels=labels
    )


def _window(start: int, length: int, scale: float) -> slice:
    """The stretch of a box at working size, at least one pixel."""
    first = int(start / scale)
    return slice(first, max(first + 1, round((start + length) / scale)))


def _of_the_cell(labels: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """Booleans by number of a stained part: whether its pixels in the box are of the cell.

    A part that lies in the box by less than half is a neighbour's, unless there is no other:
    then neighbours touch, and the box parts them. Specks are left out, as `locate` leaves them.
    """
    whole = np.bincount(labels.ravel())
    within = np.bincount(inside.ravel(), minlength=len(whole))
    within[0] = 0
    mostly = (within > 0) & (2 * within >= whole)
    own = mostly if mostly.any() else within > 0
    largest = within[own].max(initial=0)
    return np.asarray(own & (within >= SMALLEST_SHARE_OF_LARGEST * largest))


def _usual_nucleus(box: Box) -> Nucleus:
    width, height = box.width / CELL_BY_NUCLEUS, box.height / CELL_BY_NUCLEUS
    return Nucleus(
        left=box.x + (box.width - width) / 2,
        top=box.y + (box.height - height) / 2,
        width=width,
        height=height,
        area_px=0.0,
        edge_share=0.0,
    )
