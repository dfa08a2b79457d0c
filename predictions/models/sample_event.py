import uuid

from django.db import models
from django.utils import timezone

from accounts.models import User
from predictions.models.sample import Sample


class SampleEvent(models.Model):
    """A step in the life of a sample: who, when, from which state to which. Rows are only added."""

    class Kind(models.TextChoices):
        """What was done, in the words of the history."""

        CREATED = "created", "created the sample"
        ORDERED = "ordered", "ordered the sample"
        STARTED = "started", "cells were found"
        SENT = "sent", "sent it to the doctor"
        SENT_BACK = "sent_back", "sent it back"
        SIGNED = "signed", "signed the report"
        AMENDMENT_BEGUN = "amendment_begun", "began an amendment"
        AMENDMENT_WITHDRAWN = "amendment_withdrawn", "withdrew the amendment"
        RETRACTED = "retracted", "retracted the report"
        CANCELLED = "cancelled", "cancelled the sample"
        CORRECTED = "corrected", "corrected what is said of it"
        IMAGE_MOVED = "image_moved", "moved an image"
        IMAGE_DISMISSED = "image_dismissed", "dismissed an image"
        ALARM_ACKNOWLEDGED = "alarm_acknowledged", "acknowledged a suspicion of blasts"
        CONTACT_RECORDED = "contact_recorded", "recorded a contact about a critical value"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    sample = models.ForeignKey(
        Sample, on_delete=models.PROTECT, related_name="events", db_index=False
    )
    # Counts the events of a sample from 1.
    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=24, choices=Kind)
    from_state = models.CharField(max_length=16, choices=Sample.State, blank=True)
    to_state = models.CharField(max_length=16, choices=Sample.State)
    # Nobody where it follows from a result.
    by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    reason = models.TextField(blank=True)
    changes = models.JSONField(default=dict, help_text="By field: what was, and what is.")

    class Meta:
        ordering = ["sample", "number"]
        constraints = [
            models.UniqueConstraint(fields=["sample", "number"], name="event_number_once_a_sample"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.sample_id}"
