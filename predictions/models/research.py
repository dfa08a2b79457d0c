from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models import Laboratory, User
from hematovision.leases import Leased
from mlmodels.models import Dataset
from predictions.models.imaging.job_status import JobStatus
from predictions.models.sample import Sample


class StudyCode(models.Model):
    """What a patient or a sample is called outside the laboratory, in one project.

    This table is the key: whoever has it knows who is who, so no page and no endpoint shows it. A
    code is drawn, never worked out, and another project has other codes for the same people.
    """

    class Kind(models.TextChoices):
        """Who is called so."""

        PATIENT = "patient", "patient"
        SAMPLE = "sample", "sample"

    # Of the datasets that are made from reviews: their sources stay the same from one to the next.
    OF_DATASETS = "datasets of this laboratory"
    # Where nobody names a project.
    USUAL = "research"
    LONGEST_PROJECT = 40

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    laboratory = models.ForeignKey(
        Laboratory, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    project = models.CharField(max_length=LONGEST_PROJECT)
    kind = models.CharField(max_length=8, choices=Kind)
    # A patient by the canonical reference; one without a reference by the sample, as samples are.
    patient_key = models.CharField(max_length=192, blank=True)
    sample = models.ForeignKey(Sample, on_delete=models.PROTECT, null=True, related_name="+")
    code = models.CharField(max_length=12)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["laboratory", "project", "code"], name="study_code_once"
            ),
            models.UniqueConstraint(
                fields=["laboratory", "project", "patient_key"],
                condition=~Q(patient_key=""),
                name="study_code_one_a_patient",
            ),
            models.UniqueConstraint(
                fields=["project", "kind", "sample"],
                condition=Q(sample__isnull=False),
                name="study_code_one_a_sample",
            ),
            models.CheckConstraint(
                condition=Q(patient_key="", sample__isnull=False)
                | (~Q(patient_key="") & Q(sample__isnull=True)),
                name="study_code_of_one_thing",
            ),
        ]

    def __str__(self) -> str:
        return self.code


class CellExport(Leased):
    """Signed cells as files, asked for by a person and written by a worker.

    For research it ends as a ZIP to download, for the models as a dataset that is imported.
    """

    class Kind(models.TextChoices):
        """Whom it is for."""

        RESEARCH = "research", "for research"
        DATASET = "dataset", "for the models"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    laboratory = models.ForeignKey(
        Laboratory, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    kind = models.CharField(max_length=8, choices=Kind)
    # The project of the study codes, or the dataset's name.
    name = models.CharField(max_length=80)
    wanted = models.JSONField(help_text="Which cells, as the person chose.")
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(default=timezone.now)
    status = models.CharField(max_length=16, choices=JobStatus, default=JobStatus.QUEUED)
    error = models.TextField(blank=True, help_text="A sentence for a person.")
    finished_at = models.DateTimeField(null=True)

    # --- While it is written: slice by slice, so that other work comes between -----------------
    # Which cells of which images, in order; chosen once, when the first slice begins.
    plan = models.JSONField(null=True)
    images_found = models.PositiveIntegerField(default=0)
    images_done = models.PositiveIntegerField(default=0)
    cells_found = models.PositiveIntegerField(default=0)
    images_missing = models.JSONField(default=list, help_text="Those whose bytes are gone.")
    # The file to go on with, and how long it was when a slice ended in order.
    part = models.CharField(max_length=100, blank=True)
    part_bytes = models.PositiveBigIntegerField(default=0)

    # --- What it came to ----------------------------------------------------------------------
    # A name in private storage; empty before it is ready, and once it has expired.
    file = models.CharField(max_length=200, blank=True)
    size_bytes = models.PositiveBigIntegerField(null=True)
    sha256 = models.CharField(max_length=64, blank=True)
    expires_at = models.DateTimeField(null=True)
    dataset = models.ForeignKey(Dataset, on_delete=models.SET_NULL, null=True, related_name="+")

    class Meta:
        ordering = ["-asked_at", "-id"]
        indexes = [
            models.Index(
                fields=["laboratory", "kind", "-asked_at", "-id"], name="cell_export_newest"
            ),
            # Few at any time: the sweep looks for them.
            models.Index(fields=["expires_at"], name="cell_export_expires", condition=~Q(file="")),
        ]

    def __str__(self) -> str:
        return str(self.id)

    @property
    def is_final(self) -> bool:
        """Whether it has come to one of its two ends."""
        return JobStatus(self.status).is_final

    @property
    def can_be_downloaded(self) -> bool:
        """Whether its ZIP is there."""
        return bool(self.file)

    @property
    def has_expired(self) -> bool:
        """Whether it was there once."""
        is_ready = self.status == JobStatus.SUCCEEDED and self.kind == self.Kind.RESEARCH
        return is_ready and not self.file
