import uuid

from django.db import models
from django.utils import timezone

from accounts.models.user import User


class TokenFamily(models.Model):
    """All tokens that grew from one sign-in of an API client.

    The newest refresh token is exchanged for the next. The one before it gets the same answer
    again for a moment, for which the newest pair can be made anew from this row; an older one
    revokes the family, and with it every access token that names it.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="token_families")
    newest_jti = models.CharField(max_length=64)
    # When the newest refresh token was made.
    newest_at = models.DateTimeField(default=timezone.now)
    # What the newest one was given for.
    previous_jti = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    revoked_because = models.CharField(max_length=40, blank=True)

    class Meta:
        verbose_name_plural = "token families"

    def __str__(self) -> str:
        return str(self.id)
