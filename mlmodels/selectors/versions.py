"""Which model version classifies."""

from __future__ import annotations

import re

from accounts.models import Laboratory
from mlmodels.models import ModelVersion


def active_version(laboratory: Laboratory | None) -> ModelVersion | None:
    """The version that classifies for a laboratory now: the newest one that is shipped.

    Args:
        laboratory: whose; none asks for the installation's own.

    Returns:
        The version, or none where none is registered.
    """
    shipped = ModelVersion.objects.filter(
        laboratory__isnull=True, status=ModelVersion.Status.SHIPPED
    ).defer("card")
    return max(shipped, key=lambda row: (version_key(row.version), row.name), default=None)


def version_key(version: str) -> tuple[tuple[int, int | str], ...]:
    """Orders version names as people do: 1.9.0 before 1.10.0rc1 before 1.10.0."""
    parts = re.findall(r"\d+|[a-z]+", version.lower())
    # A word comes before the end, and the end before a further number.
    return (*((2, int(part)) if part.isdigit() else (0, part) for part in parts), (1, ""))
