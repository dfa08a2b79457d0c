"""The endpoints of tokens, under /api/v1/token/."""

from django.urls import path

from accounts.api import tokens

urlpatterns = [
    path("", tokens.ObtainToken.as_view(), name="token_obtain"),
    path("refresh/", tokens.RefreshTokens.as_view(), name="token_refresh"),
    path("verify/", tokens.VerifyToken.as_view(), name="token_verify"),
    path("revoke/", tokens.RevokeTokens.as_view(), name="token_revoke"),
]
