"""What a patient is known to have, in a laboratory's own list, and which samples it was said of."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models import Laboratory, User
from predictions.models.sample import Sample


class DiseaseLabel(models.Model):
    """One version of a disease label: what its code means from then on. Rows are only ever added.

    The newest row of a code counts; a laboratory's own goes before a shipped one, which has no
    laboratory. So a label that was used keeps its meaning, and one that is retired stays.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    laboratory = models.ForeignKey(
        Laboratory, on_delete=models.PROTECT, null=True, related_name="+"
    )
    code = models.SlugField(max_length=40, db_index=False)
    # Counts the versions of a code.
    number = models.PositiveIntegerField(default=1)
    name = models.CharField(max_length=80)
    icd10 = models.CharField(max_length=8, blank=True, help_text="As D64.9.")
    is_active = models.BooleanField(default=True, help_text="Whether it can be chosen.")
    by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["code", "number"]
        constraints = [
            models.UniqueConstraint(
                fields=["laboratory", "code", "number"], name="disease_label_version_once"
            ),
        ]

    def __str__(self) -> str:
        return self.code


class SampleDisease(models.Model):
    """That a doctor said a disease of a sample; taken back once at most, and never deleted."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    sample = models.ForeignKey(
        Sample, on_delete=models.PROTECT, related_name="diseases", db_index=False
    )
    # With its meaning at that time.
    label = models.ForeignKey(
        DiseaseLabel, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    # Those of the sample and of the label, so that samples are found by them.
    laboratory = models.ForeignKey(
        Laboratory, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    code = models.CharField(max_length=40)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    removed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    removed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["sample", "at"]
        constraints = [
            models.UniqueConstraint(
                fields=["sample", "code"],
                condition=Q(removed_at__isnull=True),
                name="disease_once_a_sample",
            ),
            models.CheckConstraint(
                condition=Q(removed_at__isnull=True, removed_by__isnull=True)
                | Q(removed_at__isnull=False, removed_by__isnull=False),
                name="disease_removed_by_somebody",
            ),
        ]
        indexes = [
            models.Index(fields=["sample", "at"], name="disease_of_sample"),
            models.Index(
                fields=["laboratory", "code"],
                condition=Q(removed_at__isnull=True),
                name="disease_by_code",
            ),
        ]

    def __str__(self) -> str:
        return self.code
