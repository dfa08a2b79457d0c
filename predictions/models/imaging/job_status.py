from django.db import models


class JobStatus(models.TextChoices):
    """What has become of a classification: queued, then running, then one of two ends."""

    QUEUED = "queued", "queued"
    RUNNING = "running", "running"
    SUCCEEDED = "succeeded", "succeeded"
    FAILED = "failed", "failed"

    @property
    def is_final(self) -> bool:
        """Whether it is one of the two ends."""
        return self in (JobStatus.SUCCEEDED, JobStatus.FAILED)
