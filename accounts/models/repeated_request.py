import uuid

from django.db import models
from django.utils import timezone

from accounts.models.user import User


class RepeatedRequest(models.Model):
    """An API request that carried an Idempotency-Key, and the answer that its repeats get too."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+", db_index=False)
    key = models.CharField(max_length=255)
    # SHA-256 over method, address and body: another request with the same key is refused.
    fingerprint = models.CharField(max_length=64)
    # None while the first request is at work.
    status = models.PositiveSmallIntegerField(null=True)
    body = models.JSONField(null=True)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "key"], name="idempotency_key_once_a_person"),
        ]
        indexes = [models.Index(fields=["at"], name="repeated_request_oldest")]

    def __str__(self) -> str:
        return str(self.id)
