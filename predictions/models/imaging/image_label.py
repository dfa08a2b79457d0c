from __future__ import annotations

from django.db import models

from accounts.models import Laboratory
from predictions.models.imaging.smear_image import SmearImage


class ImageLabel(models.Model):
    """How many cells of an image's newest result carry a label now.

    A summary: `services/summaries.py` writes it with the result and with each review. It answers
    "the newest images with a basophil" by one walk along an index, however rare the class.
    """

    # Stands for cells that neither the model nor a person has named.
    UNIDENTIFIED = "unidentified"

    image = models.ForeignKey(SmearImage, on_delete=models.PROTECT, related_name="labels")
    # Both are the image's.
    laboratory = models.ForeignKey(
        Laboratory, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    uploaded_at = models.DateTimeField()
    code = models.CharField(max_length=40, help_text="Of the present label, or `UNIDENTIFIED`.")
    cells = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["image", "code"], name="label_once_an_image"),
        ]
        indexes = [
            models.Index(
                fields=["laboratory", "code", "-uploaded_at", "-image"], name="label_newest_images"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.cells}"

    @classmethod
    def of(cls, image: SmearImage, code: str, cells: int) -> ImageLabel:
        """An unsaved row beside an image, with its copies of what the image says."""
        return cls(
            image=image,
            laboratory_id=image.laboratory_id,
            uploaded_at=image.uploaded_at,
            code=code,
            cells=cells,
        )
