"""Which cell of a picture its label is of."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mlmodels.ml.inference.cell_naming import CellFinding

# Sets whose pictures hold neighbours and name the cell in the middle, not the largest one.
NAMED_IN_THE_MIDDLE = {"mll", "deepapl"}


def is_named_in_the_middle(source: str) -> bool:
    """Whether the labels of a set mean the cell in the middle; of all others the largest one.

    Args:
        source: of a picture, which begins with the name of its set.
    """
    return source.partition(":")[0] in NAMED_IN_THE_MIDDLE


def place_of_labelled(
    centres: Sequence[tuple[float, float]], size: tuple[int, int], source: str
) -> int:
    """The place, among the finds of a picture, of the cell that its label is of.

    Args:
        centres: x and y of each find, px, the largest one first; at least one.
        size: width and height of the picture, px.
        source: of the picture, which begins with the name of its set.
    """
    if not is_named_in_the_middle(source):
        return 0
    gaps = np.array(centres, dtype=float) - np.array(size) / 2
    return int(np.hypot(gaps[:, 0], gaps[:, 1]).argmin())


def labelled_cell(
    cells: Sequence[CellFinding], size: tuple[int, int], source: str
) -> CellFinding | None:
    """The cell that a picture's label is of; None where none was found.

    Args:
        cells: of one picture, the principal one first.
        size: width and height of the picture, px.
        source: of the picture, which begins with the name of its set.
    """
    if not cells:
        return None
    boxes = (cell.box for cell in cells)
    centres = [(box.x + box.width / 2, box.y + box.height / 2) for box in boxes]
    return cells[place_of_labelled(centres, size, source)]
