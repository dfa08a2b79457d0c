from __future__ import annotations

import uuid
from datetime import date

from django.db import models
from django.utils import timezone

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

    class Priority(models.TextChoices):
        """Who waits for it. In the alphabet urgent comes last, so lists sort downwards."""

        ROUTINE = "routine", "routine"
        URGENT = "urgent", "urgent"

    class Origin(models.TextChoices):
        """What made it."""

        PERSON = "person", "a person"
        ORDER = "order", "an order"

    class Sex(models.TextChoices):
        """As reference intervals tell people apart."""

        UNKNOWN = "", "not given"
        FEMALE = "female", "female"
        MALE = "male", "male"
        OTHER = "other", "other"

    ACCEPTS_IMAGES = (State.OPEN, State.IN_REVIEW, State.AMENDING)
    # In `ready` only a doctor reviews.
    ACCEPTS_REVIEWS = (State.OPEN, State.IN_REVIEW, State.READY, State.AMENDING)
    # Their number may be given again.
    GONE = (State.RETRACTED, State.CANCELLED)
    FROZEN = (State.SIGNED, State.RETRACTED, State.CANCELLED)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    laboratory = models.ForeignKey(Laboratory, on_delete=models.PROTECT, related_name="samples")
    accession_number = models.CharField(max_length=64)
    patient_reference = models.CharField(
        max_length=64, blank=True, help_text="A pseudonym, never a name."
    )
    # What is compared: the canonical form, without its case unless the laboratory tells it apart.
    accession_key = models.CharField(max_length=192)
    patient_key = models.CharField(max_length=192, blank=True)
    number_collides = models.BooleanField(
        default=False, help_text="An older sample has the same number in its canonical form."
    )
    sex = models.CharField(max_length=8, choices=Sex, blank=True, default=Sex.UNKNOWN)
    birth_date = models.DateField(null=True)
    age_days_given = models.PositiveIntegerField(
        null=True, help_text="The age at collection, where no birth date is known."
    )
    collected_at = models.DateTimeField(null=True)
    requester = models.CharField(max_length=120, blank=True)
    note = models.TextField(max_length=2000, blank=True)
    priority = models.CharField(max_length=8, choices=Priority, default=Priority.ROUTINE)
    # Of the analyser, in 10⁹/L.
    wbc = models.DecimalField(max_digits=7, decimal_places=2, null=True)
    wbc_at = models.DateTimeField(null=True)
    wbc_is_corrected = models.BooleanField(
        null=True, help_text="Whether the analyser took erythroblasts out of it."
    )
    state = models.CharField(max_length=16, choices=State, default=State.OPEN)
    state_changed_at = models.DateTimeField(default=timezone.now)
    origin = models.CharField(
        max_length=8, choices=Origin, default=Origin.PERSON, db_default=Origin.PERSON
    )
    order_number = models.CharField(
        max_length=64, blank=True, db_default="", help_text="As the system that ordered it has it."
    )
    # Nobody where an order made it.
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    # --- Summaries of its images and of their newest results; `services/summaries.py` -------
    images_count = models.PositiveIntegerField(default=0)
    images_unfinished = models.PositiveIntegerField(default=0, help_text="Queued or running.")
    images_failed = models.PositiveIntegerField(
        default=0, help_text="And not dismissed by a person."
    )
    cells_found = models.PositiveIntegerField(default=0)
    cells_to_review = models.PositiveIntegerField(
        default=0, help_text="For which the model asks a person, and nobody has looked."
    )
    # None without an alarm. No default: SQLite would make the table anew, and the triggers on it do
    # not survive that.
    alarm_cells = models.PositiveIntegerField(
        null=True, help_text="Cells that make an alarm; none without one."
    )
    alarm_unseen = models.PositiveIntegerField(
        null=True, help_text="Those among them that no doctor has acknowledged."
    )

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["laboratory", "accession_key"],
                condition=models.Q(number_collides=False)
                & ~models.Q(state__in=["retracted", "cancelled"]),
                name="accession_once_a_laboratory",
            ),
        ]
        indexes = [
            models.Index(fields=["laboratory", "-created_at", "-id"], name="sample_newest"),
            models.Index(
                fields=["laboratory", "state", "-priority", "-created_at", "-id"],
                name="sample_of_state",
            ),
            models.Index(
                fields=["laboratory", "-priority", "-created_at", "-id"], name="sample_urgent_first"
            ),
            models.Index(fields=["laboratory", "accession_key"], name="sample_by_number"),
            models.Index(fields=["laboratory", "patient_key"], name="sample_by_patient"),
        ]

    def __str__(self) -> str:
        return str(self.id)

    @property
    def accepts_images(self) -> bool:
        """Whether images may still be added."""
        return self.state in self.ACCEPTS_IMAGES

    @property
    def is_frozen(self) -> bool:
        """Whether nothing of it may change any more."""
        return self.state in self.FROZEN

    @property
    def is_urgent(self) -> bool:
        """Whether somebody waits for it."""
        return self.priority == self.Priority.URGENT

    @property
    def age_days(self) -> int | None:
        """The patient's age on the day of collection, else of arrival; none where unknown."""
        if self.birth_date is None:
            return self.age_days_given
        day: date = (self.collected_at or self.created_at).astimezone(self.laboratory.zone).date()
        return max(0, (day - self.birth_date).days)
