import uuid

from django.db import models


class Laboratory(models.Model):
    """The tenant: every other row belongs to one, and none sees another's."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=120, unique=True)
    time_zone = models.CharField(max_length=64, default="UTC")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "laboratories"

    def __str__(self) -> str:
        return self.name
