from django.db import models

from accounts.models import Laboratory


class DailyCells(models.Model):
    """How many cells a version named so in the images of one day of a laboratory.

    A summary of newest results: `services/summaries.py` writes it with each of them.
    """

    laboratory = models.ForeignKey(
        Laboratory, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    day = models.DateField(help_text="The laboratory's day of the upload.")
    # Ids as text, empty where there is none: a unique constraint takes no two nulls for one.
    version = models.CharField(max_length=36, blank=True)
    profile = models.CharField(max_length=36, blank=True)
    code = models.CharField(max_length=40, help_text="As the model named them, or unidentified.")
    cells = models.IntegerField()
    accepted = models.IntegerField(help_text="Of these, without a person's look.")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["laboratory", "day", "version", "profile", "code"],
                name="daily_cells_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.code} {self.cells}"
