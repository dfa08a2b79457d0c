import uuid

from django.db import models

from accounts.models import User
from predictions.models.cell import Cell


class CellReview(models.Model):
    """What a person said a cell is. Rows are only ever added; the last one counts."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    cell = models.ForeignKey(Cell, on_delete=models.PROTECT, related_name="reviews")
    # Counts the reviews of a cell from 1: of two people at once, one is told of the other.
    number = models.PositiveIntegerField()
    from_label = models.CharField(max_length=40)
    to_label = models.CharField(max_length=40, help_text="The same as before where confirmed.")
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["cell", "number"]
        constraints = [
            models.UniqueConstraint(fields=["cell", "number"], name="review_number_once_a_cell"),
        ]

    def __str__(self) -> str:
        return str(self.id)
