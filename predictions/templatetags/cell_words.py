"""What a cell looks like, for its card."""

from __future__ import annotations

from django import template

from predictions.models import Cell
from predictions.selectors.imaging import descriptions

register = template.Library()


@register.filter
def description(cell: Cell) -> str:
    """One phrase, or nothing."""
    return descriptions.description_of(cell)


@register.filter
def attribute_rows(cell: Cell) -> list[descriptions.AttributeRow]:
    """What the phrase was made of, and the rest."""
    return descriptions.attribute_rows(cell)
