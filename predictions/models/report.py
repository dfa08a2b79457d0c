import uuid

from django.db import models
from django.utils import timezone

from accounts.models import Laboratory, User
from hematovision.leases import Leased
from mlmodels.models import ModelVersion
from predictions.models.imaging.job_status import JobStatus
from predictions.models.sample import Sample


class Report(models.Model):
    """One signed version of what a laboratory says of a sample. Rows are only ever added.

    `content` is the canonical JSON of `predictions.reports.content`: everything that stands on
    it, so that its PDF can be made again byte for byte.
    """

    class Status(models.TextChoices):
        """As FHIR names them."""

        FINAL = "final", "final"
        CORRECTED = "corrected", "corrected"
        AMENDED = "amended", "amended"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    laboratory = models.ForeignKey(
        Laboratory, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    sample = models.ForeignKey(
        Sample, on_delete=models.PROTECT, related_name="reports", db_index=False
    )
    # Counts the reports of a laboratory; all versions of a sample's report have the same.
    serial = models.PositiveIntegerField()
    number = models.CharField(max_length=20, help_text="The serial in print.")
    version = models.PositiveIntegerField()
    status = models.CharField(max_length=12, choices=Status)
    replaces = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, related_name="replaced_by"
    )
    amendment_reason = models.TextField(blank=True)
    content = models.TextField()
    sha256 = models.CharField(max_length=64, help_text="Of the content.")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["sample", "version"]
        constraints = [
            models.UniqueConstraint(fields=["sample", "version"], name="report_version_once"),
            models.UniqueConstraint(
                fields=["laboratory", "serial", "version"], name="report_serial_once"
            ),
        ]
        indexes = [models.Index(fields=["laboratory", "-at", "-id"], name="report_newest")]

    def __str__(self) -> str:
        return f"{self.number}.v{self.version}"


class Signature(models.Model):
    """Who stands behind a report, and what the signature means. Rows are only ever added."""

    class Meaning(models.TextChoices):
        """What the signer says by it."""

        RESPONSIBILITY = "responsibility", "reviewed and responsible for the result"
        REVIEW = "review", "reviewed"
        APPROVAL = "approval", "approved for release"

    report = models.OneToOneField(
        Report, on_delete=models.PROTECT, primary_key=True, related_name="signature"
    )
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=150, help_text="As it was at that time.")
    meaning = models.CharField(max_length=16, choices=Meaning)
    at = models.DateTimeField()
    authenticated_by = models.CharField(max_length=40, help_text="How the signer proved it anew.")

    def __str__(self) -> str:
        return str(self.report_id)


class ReportModelVersion(models.Model):
    """A model version that read counted images of a signed report. Rows are only ever added.

    The content of the report names it, too; this row lets a version's reports be found.
    """

    report = models.ForeignKey(Report, on_delete=models.PROTECT, related_name="read_by")
    model_version = models.ForeignKey(
        ModelVersion, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    # Both are the report's, so that a version's reports of a laboratory follow one index.
    laboratory = models.ForeignKey(
        Laboratory, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["report", "model_version"], name="report_version_named_once"
            ),
        ]
        indexes = [
            models.Index(
                fields=["laboratory", "model_version", "-at", "-report"],
                name="report_newest_of_version",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.report_id} {self.model_version_id}"


class ReportFile(Leased):
    """The PDF of a report: asked for with the signature, made by a worker."""

    report = models.OneToOneField(
        Report, on_delete=models.PROTECT, primary_key=True, related_name="file"
    )
    status = models.CharField(max_length=16, choices=JobStatus, default=JobStatus.QUEUED)
    error = models.TextField(blank=True, help_text="A sentence for a person.")
    # A name in private storage.
    name = models.CharField(max_length=200, blank=True)
    sha256 = models.CharField(max_length=64, blank=True, db_index=True)
    size_bytes = models.PositiveIntegerField(null=True)
    queued_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return str(self.report_id)

    @property
    def is_final(self) -> bool:
        """Whether it has come to one of its two ends."""
        return JobStatus(self.status).is_final
