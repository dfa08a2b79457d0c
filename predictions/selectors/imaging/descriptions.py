"""What a cell looks like, in words, from the attributes that are kept with it.

Only what agrees with the measure is said, of older results as well; what is unusual for the class
that the cell is called now is told apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mlmodels.ml.inference.measured_words import (
    NUCLEUS_AT_MOST,
    Size,
    agrees,
    size_of,
    unusual_size,
    unusual_values,
)
from mlmodels.ml.inference.morphology_words import attribute_in_words, describe_cell
from predictions.models import Cell


@dataclass(frozen=True)
class AttributeRow:
    """One attribute of a cell, as a table shows it; `probability` from 0 to 1."""

    name: str
    value: str
    probability: float


def told_attributes(cell: Cell) -> dict[str, Any]:
    """The attributes that are kept with the cell, as far as they agree with the measure."""
    size = _size(cell)
    return {
        name: found
        for name, found in cell.attributes.items()
        if agrees(cell.label, name, found["value"], size)
    }


def description_of(cell: Cell) -> str:
    """One phrase; empty where the version that found the cell was sure of nothing."""
    return describe_cell({name: found["value"] for name, found in told_attributes(cell).items()})


def remarks_on(cell: Cell) -> list[str]:
    """What is unusual for the class that the cell is called now, in words; a reason to look."""
    if not cell.is_named:
        return []
    told = {name: found["value"] for name, found in told_attributes(cell).items()}
    unusual = unusual_values(cell.present_label, told)
    words = [describe_cell({name: value}).lower() for name, value in unusual]
    return [word for word in (unusual_size(cell.present_label, _size(cell)), *words) if word]


def nucleus_in_red_cells(cell: Cell) -> float | None:
    """How wide its nucleus is; none where the red cells cannot have been measured rightly."""
    size = cell.nucleus_in_red_cells
    return size if size and size <= NUCLEUS_AT_MOST else None


def attribute_rows(cell: Cell) -> list[AttributeRow]:
    """Every attribute of the cell that is told, by name."""
    rows = [
        AttributeRow(*attribute_in_words(name, found["value"]), found["probability"])
        for name, found in told_attributes(cell).items()
    ]
    return sorted(rows, key=lambda row: row.name)


def _size(cell: Cell) -> Size | None:
    box = cell.width_px, cell.height_px
    return size_of(cell.nucleus_in_red_cells, cell.nucleus_area_px, box)
