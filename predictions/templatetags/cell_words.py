"""What a cell looks like, for its card."""

from __future__ import annotations

from django import template

from mlmodels.models import ModelVersion
from predictions.models import Cell
from predictions.selectors.imaging import descriptions
from predictions.selectors.review import said

register = template.Library()


@register.filter
def description(cell: Cell) -> str:
    """One phrase, or nothing."""
    return descriptions.description_of(cell)


@register.filter
def remarks(cell: Cell) -> str:
    """What is unusual for what it is called now, or nothing."""
    return ", ".join(descriptions.remarks_on(cell))


@register.filter
def nucleus_in_red_cells(cell: Cell) -> float | None:
    """How wide its nucleus is, or nothing."""
    return descriptions.nucleus_in_red_cells(cell)


@register.filter
def attribute_rows(cell: Cell) -> list[descriptions.AttributeRow]:
    """What the phrase was made of, and the rest."""
    return descriptions.attribute_rows(cell)


@register.filter
def said_of(cell: Cell) -> list[said.Saying]:
    """Everything that was said of the cell, in order."""
    return said.said_of(cell)


@register.filter
def why_a_person(cell: Cell, version: ModelVersion | None) -> str:
    """The one reason for which a person must look."""
    return said.why_a_person(cell, version)
