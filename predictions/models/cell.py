import uuid

from django.db import models

from predictions.models.classification_job import ClassificationJob
from predictions.models.smear_image import SmearImage


class Cell(models.Model):
    """A white cell, or what was taken for one, as one job found it in an image."""

    class Disposition(models.TextChoices):
        """How far the engine stands behind the label."""

        ACCEPTED = "accepted", "accepted"
        REVIEW = "review", "review"
        UNIDENTIFIED = "unidentified", "unidentified"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    image = models.ForeignKey(SmearImage, on_delete=models.PROTECT, related_name="cells")
    job = models.ForeignKey(ClassificationJob, on_delete=models.PROTECT, related_name="cells")
    position = models.PositiveIntegerField(help_text="1 is the principal cell.")
    x_px = models.PositiveIntegerField()
    y_px = models.PositiveIntegerField()
    width_px = models.PositiveIntegerField()
    height_px = models.PositiveIntegerField()
    label = models.CharField(max_length=40, help_text="The code of the most probable class.")
    confidence = models.FloatField(help_text="Calibrated, 0 to 1.")
    probabilities = models.JSONField(help_text="By class, 0 to 1, adding to 1.")
    disposition = models.CharField(max_length=16, choices=Disposition)
    nucleus_area_px = models.FloatField()
    cell_score = models.FloatField(help_text="That it is a cell at all, 0 to 1.")
    # Of the distance to the version's training cells among its calibration cells.
    familiarity_percentile = models.FloatField(null=True, help_text="0 to 100.")
    # By attribute: {"value": …, "probability": …}; empty where the version names none.
    attributes = models.JSONField(default=dict)
    features = models.BinaryField(help_text="float16, little-endian.")

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["job", "position"], name="cell_once_a_position"),
        ]
        indexes = [
            models.Index(fields=["image", "position"], name="cell_of_image"),
            models.Index(fields=["label"], name="cell_by_label"),
        ]

    def __str__(self) -> str:
        return str(self.id)
