import uuid

from django.db import models
from django.utils import timezone

from accounts.models import User
from hematovision.leases import Leased
from mlmodels.models import ImagingProfile
from predictions.models.imaging.job_status import JobStatus
from predictions.models.sample import Sample


class ImageArchive(Leased):
    """A ZIP of pictures for a sample: unpacked by a worker, picture by picture."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    sample = models.ForeignKey(Sample, on_delete=models.PROTECT, related_name="archives")
    uploaded_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    uploaded_at = models.DateTimeField(default=timezone.now)
    imaging_profile = models.ForeignKey(
        ImagingProfile, on_delete=models.PROTECT, null=True, related_name="+"
    )
    original_name = models.CharField(max_length=200)
    # A name in private storage; empty once it was unpacked.
    file = models.CharField(max_length=200, blank=True)
    sha256 = models.CharField(max_length=64)
    size_bytes = models.PositiveBigIntegerField()
    status = models.CharField(max_length=16, choices=JobStatus, default=JobStatus.QUEUED)
    error = models.TextField(blank=True, help_text="A sentence for a person.")
    files_found = models.PositiveIntegerField(null=True)
    files_done = models.PositiveIntegerField(default=0)
    refused = models.JSONField(default=list, help_text="Name and sentence of what was not taken.")
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["sample", "uploaded_at"]

    def __str__(self) -> str:
        return str(self.id)

    @property
    def is_final(self) -> bool:
        """Whether it has come to one of its two ends."""
        return JobStatus(self.status).is_final
