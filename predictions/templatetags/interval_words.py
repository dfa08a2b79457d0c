"""How reference intervals are written on pages."""

from __future__ import annotations

from django import template

from predictions.intervals import Interval, ages_in_words
from predictions.selectors.laboratory.interval_pages import UNIT_WORDS

register = template.Library()


@register.filter
def ages(interval: Interval) -> str:
    """For which ages an interval holds."""
    return ages_in_words(interval)


@register.filter
def unit_words(unit: str) -> str:
    """A unit as people write it."""
    return UNIT_WORDS[unit]
