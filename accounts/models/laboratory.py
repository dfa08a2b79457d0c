import uuid
from datetime import date
from zoneinfo import ZoneInfo

from django.db import models
from django.utils import timezone


class Laboratory(models.Model):
    """The tenant: every other row belongs to one, and none sees another's."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=120, unique=True)
    time_zone = models.CharField(max_length=64, default="UTC")
    # Both stand on its reports.
    address = models.TextField(max_length=500, blank=True)
    logo = models.BinaryField(null=True, help_text="A PNG, made anew from what was uploaded.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "laboratories"

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> ZoneInfo:
        """Where its days begin."""
        return ZoneInfo(self.time_zone)

    @property
    def today(self) -> date:
        """Its present day."""
        return timezone.now().astimezone(self.zone).date()
