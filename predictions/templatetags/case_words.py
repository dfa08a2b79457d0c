"""A case in words, and the figures of a differential as they are drawn and written."""

from __future__ import annotations

from decimal import Decimal

from django import template

from predictions.checklist import CaseFacts
from predictions.intervals import Interval
from predictions.reports import words
from predictions.reports.content import (
    FINDINGS_SUPPORT,
    ReportContent,
    ReportInterval,
    ReportKeptFinding,
)

register = template.Library()

DASH = "\N{EN DASH}"
_DAYS_PER_MONTH, _DAYS_PER_YEAR = 30.4375, 365.25


@register.filter
def age_in_words(days: int) -> str:
    """An age as laboratories write it: days to two months, months to two years, then years."""
    if days < 2 * _DAYS_PER_MONTH:
        return f"{days} d"
    if days < 2 * _DAYS_PER_YEAR:
        return f"{int(days / _DAYS_PER_MONTH)} m"
    # Of the day of the birthday, leap years or not.
    return f"{int((days + 0.75) / _DAYS_PER_YEAR)} y"


@register.filter
def suspicion_in_words(facts: CaseFacts) -> str:
    """What makes one suspect blasts."""
    reasons = []
    if facts.blasts:
        reasons.append(f"{facts.blasts} blast{'' if facts.blasts == 1 else 's'}")
    if facts.immature_granulocytes:
        plural = "" if facts.immature_granulocytes == 1 else "s"
        reasons.append(f"{facts.immature_granulocytes} immature granulocyte{plural}")
    return f"{' and '.join(reasons)}." if reasons else ""


@register.filter
def bounds(interval: Interval | None) -> str:
    """Both ends of a reference interval with a dash between."""
    if interval is None:
        return DASH
    low, high = _plain(interval.low), _plain(interval.high)
    return low if low == high else f"{low} {DASH} {high}"


@register.filter
def one_decimal(figure: float | None) -> str:
    """A percentage with one decimal, without its sign; a dash where nothing is counted."""
    return DASH if figure is None else f"{figure:.1f}"


@register.filter
def change(points: float | None) -> str:
    """A change in points with its sign; none is said of what is not counted now."""
    return words.change(points)


@register.filter
def reported_bounds(interval: ReportInterval | None) -> str:
    """A reference interval as it stands on a report."""
    return words.interval(interval)


@register.filter
def reported_concentration(value: float | None) -> str:
    """A count in 10⁹/L as it stands on a report."""
    return words.concentration(value)


@register.filter
def general(value: float) -> str:
    """A number without zeros at its end."""
    return f"{value:g}"


@register.filter
def reason_in_words(finding: ReportKeptFinding) -> str:
    """Why a finding was offered, as it stands on a report."""
    return words.reason_of(finding)


@register.simple_tag
def findings_support() -> str:
    """What findings are, and are not."""
    return FINDINGS_SUPPORT


@register.filter
def at_of(moment: str, content: ReportContent) -> str:
    """A time of a report in the laboratory's zone, as it stands there."""
    return words.local_time(moment, content.time_zone)


def _plain(value: Decimal) -> str:
    return f"{value.normalize():f}"
