"""Laboratories: as the operator of the installation names them, and as their admins see theirs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from zoneinfo import available_timezones

from accounts.errors import LaboratoryNotFound, LogoNotFound
from accounts.models import AuditAction, Laboratory, User
from accounts.policy import managed_laboratory
from accounts.selectors.audit import Change, changes_of

# What is said of a laboratory, as pages call it.
FIELD_WORDS = {
    "name": "Name",
    "address": "Address",
    "time_zone": "Time zone",
    "logo": "Logo",
}


@dataclass(frozen=True)
class LaboratoryPage:
    """A laboratory and what was changed of it.

    Args:
        has_logo: whether reports carry one.
        changes: the newest first.
    """

    laboratory: Laboratory
    has_logo: bool
    changes: tuple[Change, ...]


def laboratory_page(viewer: User) -> LaboratoryPage:
    """The viewer's laboratory with its history, for those who manage it."""
    laboratory = managed_laboratory(viewer)
    changes = changes_of(
        viewer, action=AuditAction.LABORATORY_CHANGED, of=laboratory, words=FIELD_WORDS
    )
    return LaboratoryPage(laboratory, bool(laboratory.logo), tuple(changes))


def logo_of(viewer: User) -> bytes:
    """The PNG of the viewer's laboratory, for those who manage it.

    Raises:
        LogoNotFound: it has none.
    """
    logo = managed_laboratory(viewer).logo
    if not logo:
        raise LogoNotFound()
    return bytes(logo)


@cache
def time_zones() -> tuple[str, ...]:
    """Where days can begin: the zones by continent and city, and UTC."""
    apart = ("Etc/", "SystemV/", "US/", "posix/", "right/")
    cities = (name for name in available_timezones() if "/" in name and not name.startswith(apart))
    return ("UTC", *sorted(cities))


def laboratory_named(name: str) -> Laboratory:
    """The laboratory of a name, for commands of the operator.

    Raises:
        LaboratoryNotFound: there is none of this name.
    """
    laboratory = Laboratory.objects.filter(name=name.strip()).first()
    if laboratory is None:
        raise LaboratoryNotFound()
    return laboratory
