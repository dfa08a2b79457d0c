import uuid

from django.db import models

from accounts.models import Laboratory, User


class Sample(models.Model):
    """One specimen on one smear."""

    class State(models.TextChoices):
        """Where it stands between arrival and signature."""

        OPEN = "open", "open"
        IN_REVIEW = "in_review", "in review"
        READY = "ready", "ready to sign"
        SIGNED = "signed", "signed"
        AMENDING = "amending", "amending"
        RETRACTED = "retracted", "retracted"
        CANCELLED = "cancelled", "cancelled"

    ACCEPTS_IMAGES = (State.OPEN, State.IN_REVIEW, State.AMENDING)

    ACCEPTS_REVIEWS = (State.OPEN, State.IN_REVIEW, State.AMENDING)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    laboratory = models.ForeignKey(Laboratory, on_delete=models.PROTECT, related_name="samples")
    accession_number = models.CharField(max_length=64)
    patient_reference = models.CharField(
        max_length=64, blank=True, help_text="A pseudonym, never a name."
    )
    note = models.TextField(max_length=2000, blank=True)
    state = models.CharField(max_length=16, choices=State, default=State.OPEN)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    # --- Summaries of its images and of their newest results; `services/summaries.py` -------
    images_count = models.PositiveIntegerField(default=0)
    images_unfinished = models.PositiveIntegerField(default=0, help_text="Queued or running.")
    images_failed = models.PositiveIntegerField(default=0)
    cells_found = models.PositiveIntegerField(default=0)
    cells_to_review = models.PositiveIntegerField(
        default=0, help_text="For which the model asks a person, and nobody has looked."
    )

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["laboratory", "accession_number"], name="accession_once_a_laboratory"
            ),
        ]
        indexes = [
            models.Index(fields=["laboratory", "-created_at", "-id"], name="sample_newest"),
        ]

    def __str__(self) -> str:
        return str(self.id)

    @property
    def accepts_images(self) -> bool:
        """Whether images may still be added."""
        return self.state in self.ACCEPTS_IMAGES

    @property
    def accepts_reviews(self) -> bool:
        """Whether its cells may still be reviewed."""
        return self.state in self.ACCEPTS_REVIEWS
