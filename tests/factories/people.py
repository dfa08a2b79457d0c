"""Laboratories and people, made by the services that make them for real."""

from __future__ import annotations

from itertools import count

from accounts.models import Laboratory, Role, User
from accounts.services.users import create_user

# Passes the validators; the same for everybody, so that any test can sign anybody in.
PASSWORD = "correct-horse-battery-7"
_numbers = count(1)


def make_laboratory(name: str = "") -> Laboratory:
    """A laboratory of a name that no other has."""
    return Laboratory.objects.create(name=name or f"Laboratory {next(_numbers)}")


def make_user(laboratory: Laboratory, role: Role, username: str = "") -> User:
    """A person with `PASSWORD`."""
    return create_user(
        actor=None,
        laboratory=laboratory,
        username=username or f"{role.value}-{next(_numbers)}",
        password=PASSWORD,
        role=role,
    )
