"""The crops of an image's cells on one sheet: cut with the result, or when asked for, and kept.

A gallery shows a thousand cells of a hundred images: a sheet each is a hundred requests, and each
picture is decoded once, instead of once a cell.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Iterable, Sequence
from statistics import median
from uuid import UUID

from django.conf import settings

from accounts.models import User
from accounts.policy import Action, require
from mlmodels.ml.inference.sheets import TILE_PX, Square
from predictions import policy, storage
from predictions.errors import CellNotFound, OriginalMissing, StorageUnavailable
from predictions.models import Cell, SmearImage

logger = logging.getLogger(__name__)

# A tile shows so many red cells side by side, some 20 µm, so that sizes can be compared.
RED_CELLS_A_TILE = 2.7
# Where no red cell is known, and at least: times the longer side of the cell's box.
AROUND_UNKNOWN, AROUND_AT_LEAST, AROUND_AT_MOST = 1.4, 1.15, 2.5


def sheet_bytes(*, actor: User, image_id: UUID, job_id: UUID, cells: int) -> bytes:
    """A JPEG with a tile for each of the first cells of a result, in the order of their numbers.

    Args:
        job_id: whose result.
        cells: how many; those that a person adds later are on another sheet.

    Raises:
        CellNotFound: the actor's laboratory has no such result, or it has fewer cells.
        OriginalMissing: the picture is gone from storage.
        StorageUnavailable: the storage does not answer now.
    """
    require(actor, Action.SEE_RESULTS)
    shown = policy.visible_cells(actor).filter(image_id=image_id, job_id=job_id)
    if not 0 < cells <= shown.count():
        raise CellNotFound()
    kept = storage.kept_sheet(_key(job_id, cells))
    if kept is not None:
        return kept
    rows = shown.select_related("image").defer("probabilities", "attributes")
    found = list(rows.order_by("position")[:cells])
    return _make(found[0].image, job_id, found)


def prepare_sheet(image: SmearImage, job_id: UUID, cells: Sequence[Cell]) -> None:
    """Cut the sheet of a new result before anybody asks; one that fails is cut when asked for."""
    if not cells:
        return
    try:
        _make(image, job_id, cells)
    except (OriginalMissing, StorageUnavailable):
        logger.warning("The sheet of job %s was not cut ahead.", job_id, exc_info=True)


def tile_bytes(cell: Cell) -> bytes:
    """A JPEG of one cell at the scale and size of a tile; the caller may see it.

    Args:
        cell: with its image.

    Raises:
        OriginalMissing: the picture is gone from storage.
        StorageUnavailable: the storage does not answer now.
    """
    beside = Cell.objects.filter(job_id=cell.job_id)
    red_cell_px = _red_cell_px(beside.only("nucleus_area_px", "nucleus_in_red_cells"))
    return _cut(cell.image, [cell], red_cell_px)


def _make(image: SmearImage, job_id: UUID, cells: Sequence[Cell]) -> bytes:
    made = _cut(image, cells, _red_cell_px(cells))
    storage.keep_sheet(_key(job_id, len(cells)), made)
    return made


def _key(job_id: UUID, cells: int) -> str:
    return f"{job_id}-{cells}"


def _cut(image: SmearImage, cells: Sequence[Cell], red_cell_px: float | None) -> bytes:
    squares = [_around(cell, red_cell_px) for cell in cells]
    reduced_to = min(1.0, settings.RENDITION_SIDE_PX / max(image.width_px, image.height_px))
    if reduced_to * min(square.side for square in squares) < TILE_PX and reduced_to < 1:
        return storage.cut_sheet(image.original, squares)
    in_rendition = [
        Square(reduced_to * square.x, reduced_to * square.y, reduced_to * square.side)
        for square in squares
    ]
    return storage.cut_sheet(image.rendition, in_rendition)


def _red_cell_px(cells: Iterable[Cell]) -> float | None:
    """How wide a red cell is in this picture; none where the engine did not say."""
    widths = [
        2 * math.sqrt(cell.nucleus_area_px / math.pi) / cell.nucleus_in_red_cells
        for cell in cells
        if cell.nucleus_in_red_cells
    ]
    return median(widths) if widths else None


def _around(cell: Cell, red_cell_px: float | None) -> Square:
    """The square that shows a cell: of one scale in all pictures, wider for what would not fit."""
    longer = max(cell.width_px, cell.height_px, 1)
    side = AROUND_UNKNOWN * longer
    if red_cell_px is not None:
        wanted = RED_CELLS_A_TILE * red_cell_px
        side = min(max(wanted, AROUND_AT_LEAST * longer), AROUND_AT_MOST * longer)
    return Square(cell.x_px + cell.width_px / 2, cell.y_px + cell.height_px / 2, side)
