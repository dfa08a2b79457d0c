"""Laboratories, as the operator of the installation names them."""

from __future__ import annotations

from accounts.errors import LaboratoryNotFound
from accounts.models import Laboratory


def laboratory_named(name: str) -> Laboratory:
    """The laboratory of a name, for commands of the operator.

    Raises:
        LaboratoryNotFound: there is none of this name.
    """
    laboratory = Laboratory.objects.filter(name=name.strip()).first()
    if laboratory is None:
        raise LaboratoryNotFound()
    return laboratory
