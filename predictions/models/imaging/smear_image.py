import uuid

from django.db import models

from accounts.models import Laboratory, User
from mlmodels.models import ImagingProfile
from predictions.models.imaging.job_status import JobStatus
from predictions.models.sample import Sample


class SmearImage(models.Model):
    """One uploaded photograph of a smear. Its bytes never change.

    What its newest jobs came to is written beside it in the transaction that changes the job
    (`services/summaries.py`), so that lists read it instead of searching for it.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    sample = models.ForeignKey(Sample, on_delete=models.PROTECT, related_name="images")
    # The sample's, so that lists of a laboratory follow one index. Several indexes begin with it.
    laboratory = models.ForeignKey(
        Laboratory, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    uploaded_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    uploaded_at = models.DateTimeField(auto_now_add=True)
    uploaded_on = models.DateField(help_text="The laboratory's day of the upload.")
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
    conversions = models.JSONField(
        null=True,
        help_text=(
            "What was converted or chosen when the file was read: sentences for a person. None of "
            "images from before it was kept."
        ),
    )
    # Names in private storage.
    original = models.CharField(max_length=200)
    rendition = models.CharField(max_length=200)
    thumbnail = models.CharField(max_length=200)

    # A person set it aside: it failed, or its cells are not to count. Then it has no newest result.
    dismissed_at = models.DateTimeField(null=True)
    dismissed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    dismissal_reason = models.CharField(max_length=500, blank=True)

    # --- Summaries -------------------------------------------------------------------------
    newest_job = models.ForeignKey(
        "predictions.ClassificationJob",
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
    )
    newest_result = models.ForeignKey(
        "predictions.ClassificationJob",
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
        help_text="The newest job that succeeded; none of a dismissed image.",
    )
    status = models.CharField(
        max_length=16, choices=JobStatus, default=JobStatus.QUEUED, help_text="Of the newest job."
    )
    cells_found = models.PositiveIntegerField(
        null=True, help_text="In the newest result; none before there is one."
    )
    last_reviewed_at = models.DateTimeField(
        null=True, help_text="When somebody last said of one of its cells what it is."
    )

    class Meta:
        ordering = ["-uploaded_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["sample", "sha256"], name="same_bytes_once_a_sample"),
        ]
        # One a question that a list asks; all but the last in the order of the history.
        indexes = [
            models.Index(fields=["laboratory", "-uploaded_at", "-id"], name="image_newest"),
            models.Index(
                fields=["laboratory", "uploaded_by", "-uploaded_at", "-id"],
                name="image_newest_of_uploader",
            ),
            models.Index(
                fields=["laboratory", "imaging_profile", "-uploaded_at", "-id"],
                name="image_newest_of_profile",
            ),
            models.Index(
                fields=["laboratory", "status", "-uploaded_at", "-id"],
                name="image_without_result",
                condition=~models.Q(status="succeeded"),
            ),
            models.Index(fields=["sample", "uploaded_at", "id"], name="image_of_sample"),
            models.Index(
                fields=["laboratory", "imaging_profile", "-last_reviewed_at", "-id"],
                name="image_reviewed_of_profile",
                condition=models.Q(last_reviewed_at__isnull=False),
            ),
            models.Index(
                fields=["laboratory", "uploaded_on", "cells_found"], name="image_cells_by_day"
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)

    @property
    def is_final(self) -> bool:
        """Whether nothing is at work on it."""
        return JobStatus(self.status).is_final
