"""Who calls the API: a program with a token, or a page with its session."""

from __future__ import annotations

from django.conf import settings
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework import authentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from accounts.errors import TokenRefused
from accounts.models import User
from accounts.selectors.tokens import person_of_access_token

_CHALLENGE = 'Bearer realm="api"'


class TokenAuthentication(authentication.BaseAuthentication):
    """`Authorization: Bearer ACCESS`. Family, account and role are looked at in every request."""

    def authenticate(self, request: Request) -> tuple[User, str] | None:
        """The person the token speaks for; none without a token."""
        words = authentication.get_authorization_header(request).split()
        if not words or words[0].lower() != b"bearer":
            return None
        if len(words) != 2:
            raise AuthenticationFailed(TokenRefused().message, code=TokenRefused.code)
        raw = words[1].decode("latin-1")
        try:
            return person_of_access_token(raw), raw
        except TokenRefused as error:
            raise AuthenticationFailed(error.message, code=error.code) from error

    def authenticate_header(self, request: Request) -> str:
        """What WWW-Authenticate says; with it, an anonymous call is 401 and not 403."""
        return _CHALLENGE


class SessionAuthentication(authentication.SessionAuthentication):
    """The session of a page that calls the API, with its CSRF token."""

    def authenticate_header(self, request: Request) -> str:
        """As with tokens."""
        return _CHALLENGE


class TokenScheme(OpenApiAuthenticationExtension):
    """How the description names the token."""

    target_class = "accounts.api.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        """An access token of /api/v1/token/, sent as a bearer token."""
        return {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}


class SessionScheme(OpenApiAuthenticationExtension):
    """How the description names the session of a page."""

    target_class = "accounts.api.authentication.SessionAuthentication"
    name = "session"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        """The cookie of the sign-in page."""
        return {"type": "apiKey", "in": "cookie", "name": settings.SESSION_COOKIE_NAME}
