import uuid

from django.db import models

from accounts.models import User
from mlmodels.models import ImagingProfile
from predictions.models.sample import Sample


class SmearImage(models.Model):
    """One uploaded photograph of a smear. Its bytes never change."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    sample = models.ForeignKey(Sample, on_delete=models.PROTECT, related_name="images")
    uploaded_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    uploaded_at = models.DateTimeField(auto_now_add=True)
    # What the person called it: shown to people of the laboratory, never part of a path or a log.
    original_name = models.CharField(max_length=200)
    imaging_profile = models.ForeignKey(
        ImagingProfile, on_delete=models.PROTECT, null=True, related_name="images"
    )
    position_in_upload = models.PositiveIntegerField(default=0)
    sha256 = models.CharField(max_length=64)
    size_bytes = models.PositiveBigIntegerField()
    declared_type = models.CharField(max_length=100, blank=True)
    detected_type = models.CharField(max_length=40)
    width_px = models.PositiveIntegerField(help_text="Of the oriented picture.")
    height_px = models.PositiveIntegerField(help_text="Of the oriented picture.")
    # Names in private storage.
    original = models.CharField(max_length=200)
    rendition = models.CharField(max_length=200)
    thumbnail = models.CharField(max_length=200)

    class Meta:
        ordering = ["-uploaded_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["sample", "sha256"], name="same_bytes_once_a_sample"),
        ]
        indexes = [models.Index(fields=["-uploaded_at", "-id"], name="image_newest")]

    def __str__(self) -> str:
        return str(self.id)
