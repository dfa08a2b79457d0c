import uuid

from django.db import models

from accounts.models import Laboratory, User
from hematovision.leases import Leased
from mlmodels.models.imaging_profile import ImagingProfile
from mlmodels.models.model_version import ModelVersion


class GateCheck(Leased):
    """The comparison of a version with the active one, before it may be promoted."""

    class Status(models.TextChoices):
        """Where it stands."""

        QUEUED = "queued", "queued"
        RUNNING = "running", "running"
        DONE = "done", "done"
        FAILED = "failed", "failed"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    laboratory = models.ForeignKey(Laboratory, on_delete=models.PROTECT, related_name="gate_checks")
    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="gate_checks")
    # The active one when the comparison was asked for.
    against = models.ForeignKey(
        ModelVersion, on_delete=models.PROTECT, null=True, related_name="gate_checks_against"
    )
    profile = models.ForeignKey(
        ImagingProfile, on_delete=models.PROTECT, null=True, related_name="gate_checks"
    )
    status = models.CharField(max_length=16, choices=Status, default=Status.QUEUED)
    passed = models.BooleanField(null=True)
    # One row a rule and set: what was wanted, what was measured, whether it holds.
    result = models.JSONField(default=dict)
    error = models.TextField(blank=True, help_text="A sentence for a person.")
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    asked_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-asked_at", "-id"]

    def __str__(self) -> str:
        return str(self.id)


class Promotion(models.Model):
    """One row of the ledger of what is active. Rows are only ever added."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    laboratory = models.ForeignKey(Laboratory, on_delete=models.PROTECT, related_name="promotions")
    # None stands for all profiles.
    profile = models.ForeignKey(
        ImagingProfile, on_delete=models.PROTECT, null=True, related_name="promotions"
    )
    # None stands for "as shipped".
    version = models.ForeignKey(
        ModelVersion, on_delete=models.PROTECT, null=True, related_name="promotions"
    )
    previous = models.ForeignKey(
        ModelVersion, on_delete=models.PROTECT, null=True, related_name="+"
    )
    gate = models.ForeignKey(
        GateCheck, on_delete=models.PROTECT, null=True, related_name="promotions"
    )
    gate_passed = models.BooleanField(null=True)
    reason = models.TextField(blank=True)
    # Nobody where the operator's command did it.
    by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(auto_now_add=True)
    # Orders rows of one moment.
    number = models.PositiveBigIntegerField(help_text="Counts the laboratory's rows, from 1.")

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(
                fields=["laboratory", "number"], name="promotion_number_once_a_laboratory"
            ),
        ]
        indexes = [
            models.Index(fields=["laboratory", "profile", "-number"], name="promotion_newest")
        ]

    def __str__(self) -> str:
        return f"{self.number}"


class Shadow(models.Model):
    """A version that classifies live images beside the active one, unseen."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    laboratory = models.ForeignKey(Laboratory, on_delete=models.PROTECT, related_name="shadows")
    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="shadows")
    started_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    started_at = models.DateTimeField(auto_now_add=True)
    ended_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-started_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["laboratory"],
                condition=models.Q(ended_at__isnull=True),
                name="one_shadow_a_laboratory",
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)
