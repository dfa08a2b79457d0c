"""How times are written on pages: in the laboratory's zone, and as people say them."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()

NOTHING = "\N{EN DASH}"
_MINUTE, _HOUR, _DAY = 60, 3600, 86_400


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
