from django.db import models

from accounts.models import Laboratory


class DailyAgreement(models.Model):
    """How many cells a version named so and people so, in the images of one day of a laboratory.

    Of newest results, the cells of which a person spoke; by the cell's present label. A summary:
    `services/summaries.py` writes it with each result and each review, beside `DailyCells`.
    """

    # As what the model had named a cell that it did not find, and that a person added.
    NOT_FOUND = ""

    laboratory = models.ForeignKey(
        Laboratory, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    day = models.DateField(help_text="The laboratory's day of the upload.")
    # Ids as text, empty where there is none: as in `DailyCells`.
    version = models.CharField(max_length=36, blank=True)
    profile = models.CharField(max_length=36, blank=True)
    code = models.CharField(
        max_length=40,
        blank=True,
        help_text="As the model named them, or unidentified; empty: it had not found them.",
    )
    said = models.CharField(max_length=40, help_text="As the person named them whose word counts.")
    cells = models.IntegerField()
    accepted = models.IntegerField(help_text="Of these, that the model had accepted.")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["laboratory", "day", "version", "profile", "code", "said"],
                name="daily_agreement_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.code} {self.said} {self.cells}"
