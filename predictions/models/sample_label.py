from django.db import models

from accounts.models import Laboratory
from predictions.models.sample import Sample


class SampleLabel(models.Model):
    """How many cells of a sample's newest results carry a label now, and who stands behind it.

    A summary: `services/summaries.py` writes it with each result and review. The differential is
    worked out from it, however many cells there are. Cells that nobody has named stand under
    `ImageLabel.UNIDENTIFIED`.
    """

    sample = models.ForeignKey(
        Sample, on_delete=models.PROTECT, related_name="labels", db_index=False
    )
    # The sample's.
    laboratory = models.ForeignKey(
        Laboratory, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    code = models.CharField(max_length=40)
    reviewed = models.IntegerField(default=0, help_text="Named by a person.")
    accepted = models.IntegerField(default=0, help_text="By the model, without a person's look.")
    to_review = models.IntegerField(default=0, help_text="Proposed by the model; nobody looked.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["sample", "code"], name="label_once_a_sample"),
        ]
        indexes = [models.Index(fields=["laboratory", "code", "sample"], name="samples_of_label")]

    def __str__(self) -> str:
        return f"{self.code} {self.reviewed}+{self.accepted}+{self.to_review}"
