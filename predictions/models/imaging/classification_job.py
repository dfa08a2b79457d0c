import uuid

from django.db import models

from hematovision.leases import Leased
from mlmodels.models import ModelVersion
from predictions.models.imaging.job_status import JobStatus
from predictions.models.imaging.smear_image import SmearImage


class ClassificationJob(Leased):
    """One request to classify one image. Its row, not the broker, is the truth about the work."""

    Status = JobStatus

    class Stage(models.TextChoices):
        """What the worker that holds the job is doing."""

        READING = "reading", "reading"
        CLASSIFYING = "classifying", "classifying"
        RECORDING = "recording", "recording"

    class PhotographAgain(models.TextChoices):
        """What is wrong with a photograph that can be taken again."""

        OUT_OF_FOCUS = "out_of_focus", "out of focus"
        LOW_RESOLUTION = "low_resolution", "too few pixels"
        OVEREXPOSED = "overexposed", "overexposed"
        UNDEREXPOSED = "underexposed", "underexposed"

    FINAL = (Status.SUCCEEDED, Status.FAILED)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    image = models.ForeignKey(SmearImage, on_delete=models.PROTECT, related_name="jobs")
    status = models.CharField(max_length=16, choices=Status, default=Status.QUEUED)
    stage = models.CharField(max_length=16, choices=Stage, blank=True)
    # Fixed at each claim: the version that is active when the work begins.
    model_version = models.ForeignKey(
        ModelVersion, on_delete=models.PROTECT, null=True, related_name="jobs"
    )
    error_code = models.CharField(max_length=40, blank=True)
    error = models.TextField(blank=True, help_text="A sentence for a person.")
    timings_ms = models.JSONField(default=dict)
    field_note = models.TextField(
        blank=True,
        default="",
        help_text="Why the picture may be no stained blood film, for a person.",
    )
    # None rather than empty, as of `Cell.reason`.
    photograph_again = models.CharField(  # noqa: DJ001
        max_length=16,
        choices=PhotographAgain,
        null=True,
        help_text="Why the field should be photographed again; none where it is good enough.",
    )
    queued_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-queued_at", "-id"]
        indexes = [
            models.Index(fields=["image", "-queued_at"], name="job_newest_of_image"),
            models.Index(
                fields=["status", "last_sent_at"],
                name="job_unfinished",
                condition=models.Q(status__in=["queued", "running"]),
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)

    @property
    def is_final(self) -> bool:
        """Whether it has come to one of its two ends."""
        return self.status in self.FINAL
