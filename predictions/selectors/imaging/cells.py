"""One cell and its picture."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings

from accounts.models import User
from predictions import policy, storage
from predictions.errors import CellNotFound
from predictions.models import Cell


def cell_for_viewer(viewer: User, cell_id: UUID) -> Cell:
    """The cell with its image.

    Raises:
        CellNotFound: there is no such cell in the viewer's laboratory.
    """
    cell = policy.visible_cells(viewer).select_related("image").filter(pk=cell_id).first()
    if cell is None:
        raise CellNotFound()
    return cell


def crop_bytes(cell: Cell) -> bytes:
    """A JPEG of the cell at the size it was photographed, with a little of its surroundings.

    Raises:
        OriginalMissing: the picture is gone from storage.
    """
    image = cell.image
    # The rendition has every pixel unless it was reduced.
    reduced = max(image.width_px, image.height_px) > settings.RENDITION_SIDE_PX
    return storage.cut_crop(
        image.original if reduced else image.rendition,
        x_px=cell.x_px,
        y_px=cell.y_px,
        width_px=cell.width_px,
        height_px=cell.height_px,
    )
