import uuid

from django.db import models
from django.utils import timezone

from accounts.models import Laboratory, User


class IntervalSet(models.Model):
    """The reference intervals and critical limits of a laboratory, as they stand from a day on.

    Each change is a new row; the newest one counts. A row without a laboratory is shipped and
    counts until the laboratory has one of its own.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    laboratory = models.ForeignKey(
        Laboratory, on_delete=models.PROTECT, null=True, related_name="+"
    )
    number = models.PositiveIntegerField()
    # Of `predictions.differential`: Interval and CriticalLimit.
    intervals = models.JSONField()
    limits = models.JSONField()
    by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    reason = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ["laboratory", "number"]
        constraints = [
            models.UniqueConstraint(
                fields=["laboratory", "number"], name="interval_set_number_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number}"
