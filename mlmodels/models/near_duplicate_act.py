import uuid

from django.db import models

from accounts.models import User
from mlmodels.models.dataset import Dataset


class NearDuplicateAct(models.Model):
    """What a person said of near-duplicates in one step, with all that undoing it takes."""

    class Kind(models.TextChoices):
        """What was said."""

        ONE_SOURCE = "one_source", "one source"
        KEEP_ONE = "keep_one", "one kept"
        NOT_THE_SAME = "not_the_same", "not the same"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    dataset = models.ForeignKey(
        Dataset, on_delete=models.CASCADE, related_name="near_duplicate_acts"
    )
    number = models.PositiveIntegerField(help_text="Counts the dataset's acts, from 1.")
    kind = models.CharField(max_length=16, choices=Kind)
    # Of all pairs at once: their least likeness. None for one group or pair.
    at_least = models.FloatField(null=True, help_text="0 to 1.")
    groups = models.PositiveIntegerField()
    pairs = models.PositiveIntegerField(help_text="That were open before.")
    moved = models.PositiveIntegerField(help_text="Pictures that changed their split.")
    left_out = models.PositiveIntegerField(help_text="Pictures that left the dataset.")
    # For people: which sources became one and why there, and what was not touched.
    told = models.JSONField(default=dict)
    # For undoing: the rows as they were (services/datasets/near_duplicate_acts.py).
    before = models.JSONField(default=dict)
    done_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    done_at = models.DateTimeField()
    undone_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    undone_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(
                fields=["dataset", "number"], name="near_duplicate_act_number_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number}"

    @property
    def in_words(self) -> str:
        """What was done, as a sentence."""
        moved = f"{_counted(self.moved, 'picture')} changed the split."
        if self.at_least is not None:
            what = f"{_counted(self.pairs, 'pair')} in {_counted(self.groups, 'group')}"
            return f"One source each: {what}, alike by {self.at_least:g} or more; {moved}"
        if self.kind == self.Kind.ONE_SOURCE:
            return f"One source: {_counted(self.pairs, 'pair')} answered; {moved}"
        if self.kind == self.Kind.KEEP_ONE:
            return f"One kept: {_counted(self.left_out, 'picture')} left the dataset."
        return (
            f"Not the same: {_counted(self.pairs, 'pair')} answered; no picture changed the split."
        )


def _counted(number: int, name: str) -> str:
    return f"{number} {name}" if number == 1 else f"{number} {name}s"
