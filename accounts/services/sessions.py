"""The one way in, for the page and for the API, and the way out."""

from __future__ import annotations

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.utils import timezone

from accounts.errors import SignInRefused
from accounts.models import AuditAction, User
from accounts.services import sign_in_locks
from accounts.services.audit import current_origin, record_event


def sign_in(*, username: str, password: str) -> User:
    """The person to whom name and password belong.

    Raises:
        SignInLocked: too many failures of this name or from this address.
        SignInRefused: the two do not belong together, or the account is closed.
    """
    username = User.normalize_username(username)
    address = current_origin().ip_address
    # Before the password is looked at: many attempts at once would all be let through.
    sign_in_locks.charge(username=username, address=address)
    user = User.objects.select_related("laboratory").filter(username=username).first()
    if not _is_right(user, password) or user is None:
        record_event(
            action=AuditAction.SIGN_IN_FAILED,
            actor=None,
            laboratory=user.laboratory if user else None,
            obj=user,
        )
        raise SignInRefused()
    # Only now: while the password may be wrong, the attempt stands as failed.
    sign_in_locks.forgive(username=username, address=address)
    with transaction.atomic():
        User.objects.filter(pk=user.pk).update(last_login=timezone.now())
        record_event(action=AuditAction.SIGNED_IN, actor=user, laboratory=user.laboratory, obj=user)
    return user


def log_out(*, actor: User) -> None:
    """Write down that a person ended their session."""
    record_event(action=AuditAction.LOGGED_OUT, actor=actor, laboratory=actor.laboratory, obj=actor)


def _is_right(user: User | None, password: str) -> bool:
    """Check a password; an unknown name costs one hash as well, so the time tells nothing."""
    if user is None:
        make_password(password)
        return False
    return user.check_password(password) and user.is_active
