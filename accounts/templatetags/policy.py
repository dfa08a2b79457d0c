"""Lets a page ask the policy which buttons to show."""

from typing import Any

from django import template

from accounts.policy import Action, allows

register = template.Library()


@register.filter
def may(viewer: Any, action: str) -> bool:
    """Whether the viewer may do the action of that name: `{% if user|may:"UPLOAD_IMAGES" %}`."""
    return bool(viewer) and allows(viewer, Action[action])
