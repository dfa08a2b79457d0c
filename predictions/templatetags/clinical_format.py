"""How numbers and words of the laboratory are written on pages."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Literal

from django import template
from django.conf import settings

from mlmodels.ml.classes import class_in_words
from mlmodels.models import Label, ModelVersion
from predictions.models import Cell
from predictions.selectors.imaging import confidence
from predictions.selectors.imaging.familiarity import word_of

register = template.Library()

NOTHING = DASH = "\N{EN DASH}"


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
