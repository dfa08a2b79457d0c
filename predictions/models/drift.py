"""How a model version's readings of a profile go, week by week, and what was found changed."""

import uuid

from django.db import models
from django.utils import timezone

from accounts.models import Laboratory, User
from mlmodels.models import ImagingProfile, ModelVersion


class DriftWatch(models.Model):
    """One model version on one imaging profile, with the baseline that its weeks are held against.

    The baseline is what the version found in its first weeks there. Once learned it stays, until
    an admin says that a change is the new usual.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    laboratory = models.ForeignKey(
        Laboratory, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    # None for images that name no profile.
    profile = models.ForeignKey(
        ImagingProfile, on_delete=models.PROTECT, null=True, related_name="drift_watches"
    )
    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="+")
    begins_on = models.DateField(help_text="Monday of the first week that the baseline may hold.")
    baseline_samples = models.PositiveIntegerField(default=0, help_text="Learned, or so far.")
    baseline_weeks = models.PositiveIntegerField(default=0, help_text="Learned, or so far.")
    baseline_until = models.DateField(
        null=True, help_text="Monday of its last week; none while it is being learned."
    )
    # Of `quality.drift.SampleCounts`, frozen once learned.
    baseline = models.JSONField(default=list)
    typical_cells = models.JSONField(default=list, help_text="Keys of cells as they are usually.")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["laboratory", "profile", "version"],
                condition=models.Q(profile__isnull=False),
                name="drift_watch_once_a_profile",
            ),
            models.UniqueConstraint(
                fields=["laboratory", "version"],
                condition=models.Q(profile__isnull=True),
                name="drift_watch_once_without_profile",
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)

    @property
    def is_learned(self) -> bool:
        """Whether there is a baseline to hold weeks against."""
        return self.baseline_until is not None


class DriftWeek(models.Model):
    """What a version found in a profile's uploads of one week: a summary, made by a worker."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # The first column of a constraint below.
    watch = models.ForeignKey(
        DriftWatch, on_delete=models.PROTECT, related_name="weeks", db_index=False
    )
    week = models.DateField(help_text="Its Monday, by the laboratory's days of upload.")
    samples = models.PositiveIntegerField(help_text="With an image of that week.")
    cells = models.PositiveIntegerField(help_text="Of the samples that were counted.")
    # Of `quality.drift.SampleCounts`: of all samples, or of as many as are drawn of very many.
    counts = models.JSONField()
    # By measure; empty of weeks of the baseline and of those with too few samples.
    figures = models.JSONField(default=dict)
    # Keys of cells to look at, by what they are examples of.
    examples = models.JSONField(default=dict)
    read_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["week"]
        constraints = [
            models.UniqueConstraint(fields=["watch", "week"], name="drift_week_once"),
        ]

    def __str__(self) -> str:
        return f"{self.week}"


class DriftFinding(models.Model):
    """A measure that crossed its limit beyond chance. It stands until an admin says why."""

    class Cause(models.TextChoices):
        """What an admin found to be behind it."""

        STAIN = "stain", "a new lot of stain"
        CAMERA = "camera", "camera, lamp or microscope changed"
        PATIENTS = "patients", "the patients changed"
        ONBOARDED = "onboarded", "the profile was onboarded anew"
        READERS = "readers", "people review otherwise"
        NOTHING = "nothing", "looked into, and nothing found"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    watch = models.ForeignKey(
        DriftWatch, on_delete=models.PROTECT, related_name="findings", db_index=False
    )
    # The watch's, so that what nobody has answered is found by one index.
    laboratory = models.ForeignKey(
        Laboratory, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    week = models.DateField(help_text="Monday of the week in which it was found.")
    last_week = models.DateField(help_text="Monday of the last week in which it still held.")
    measure = models.CharField(max_length=16, help_text="Of `quality.drift.Measure`.")
    value = models.FloatField()
    limit = models.FloatField()
    sentence = models.CharField(max_length=500)
    cells = models.JSONField(default=list, help_text="Keys of cells behind it.")
    found_at = models.DateTimeField(default=timezone.now)
    answered_at = models.DateTimeField(null=True)
    answered_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    cause = models.CharField(max_length=16, choices=Cause, blank=True)
    reason = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ["-week", "measure"]
        constraints = [
            models.UniqueConstraint(
                fields=["watch", "week", "measure"], name="drift_finding_once_a_week"
            ),
            # As long as one stands, later weeks are told by it.
            models.UniqueConstraint(
                fields=["watch", "measure"],
                condition=models.Q(answered_at__isnull=True),
                name="drift_finding_stands_once",
            ),
        ]
        indexes = [
            models.Index(fields=["laboratory", "-week"], name="drift_finding_newest"),
            models.Index(
                fields=["laboratory"],
                name="drift_finding_open",
                condition=models.Q(answered_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.week} {self.measure}"
