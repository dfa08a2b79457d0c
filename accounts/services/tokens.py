"""API tokens: given for a password, exchanged for newer ones, taken back.

All tokens that grew from one sign-in are a family. Its newest refresh token is exchanged for the
next pair. The one before it, shown again at once, means that an answer was lost, and is given the
same pair; any other means that somebody has a copy, and ends the family.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from rest_framework_simplejwt.tokens import RefreshToken
from rest_framework_simplejwt.utils import datetime_to_epoch

from accounts.errors import SignInRefused, TokenRefused
from accounts.models import AuditAction, TokenFamily, User
from accounts.policy import Action, require
from accounts.selectors.tokens import FAMILY_CLAIM, ShownToken, shown_token
from accounts.services.audit import record_event
from accounts.services.sessions import sign_in

# How long the pair that an exchange gave is given again to whoever shows the same token.
REPEATED_WITHIN = timedelta(seconds=30)


@dataclass(frozen=True)
class TokenPair:
    """What an API client keeps.

    Args:
        access: sent with each call; good for minutes.
        refresh: exchanged, once, for a new pair.
        role: what the person is at this moment, for showing; never read back.
    """

    access: str
    refresh: str
    role: str


def issue(*, username: str, password: str) -> TokenPair:
    """Sign an API client in.

    Raises:
        SignInLocked, SignInRefused: as `sessions.sign_in`.
    """
    user = sign_in(username=username, password=password)
    with transaction.atomic():
        _still_as_checked(user)
        family = TokenFamily.objects.create(user=user, **_next_token(timezone.now()))
        record_event(
            action=AuditAction.TOKEN_ISSUED, actor=user, laboratory=user.laboratory, obj=family
        )
    return _newest_pair(family)


def rotate(*, refresh: str) -> TokenPair:
    """Exchange a refresh token for a new pair, or for the pair it was exchanged for just now.

    Raises:
        TokenRefused: it is not good. If it was used before, its family is revoked as well.
    """
    shown = shown_token(refresh, RefreshToken)
    # In two transactions: what ends a copied token must stay written when this call is refused.
    pair = _exchanged(shown)
    if pair is None:
        _revoke_if_used_before(shown)
        raise TokenRefused()
    return pair


def revoke(*, token: str) -> None:
    """End the family of a token, refresh or access. Doing it again changes nothing.

    Raises:
        TokenRefused: it is not one of ours, or too old to matter.
    """
    shown = shown_token(token)
    with transaction.atomic():
        family = TokenFamily.objects.filter(pk=shown.family_id).first()
        if family is not None and _end(family, because="revoked"):
            record_event(
                action=AuditAction.TOKEN_REVOKED,
                actor=family.user,
                laboratory=family.user.laboratory,
                obj=family,
            )


@transaction.atomic
def revoke_own(*, actor: User) -> int:
    """End all API clients of the actor; say how many there were."""
    require(actor, Action.USE_OWN_ACCOUNT)
    ended = end_families_of(actor, because="revoked")
    if ended:
        record_event(
            action=AuditAction.TOKEN_REVOKED,
            actor=actor,
            laboratory=actor.laboratory,
            obj=actor,
            changes={"families": ended},
        )
    return ended


def end_families_of(user: User, *, because: str) -> int:
    """End all families of a person, inside the caller's transaction and audit event."""
    live = TokenFamily.objects.filter(user=user, revoked_at=None)
    return live.update(revoked_at=timezone.now(), revoked_because=because)


def _still_as_checked(user: User) -> None:
    """Refuse when the account was closed or changed since its password was looked at."""
    # Held until the token is written: closing the account waits, and then ends the new family.
    same = User.objects.select_for_update(no_key=True).filter(
        pk=user.pk, is_active=True, session_epoch=user.session_epoch
    )
    if not same.exists():
        raise SignInRefused()


@transaction.atomic
def _exchanged(shown: ShownToken) -> TokenPair | None:
    """The family's newest pair, made now if `shown` was its newest token; none if it is too old.

    One conditional update decides. It names no other table: PostgreSQL looks at its condition
    again when it had to wait for a second exchange of the same token, which then reads below
    what the first one wrote.
    """
    now = timezone.now()
    TokenFamily.objects.filter(pk=shown.family_id, newest_jti=shown.jti, revoked_at=None).update(
        previous_jti=shown.jti, **_next_token(now)
    )
    family = (
        TokenFamily.objects.select_related("user")
        .filter(
            pk=shown.family_id,
            previous_jti=shown.jti,
            newest_at__gte=now - REPEATED_WITHIN,
            revoked_at=None,
        )
        .first()
    )
    if family is None:
        return None
    if not family.user.is_active:
        raise TokenRefused()
    return _newest_pair(family)


@transaction.atomic
def _revoke_if_used_before(shown: ShownToken) -> None:
    family = TokenFamily.objects.select_related("user").filter(pk=shown.family_id).first()
    if family is None or family.newest_jti == shown.jti:
        return
    if _end(family, because="used twice"):
        record_event(
            action=AuditAction.TOKEN_REUSED,
            actor=None,
            laboratory=family.user.laboratory,
            obj=family,
            reason="A refresh token was shown that had been exchanged before.",
        )


def _end(family: TokenFamily, *, because: str) -> bool:
    live = TokenFamily.objects.filter(pk=family.pk, revoked_at=None)
    return bool(live.update(revoked_at=timezone.now(), revoked_because=because))


def _next_token(now: datetime) -> dict[str, Any]:
    """What a family's row says of a refresh token that is made now."""
    return {
        "newest_jti": uuid.uuid4().hex,
        "newest_at": now,
        "expires_at": now + RefreshToken.lifetime,
    }


def _newest_pair(family: TokenFamily) -> TokenPair:
    """The newest refresh token and its access token; the same, byte by byte, each time."""
    refresh = RefreshToken()
    refresh.current_time = family.newest_at
    refresh["exp"] = datetime_to_epoch(family.expires_at)
    refresh.set_iat()
    refresh["jti"] = family.newest_jti
    refresh["user_id"] = str(family.user_id)
    refresh[FAMILY_CLAIM] = str(family.pk)
    access = refresh.access_token
    access.set_iat(at_time=family.newest_at)
    access["jti"] = uuid.uuid5(uuid.UUID(family.newest_jti), "access").hex
    return TokenPair(access=str(access), refresh=str(refresh), role=family.user.role)
