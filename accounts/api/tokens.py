"""The token endpoints: in, again, still good?, out."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.endpoints import Endpoint
from accounts.api.serializers import (
    AnyToken,
    ErrorBody,
    Refresh,
    SignIn,
    Tokens,
    TokenToRevoke,
)
from accounts.policy import PUBLIC, needs
from accounts.selectors.tokens import require_good_token
from accounts.services import tokens

_REFUSED = OpenApiResponse(ErrorBody, description="The token or the password is not good.")
_INVALID = OpenApiResponse(ErrorBody, description="The body is not complete or not right.")
_TOO_MANY = OpenApiResponse(ErrorBody, description="Too often; Retry-After says how long to wait.")
_ERRORS: dict[int, Any] = {400: _INVALID, 401: _REFUSED, 429: _TOO_MANY}
_NOTHING = OpenApiResponse(description="An empty object.")


class _PublicEndpoint(Endpoint):
    """Whoever calls has no token yet; a bad one in the header must not stand in the way."""

    authentication_classes: list[Any] = []


@needs({"POST": PUBLIC})
class ObtainToken(_PublicEndpoint):
    """Sign in."""

    @extend_schema(
        operation_id="token_obtain", request=SignIn, responses={200: Tokens, **_ERRORS}, auth=[]
    )
    def post(self, request: Request) -> Response:
        """Exchange user name and password for a pair of tokens."""
        form = SignIn(data=request.data)
        form.is_valid(raise_exception=True)
        pair = tokens.issue(**form.validated_data)
        return Response(Tokens(pair).data)


@needs({"POST": PUBLIC})
class RefreshTokens(_PublicEndpoint):
    """Stay signed in."""

    @extend_schema(
        operation_id="token_refresh", request=Refresh, responses={200: Tokens, **_ERRORS}, auth=[]
    )
    def post(self, request: Request) -> Response:
        """Exchange a refresh token for a new pair. It is good once; used again it ends them all.

        Shown again within 30 s, while its successor is unused, it is answered with the same pair.
        """
        form = Refresh(data=request.data)
        form.is_valid(raise_exception=True)
        pair = tokens.rotate(refresh=form.validated_data["refresh"])
        return Response(Tokens(pair).data)


@needs({"POST": PUBLIC})
class VerifyToken(_PublicEndpoint):
    """Ask whether a token would be taken."""

    @extend_schema(
        operation_id="token_verify",
        request=AnyToken,
        responses={200: _NOTHING, **_ERRORS},
        auth=[],
    )
    def post(self, request: Request) -> Response:
        """Answer 200 when the token would be taken now, else 401."""
        form = AnyToken(data=request.data)
        form.is_valid(raise_exception=True)
        require_good_token(form.validated_data["token"])
        return Response({})


@needs({"POST": PUBLIC})
class RevokeTokens(_PublicEndpoint):
    """Sign out."""

    @extend_schema(
        operation_id="token_revoke",
        request=TokenToRevoke,
        responses={200: _NOTHING, **_ERRORS},
        auth=[],
    )
    def post(self, request: Request) -> Response:
        """End a token and all that grew from the same sign-in."""
        form = TokenToRevoke(data=request.data)
        form.is_valid(raise_exception=True)
        tokens.revoke(token=form.validated_data["token"])
        return Response({})
