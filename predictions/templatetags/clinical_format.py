"""How numbers, times and words of the laboratory are written on pages."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any, Literal
from zoneinfo import ZoneInfo

from django import template
from django.conf import settings
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from mlmodels.ml.classes import class_in_words
from mlmodels.models import Label, ModelVersion
from predictions.models import Cell
from predictions.selectors.imaging import confidence
from predictions.selectors.imaging.familiarity import word_of

register = template.Library()

NOTHING = DASH = "\N{EN DASH}"
_MINUTE, _HOUR, _DAY = 60, 3600, 86_400


@register.filter
def percent(share: float | Literal[""] | None) -> str:
    """A share from 0 to 1 as percent with one decimal; never rounded up to certainty."""
    # What a card does not hold comes as an empty text.
    if share is None or share == "":
        return NOTHING
    value = 100 * share
    if 99.95 <= value < 100:
        return "> 99.9"
    if 0 < value < 0.05:
        return "< 0.1"
    return f"{value:.1f}"


@register.filter
def confidence_word(share: float, version: ModelVersion | None) -> str:
    """High, fair or low, by the thresholds of the version that said it."""
    return confidence.word_of(share, version)


@register.filter
def familiarity_word(cell: Cell, version: ModelVersion | None) -> str:
    """Familiar, unusual or unfamiliar, by the version that found the cell; else nothing."""
    if cell.familiarity_percentile is None:
        return ""
    return word_of(cell.familiarity_percentile, version)


@register.filter
def label_named(labels: dict[str, Label], code: str) -> Label | None:
    """The row of a code, or nothing where the laboratory has none."""
    return labels.get(code)


@register.filter
def ranked(probabilities: dict[str, float]) -> list[tuple[str, float]]:
    """Classes with their probability, the most probable first."""
    return sorted(probabilities.items(), key=lambda item: -item[1])


@register.filter
def code_in_words(code: str) -> str:
    """A class whose row is missing, readable: `immature_granulocyte` → `Immature granulocyte`."""
    return class_in_words(code)


@register.filter
def reference_interval(label: Label | None) -> str:
    """Both ends with a dash between, in percent; nothing where the class has no interval."""
    if label is None or label.interval_high_percent is None:
        return ""
    low = label.interval_low_percent or Decimal(0)
    return f"{low.normalize():f}{DASH}{label.interval_high_percent.normalize():f} %"


@register.filter
def accepted_count(figures: dict[str, Any]) -> int:
    """How many cells a table of `metrics.summarise` counts as accepted."""
    return round((figures["coverage"] or 0) * figures["n"])


@register.filter
def times(value: float, factor: float) -> float:
    """A product, for the lengths and places of drawn bars."""
    return round(float(value) * float(factor), 2)


@register.filter
def file_size(size_bytes: int) -> str:
    """Bytes in the unit that people read."""
    if size_bytes < 1_000_000:
        return f"{max(1, round(size_bytes / 1000))} kB"
    return f"{size_bytes / 1_000_000:.1f} MB"


@register.simple_tag
def upload_limits() -> dict[str, int]:
    """What one upload may hold, for the sentence beside the drop zone."""
    return {
        "megabytes": settings.MAX_IMAGE_BYTES // 1024**2,
        "megapixels": settings.MAX_IMAGE_MEGAPIXELS,
        "files": settings.MAX_FILES_PER_UPLOAD,
        "pictures": settings.MAX_IMAGES_PER_ARCHIVE,
    }


@register.simple_tag(takes_context=True)
def moment(context: dict[str, Any], at: datetime | None) -> SafeString | str:
    """A time as people say it, with the exact one of the laboratory's zone on hover."""
    if at is None:
        return NOTHING
    local = at.astimezone(_zone(context))
    exact = f"{local:%d %B %Y, %H:%M:%S} ({local.tzname()})"
    return format_html(
        '<time datetime="{}" title="{}">{}</time>', at.isoformat(), exact, _since(at, local)
    )


@register.simple_tag(takes_context=True)
def exact_moment(context: dict[str, Any], at: datetime | None) -> SafeString | str:
    """A time with its day, in the laboratory's zone."""
    if at is None:
        return NOTHING
    local = at.astimezone(_zone(context))
    return format_html(
        '<time datetime="{}">{}</time>', at.isoformat(), f"{local:%d %B %Y, %H:%M} {local.tzname()}"
    )


def _zone(context: dict[str, Any]) -> ZoneInfo:
    viewer = getattr(context.get("request"), "user", None)
    laboratory = getattr(viewer, "laboratory", None)
    return ZoneInfo(laboratory.time_zone if laboratory else "UTC")


def _since(at: datetime, local: datetime) -> str:
    age_s = (timezone.now() - at).total_seconds()
    if age_s < _MINUTE:
        return "just now"
    if age_s < _HOUR:
        return f"{age_s // _MINUTE:.0f} min ago"
    if age_s < _DAY:
        return f"{age_s // _HOUR:.0f} h ago"
    if age_s < 7 * _DAY:
        days = int(age_s // _DAY)
        return "1 day ago" if days == 1 else f"{days} days ago"
    return f"{local.day} {local:%b %Y}"
