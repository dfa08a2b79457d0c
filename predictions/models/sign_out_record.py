"""What has to be on record before a sample can be signed. Rows are only ever added."""

import uuid

from django.db import models
from django.utils import timezone

from accounts.models import User
from predictions.models.sample import Sample


class AlarmAcknowledgement(models.Model):
    """A doctor has looked at what made the program suspect blasts, or raise an alarm."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    sample = models.ForeignKey(Sample, on_delete=models.PROTECT, related_name="acknowledgements")
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    note = models.CharField(max_length=500, blank=True)
    # What was suspected at that time; more than this asks again.
    blasts = models.PositiveIntegerField()
    immature_granulocytes = models.PositiveIntegerField()
    cells = models.JSONField(
        null=True, help_text="Keys of the cells that made an alarm at that time."
    )

    class Meta:
        ordering = ["sample", "at"]

    def __str__(self) -> str:
        return str(self.id)


class CriticalContact(models.Model):
    """Who was told a critical value, by whom, when, and whether they read it back."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    sample = models.ForeignKey(Sample, on_delete=models.PROTECT, related_name="contacts")
    label = models.CharField(max_length=40, help_text="Of the value, or wbc.")
    value = models.CharField(max_length=40, help_text="As it was told, with its unit.")
    told_to = models.CharField(max_length=120)
    told_at = models.DateTimeField()
    read_back = models.BooleanField()
    note = models.CharField(max_length=500, blank=True)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["sample", "at"]

    def __str__(self) -> str:
        return str(self.id)
