"""What a token says, and whether it is still good. A token's family decides, at every request."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone
from rest_framework_simplejwt.exceptions import TokenError
from rest_framework_simplejwt.tokens import AccessToken, RefreshToken, Token

from accounts.errors import TokenRefused
from accounts.models import TokenFamily, User

FAMILY_CLAIM = "family"


@dataclass(frozen=True)
class ShownToken:
    """A token whose signature, kind and age are right.

    Args:
        kind: "access" or "refresh".
        family_id: the family it belongs to.
        jti: its own name.
    """

    kind: str
    family_id: uuid.UUID
    jti: str


def shown_token(raw: str, *kinds: type[Token]) -> ShownToken:
    """Read a token of one of `kinds` (any, unless given).

    Raises:
        TokenRefused: it is not ours, too old or of another kind.
    """
    for kind in kinds or (AccessToken, RefreshToken):
        try:
            token = kind(raw)  # type: ignore[arg-type]
            return ShownToken(
                kind=str(kind.token_type),
                family_id=uuid.UUID(str(token.get(FAMILY_CLAIM))),
                jti=str(token["jti"]),
            )
        except (TokenError, ValueError, OverflowError):
            continue
    raise TokenRefused()


def person_of_access_token(raw: str) -> User:
    """The person, as they are now, for whom an access token speaks.

    Raises:
        TokenRefused: the token or its family is no longer good, or the account is closed.
    """
    family = _live_family(shown_token(raw, AccessToken))
    return family.user


def require_good_token(raw: str) -> None:
    """Say nothing when a token would be taken now.

    Raises:
        TokenRefused: it would not.
    """
    shown = shown_token(raw)
    family = _live_family(shown)
    if shown.kind == RefreshToken.token_type and shown.jti != family.newest_jti:
        raise TokenRefused()


def _live_family(shown: ShownToken) -> TokenFamily:
    family = (
        TokenFamily.objects.select_related("user__laboratory")
        .filter(pk=shown.family_id, revoked_at=None, user__is_active=True)
        .first()
    )
    if family is None:
        raise TokenRefused()
    return family


@dataclass(frozen=True)
class LiveTokens:
    """One API client of a person that is signed in now."""

    since: datetime
    until: datetime


def live_tokens(viewer: User) -> list[LiveTokens]:
    """The viewer's own API clients, newest first."""
    families = TokenFamily.objects.filter(
        user=viewer, revoked_at=None, expires_at__gt=timezone.now()
    )
    return [
        LiveTokens(since=family.created_at, until=family.expires_at)
        for family in families.order_by("-created_at")
    ]
