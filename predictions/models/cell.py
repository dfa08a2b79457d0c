from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from django.db import models

from accounts.models import Role, User
from predictions.models.imaging.classification_job import ClassificationJob
from predictions.models.imaging.image_label import ImageLabel
from predictions.models.imaging.smear_image import SmearImage

if TYPE_CHECKING:
    from predictions.models.cell_review import CellReview


class Cell(models.Model):
    """A white cell, or what was taken for one, as one job found it in an image.

    A person may add one that was missed; the engine names it too.
    """

    class Origin(models.TextChoices):
        """Who saw that it is there."""

        MODEL = "model", "found by the model"
        PERSON = "person", "added by hand"

    class Disposition(models.TextChoices):
        """How far the engine stands behind the label."""

        ACCEPTED = "accepted", "accepted"
        REVIEW = "review", "review"
        UNIDENTIFIED = "unidentified", "unidentified"

    class Reason(models.TextChoices):
        """Why the picture, not the network, keeps a cell from being accepted."""

        TOO_SMALL = "too_small", "too small in this picture"
        MARKED = "marked", "something is drawn across it"
        OUT_OF_FOCUS = "out_of_focus", "out of focus"
        LOW_RESOLUTION = "low_resolution", "too few pixels"
        OVEREXPOSED = "overexposed", "overexposed"
        UNDEREXPOSED = "underexposed", "underexposed"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # Both are the first column of an index below.
    image = models.ForeignKey(
        SmearImage, on_delete=models.PROTECT, related_name="cells", db_index=False
    )
    job = models.ForeignKey(
        ClassificationJob, on_delete=models.PROTECT, related_name="cells", db_index=False
    )
    position = models.PositiveIntegerField(help_text="1 is the principal cell.")
    origin = models.CharField(max_length=8, choices=Origin, default=Origin.MODEL)
    # Only of those added by hand.
    added_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    awaits_engine = models.BooleanField(
        default=False, help_text="Added by hand, and not yet named by the engine."
    )
    x_px = models.PositiveIntegerField()
    y_px = models.PositiveIntegerField()
    width_px = models.PositiveIntegerField()
    height_px = models.PositiveIntegerField()
    label = models.CharField(max_length=40, help_text="The code of the most probable class.")
    # Written by the services of reviews; before there is one, the model's label and 0.
    present_label = models.CharField(
        max_length=40,
        help_text="The last doctor's review's label, else the last technician's, else the model's.",
    )
    last_review_number = models.PositiveIntegerField(default=0)
    named_by_role = models.CharField(
        max_length=16, choices=Role, blank=True, help_text="Whose word counts; empty: the model's."
    )
    confidence = models.FloatField(help_text="Calibrated, 0 to 1.")
    probabilities = models.JSONField(help_text="By class, 0 to 1, adding to 1.")
    disposition = models.CharField(max_length=16, choices=Disposition)
    # None rather than empty: SQLite would make the table anew for a default, and the triggers on it
    # do not survive that.
    reason = models.CharField(max_length=16, choices=Reason, null=True)  # noqa: DJ001
    nucleus_area_px = models.FloatField()
    nucleus_in_red_cells = models.FloatField(
        null=True, help_text="Its diameter over that of the red cells around it; none if unknown."
    )
    objectness = models.FloatField(help_text="That it is a cell at all, 0 to 1.")
    # Of the distance to the version's training cells among its calibration cells.
    familiarity_percentile = models.FloatField(null=True, help_text="0 to 100.")
    suspicion = models.FloatField(
        null=True, help_text="By the alarm rule of the version; none where it has no rule for it."
    )
    # By attribute: {"value": …, "probability": …}; empty where the version names none.
    attributes = models.JSONField(default=dict)

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["job", "position"], name="cell_once_a_position"),
        ]
        indexes = [
            models.Index(fields=["image", "position"], name="cell_of_image"),
            # Few at any time: the sweep looks for those that nobody named.
            models.Index(
                fields=["id"], name="cell_awaits_engine", condition=models.Q(awaits_engine=True)
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)

    @property
    def deciding_review(self) -> CellReview | None:
        """The one whose word counts; none where nobody spoke. Fetch `reviews` ahead for lists."""
        said = list(self.reviews.all()) if self.is_reviewed else []
        doctors = [review for review in said if review.is_doctors]
        return (doctors or said)[-1] if said else None

    @property
    def is_named_by_doctor(self) -> bool:
        """Whether a doctor said what it is: what a technician says after that is a remark."""
        return self.named_by_role == Role.DOCTOR

    @property
    def is_reviewed(self) -> bool:
        """Whether a person said what it is."""
        return self.last_review_number > 0

    @property
    def reviewed_label(self) -> str | None:
        """The code that a person gave it; none where nobody did."""
        return self.present_label if self.is_reviewed else None

    @property
    def asks_for_review(self) -> bool:
        """Whether the model wants a person's look at it, and nobody has looked."""
        return not self.is_reviewed and self.disposition != self.Disposition.ACCEPTED

    @property
    def shown_label(self) -> str:
        """What it is counted as: its present label, or unidentified where nobody named it."""
        return self.present_label if self.is_named else ImageLabel.UNIDENTIFIED

    @property
    def is_named(self) -> bool:
        """Whether somebody stands behind the label: a person, or the model."""
        return self.is_reviewed or self.disposition != self.Disposition.UNIDENTIFIED
