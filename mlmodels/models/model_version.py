import uuid

from django.db import models

from accounts.models import Laboratory
from mlmodels.models.imaging_profile import ImagingProfile


class ModelVersion(models.Model):
    """One trained model: where its files are, what they must hash to, and its card."""

    class Status(models.TextChoices):
        """Where it stands."""

        SHIPPED = "shipped", "shipped"
        CANDIDATE = "candidate", "candidate"
        PROMOTED_BEFORE = "promoted_before", "promoted before"
        REJECTED = "rejected", "rejected"
        # It came with the program once. Its row and card stay for what it classified.
        RETIRED = "retired", "retired"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    laboratory = models.ForeignKey(
        Laboratory, on_delete=models.PROTECT, null=True, blank=True, related_name="model_versions"
    )
    # Set where it was adapted to one profile and is of no use for others.
    profile = models.ForeignKey(
        ImagingProfile,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="model_versions",
    )
    name = models.CharField(max_length=60)
    version = models.CharField(max_length=60)
    status = models.CharField(max_length=20, choices=Status)
    # Relative to the shipped folder or to the registry's folder, by status; never absolute.
    folder = models.CharField(max_length=200)
    checksums_sha256 = models.CharField(
        max_length=64, help_text="SHA-256 of the folder's SHA256SUMS, which names every file's."
    )
    classes = models.JSONField()
    card = models.JSONField()
    registered_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-registered_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["laboratory", "name", "version"], name="model_version_once_a_laboratory"
            ),
            models.UniqueConstraint(
                fields=["name", "version"],
                condition=models.Q(laboratory__isnull=True),
                name="model_version_shipped_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.version}"

    @property
    def is_usable(self) -> bool:
        """Whether it may be checked, promoted or put in shadow: not once set aside for good."""
        return self.status not in (self.Status.REJECTED, self.Status.RETIRED)

    @property
    def is_retired(self) -> bool:
        """Whether it came with the program once, and does not any more."""
        return self.status == self.Status.RETIRED
