import uuid

from django.db import models

from mlmodels.models import ModelVersion
from predictions.models.imaging.classification_job import ClassificationJob


class ShadowReading(models.Model):
    """What a version in shadow found in an image; no technician or doctor sees it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    job = models.ForeignKey(
        ClassificationJob, on_delete=models.PROTECT, related_name="shadow_readings"
    )
    model_version = models.ForeignKey(
        ModelVersion, on_delete=models.PROTECT, related_name="shadow_readings"
    )
    # [{"box": [x, y, w, h], "label": …, "confidence": …, "disposition": …}, …], px.
    cells = models.JSONField(default=list)
    read_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-read_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["job", "model_version"], name="shadow_once_a_job_and_version"
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)
