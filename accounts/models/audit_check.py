import uuid

from django.db import models
from django.utils import timezone

from accounts.models.laboratory import Laboratory
from accounts.models.user import User


class AuditCheck(models.Model):
    """One verification of a chain, as beat asks for it each night."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # None for the installation's own chain.
    laboratory = models.ForeignKey(
        Laboratory, on_delete=models.PROTECT, null=True, related_name="audit_checks"
    )
    chain = models.CharField(max_length=64)
    at = models.DateTimeField(default=timezone.now)
    length = models.PositiveBigIntegerField(help_text="Events that the chain should have.")
    broken_at = models.PositiveBigIntegerField(
        null=True, help_text="The first position that does not hold; none where all of them do."
    )
    because = models.CharField(max_length=200, blank=True)
    # An alert stays until somebody says why it may go.
    dismissed_at = models.DateTimeField(null=True)
    dismissed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    dismissal_reason = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ["-at"]
        indexes = [models.Index(fields=["laboratory", "-at"], name="audit_check_newest")]

    def __str__(self) -> str:
        return f"{self.chain} {self.at:%Y-%m-%d}"

    @property
    def is_whole(self) -> bool:
        """Whether the chain held."""
        return self.broken_at is None
