"""Labels that a laboratory added."""

from __future__ import annotations

from accounts.models import User
from mlmodels.models import Label
from mlmodels.services.labels import add_label


def make_own_label(admin: User) -> Label:
    """A white cell that only the admin's laboratory names, with the code "own_cell"."""
    values = {
        "name": "Own cell",
        "short_name": "OC",
        "group": "other white cells",
        "in_denominator": True,
    }
    return add_label(actor=admin, code="own_cell", values=values)
