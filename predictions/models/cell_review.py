import uuid

from django.db import models
from django.utils import timezone

from accounts.models import Role, User
from mlmodels.models import ModelVersion
from predictions.models.cell import Cell


class CellReview(models.Model):
    """What a person said a cell is. Rows are only ever added.

    The last doctor's counts, else the last technician's. What a technician says after a doctor is
    a remark: it stands beside the doctor's word and changes nothing.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    cell = models.ForeignKey(Cell, on_delete=models.PROTECT, related_name="reviews")
    # Counts the reviews of a cell from 1: of two people at once, one is told of the other.
    number = models.PositiveIntegerField()
    from_label = models.CharField(max_length=40)
    to_label = models.CharField(max_length=40, help_text="The same as before where confirmed.")
    remark = models.CharField(max_length=500, blank=True)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    by_role = models.CharField(max_length=16, choices=Role, help_text="At that time.")
    at = models.DateTimeField(default=timezone.now)
    seconds = models.FloatField(null=True, help_text="How long the cell was on screen before.")
    # What the model said at that time.
    model_label = models.CharField(max_length=40, blank=True)
    model_version = models.ForeignKey(
        ModelVersion, on_delete=models.PROTECT, null=True, related_name="+"
    )
    # The review of the same cell in an older result, of which this is the copy.
    carried_from = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["cell", "number"]
        constraints = [
            models.UniqueConstraint(fields=["cell", "number"], name="review_number_once_a_cell"),
        ]
        # What was said in a span of time, for the figures of quality: by one person, by all, and
        # after somebody else.
        indexes = [
            models.Index(fields=["by", "-at"], name="review_of_person"),
            models.Index(fields=["-at"], name="review_newest"),
            models.Index(
                fields=["-at"], name="review_after_another", condition=models.Q(number__gt=1)
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)

    @property
    def is_doctors(self) -> bool:
        """Whether a doctor said it."""
        return self.by_role == Role.DOCTOR

    @property
    def is_overruled(self) -> bool:
        """Whether a doctor's word counts instead of this one."""
        return not self.is_doctors and self.cell.is_named_by_doctor
