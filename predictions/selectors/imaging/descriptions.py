"""What a cell looks like, in words, from the attributes that are kept with it."""

from __future__ import annotations

from dataclasses import dataclass

from mlmodels.ml.inference.morphology_words import attribute_in_words, describe_cell
from predictions.models import Cell


@dataclass(frozen=True)
class AttributeRow:
    """One attribute of a cell, as a table shows it; `probability` from 0 to 1."""

    name: str
    value: str
    probability: float


def description_of(cell: Cell) -> str:
    """One phrase; empty where the version that found the cell was sure of nothing."""
    return describe_cell({name: found["value"] for name, found in cell.attributes.items()})


def attribute_rows(cell: Cell) -> list[AttributeRow]:
    """Every attribute that is kept with the cell, by name."""
    rows = [
        AttributeRow(*attribute_in_words(name, found["value"]), found["probability"])
        for name, found in cell.attributes.items()
    ]
    return sorted(rows, key=lambda row: row.name)
