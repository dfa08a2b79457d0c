import uuid

from django.db import models

from accounts.models import Laboratory, User
from hematovision.leases import Leased
from mlmodels.models.dataset import Dataset
from mlmodels.models.imaging_profile import ImagingProfile
from mlmodels.models.model_version import ModelVersion


class TrainingRun(Leased):
    """One training: recipe, dataset, seed and overrides in; a candidate out."""

    class Kind(models.TextChoices):
        """From a dataset, or the adaptation of a version to an imaging profile."""

        TRAINING = "training", "training"
        ADAPTATION = "adaptation", "adaptation"

    class Status(models.TextChoices):
        """Where it stands."""

        QUEUED = "queued", "queued"
        RUNNING = "running", "running"
        SUCCEEDED = "succeeded", "succeeded"
        FAILED = "failed", "failed"
        CANCELLED = "cancelled", "cancelled"

    FINAL = (Status.SUCCEEDED, Status.FAILED, Status.CANCELLED)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    laboratory = models.ForeignKey(
        Laboratory, on_delete=models.PROTECT, related_name="training_runs"
    )
    kind = models.CharField(max_length=16, choices=Kind, default=Kind.TRAINING)
    dataset = models.ForeignKey(
        Dataset, on_delete=models.PROTECT, null=True, related_name="training_runs"
    )
    profile = models.ForeignKey(
        ImagingProfile, on_delete=models.PROTECT, null=True, related_name="training_runs"
    )
    # An adaptation starts from this version; a training from its recipe's base weights.
    base_version = models.ForeignKey(
        ModelVersion, on_delete=models.PROTECT, null=True, related_name="adaptations"
    )
    # An adaptation's, as its profile declared them when the run was asked for.
    classes = models.JSONField(
        null=True, help_text="Codes of the classes that occur; none: every class may."
    )
    recipe = models.CharField(max_length=60, blank=True)
    # The recipe's file as it stood when the run was asked for.
    recipe_text = models.TextField(blank=True)
    epochs = models.PositiveSmallIntegerField(null=True, help_text="At most so many a stage.")
    seed = models.PositiveIntegerField(default=7)
    status = models.CharField(max_length=16, choices=Status, default=Status.QUEUED)
    # Stage, epoch, step, loss, accuracy, seconds left; written at most once a second.
    progress = models.JSONField(default=dict)
    error_code = models.CharField(max_length=40, blank=True)
    error = models.TextField(blank=True, help_text="A sentence for a person.")
    # Git revision, package versions, hashes of recipe and dataset: all that a rerun needs.
    provenance = models.JSONField(default=dict)
    cancel_requested_at = models.DateTimeField(null=True)
    candidate = models.OneToOneField(
        ModelVersion, on_delete=models.PROTECT, null=True, related_name="training_run"
    )
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-created_at", "-id"]

    def __str__(self) -> str:
        return str(self.id)

    @property
    def is_final(self) -> bool:
        """Whether it has come to one of its three ends."""
        return self.status in self.FINAL


class TrainingEpoch(models.Model):
    """What one whole epoch of a run came to."""

    run = models.ForeignKey(TrainingRun, on_delete=models.CASCADE, related_name="epochs_done")
    # Counts through all stages of the run, from 1.
    position = models.PositiveSmallIntegerField()
    stage = models.CharField(max_length=60)
    epoch = models.PositiveSmallIntegerField(help_text="Of the stage, from 1.")
    loss = models.FloatField()
    accuracy = models.FloatField(help_text="0 to 1, on the crops of the epoch.")
    validation_loss = models.FloatField(null=True)
    validation_accuracy = models.FloatField(null=True)
    seconds = models.FloatField()

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["run", "position"], name="epoch_once_a_run"),
        ]

    def __str__(self) -> str:
        return f"{self.stage} {self.epoch}"
