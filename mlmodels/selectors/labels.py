"""The names that a cell can carry in a laboratory."""

from __future__ import annotations

from django.db.models import Q

from accounts.models import Laboratory
from mlmodels.models import Label


def labels_for(laboratory: Laboratory | None) -> dict[str, Label]:
    """Labels by code, in the order of reading; the laboratory's own row goes before the shipped.

    Args:
        laboratory: whose; none gives the shipped rows.
    """
    rows = Label.objects.filter(Q(laboratory__isnull=True) | Q(laboratory=laboratory))
    chosen: dict[str, Label] = {}
    for row in sorted(rows, key=lambda row: row.laboratory_id is not None):
        chosen[row.code] = row
    return dict(sorted(chosen.items(), key=lambda item: (item[1].position, item[0])))
