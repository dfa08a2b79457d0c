"""The people of a laboratory, as its admins see them."""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet

from accounts.errors import UserNotFound
from accounts.models import User
from accounts.policy import visible_users


def users_of_laboratory(viewer: User) -> QuerySet[User]:
    """Everybody in the viewer's laboratory: those with an open account first, by name."""
    return visible_users(viewer).order_by("-is_active", "username")


def user_for_managing(viewer: User, user_id: UUID) -> User:
    """One person of the viewer's laboratory.

    Raises:
        UserNotFound: there is none of this id here.
    """
    user = visible_users(viewer).filter(pk=user_id).first()
    if user is None:
        raise UserNotFound()
    return user
