"""Cells as pages show them: a tile of the sheet of their image's result."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import F, QuerySet

from mlmodels.ml.inference.sheets import TILE_PX, sheet_size, tile_corner
from predictions.models import Cell


@dataclass(frozen=True)
class Crop:
    """A cell's crop.

    Args:
        cells: of its image's result, which is how many tiles the sheet has.
        tile: x and y of its crop on the sheet.
    """

    image_id: UUID
    job_id: UUID
    cells: int
    tile: tuple[int, int]

    @property
    def sheet_px(self) -> tuple[int, int]:
        """Width and height of the sheet."""
        return sheet_size(self.cells)

    @property
    def view_box(self) -> str:
        """The window on the sheet that shows it."""
        return f"{self.tile[0]} {self.tile[1]} {TILE_PX} {TILE_PX}"


def crops_of(cells: QuerySet[Cell], at_most: int) -> list[Crop]:
    """The crops of the first of some cells, in their order; those of older results are left out."""
    shown: Iterable[Any] = cells.filter(
        job_id=F("image__newest_result_id"), position__lte=F("image__cells_found")
    ).values_list("image_id", "job_id", "position", "image__cells_found", named=True)[:at_most]
    return [
        Crop(
            image_id=row.image_id,
            job_id=row.job_id,
            cells=row.image__cells_found,
            tile=tile_corner(row.position - 1),
        )
        for row in shown
    ]
