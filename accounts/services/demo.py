"""The demo laboratory of a machine for development: one person of each role."""

from __future__ import annotations

import secrets
import string
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction

from accounts.errors import UserChangeRefused
from accounts.models import Role, User
from accounts.services.laboratories import create_laboratory
from accounts.services.users import create_user

LABORATORY = "Demo laboratory"
_ALPHABET = string.ascii_letters + string.digits


@dataclass(frozen=True)
class DemoUser:
    """A demo user with the password that nobody else knows yet."""

    role: str
    username: str
    password: str


@transaction.atomic
def create_demo_users() -> list[DemoUser]:
    """Make the demo laboratory and its three users; nothing where one of their names is taken.

    Raises:
        UserChangeRefused: `DEBUG` is off, so this is no machine for demo users.
    """
    if not settings.LOCAL:
        raise UserChangeRefused("Demo users are made only where DEBUG is on.")
    demo = [DemoUser(role=role, username=role, password=_password()) for role in Role.values]
    if User.objects.filter(username__in=[user.username for user in demo]).exists():
        return []
    [admin] = [user for user in demo if user.role == Role.ADMIN]
    laboratory, _ = create_laboratory(
        name=LABORATORY, admin_username=admin.username, admin_password=admin.password
    )
    for user in demo:
        if user is not admin:
            create_user(
                actor=None,
                laboratory=laboratory,
                username=user.username,
                password=user.password,
                role=user.role,
            )
    return demo


def _password() -> str:
    """16 letters and digits from the system's source of randomness: 95 bits."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(16))
