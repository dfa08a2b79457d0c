from django.db import models

from mlmodels.models import ModelVersion
from predictions.models.cell import Cell


class CellFeatures(models.Model):
    """What the network saw of a cell, before it chose a class: only comparable within a version.

    A table of its own, since a row is larger than all the rest of a cell and no list shows it.
    """

    cell = models.OneToOneField(
        Cell, on_delete=models.PROTECT, primary_key=True, related_name="features"
    )
    model_version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="+")
    values = models.BinaryField(help_text="float16, little-endian.")

    class Meta:
        verbose_name_plural = "cell features"

    def __str__(self) -> str:
        return str(self.pk)
