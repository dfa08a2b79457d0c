"""What is offered as a finding, and what of it a doctor keeps. Rows are only ever added."""

import uuid

from django.db import models
from django.utils import timezone

from accounts.models import Laboratory, User
from predictions.models.sample import Sample


class FindingLimits(models.Model):
    """The limits of findings that no reference interval holds, as they stand from a day on.

    Each change is a new row; the newest one counts. A row without a laboratory is shipped and
    counts until the laboratory has one of its own.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    laboratory = models.ForeignKey(
        Laboratory, on_delete=models.PROTECT, null=True, related_name="+"
    )
    number = models.PositiveIntegerField()
    # Of `predictions.findings`: Limit.
    limits = models.JSONField()
    by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    reason = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ["laboratory", "number"]
        verbose_name_plural = "finding limits"
        constraints = [
            models.UniqueConstraint(
                fields=["laboratory", "number"], name="finding_limits_number_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number}"


class KeptFindings(models.Model):
    """What a doctor means to keep of a sample's findings, before the signature; the newest counts.

    What stands on a report is frozen in the report's content and never read from here.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    sample = models.ForeignKey(
        Sample, on_delete=models.PROTECT, related_name="kept_findings", db_index=False
    )
    # Counts the choices made for a sample.
    number = models.PositiveIntegerField()
    # As code and words; a finding of the doctor's own has no code.
    findings = models.JSONField()
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["sample", "number"]
        verbose_name_plural = "kept findings"
        constraints = [
            models.UniqueConstraint(
                fields=["sample", "number"], name="kept_findings_number_once_a_sample"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number} of {self.sample_id}"
