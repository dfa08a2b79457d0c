"""A cell of the gallery as the page holds it.

Not a template: of a thousand cells, each would take a template longer than all queries together.
"""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from django import template
from django.utils.safestring import SafeString

from predictions.selectors.review.gallery import GalleryCell
from predictions.templatetags.clinical_format import percent

register = template.Library()

_CELL = (
    '<li class="cell cell--{mark}{alarm}" id="cell-{id}" role="option" aria-selected="false" '
    'tabindex="-1" aria-label="{name}, {says}; {place}" data-cell="{id}" '
    'data-label="{code}" data-number="{number}" data-field="{field}" '
    'data-position="{position}" data-box="{box}" '
    'data-says="{says}" data-model="{model}, {percent} %"{asks}>'
    '<svg class="cell__crop" viewBox="{view_box}" aria-hidden="true"><image></image></svg></li>'
)


@register.simple_tag
def gallery_cells(cells: Iterable[GalleryCell]) -> SafeString:
    """The cells of a column, in their order."""
    return SafeString("".join(map(gallery_cell, cells)))


def gallery_cell(cell: GalleryCell) -> SafeString:
    """One cell; its crop is fetched by the script when it comes near."""
    # What a person may have written is escaped; the rest is ours, or a number.
    says = escape(cell.state_in_words)
    return SafeString(
        _CELL.format(
            mark=cell.mark,
            id=cell.id,
            name=escape(cell.name),
            place=cell.place,
            code=escape(cell.code),
            number=cell.last_review_number,
            field=cell.field.number,
            position=cell.position,
            box=cell.box_words,
            says=says,
            model=escape(cell.model_name),
            percent=escape(percent(cell.confidence)),
            alarm=" cell--alarm" if cell.makes_alarm else "",
            asks=" data-asks" if cell.asks else "",
            view_box=cell.view_box,
        )
    )
