"""How well people read: blind second reads of signed cells, and the monthly control slide.

Nothing here is a review: it changes no label, no count and no report.
"""

from __future__ import annotations

import uuid

from django.db import models
from django.utils import timezone

from accounts.models import Laboratory, Role, User
from mlmodels.models import ModelVersion
from predictions.models.cell import Cell
from predictions.models.report import Report
from predictions.models.sample import Sample


class SecondReadDraw(models.Model):
    """What chance took of a case at its first signature, and of how many. Rows are only added."""

    report = models.OneToOneField(
        Report, on_delete=models.PROTECT, primary_key=True, related_name="second_read_draw"
    )
    accepted_cells = models.PositiveIntegerField(help_text="That the model accepted alone.")
    accepted_percent = models.PositiveSmallIntegerField(help_text="The laboratory's rate then.")
    accepted_drawn = models.PositiveIntegerField()
    rare_cells = models.PositiveIntegerField(help_text="Of classes that a person always sees.")
    rare_percent = models.PositiveSmallIntegerField(help_text="The laboratory's rate then.")
    rare_drawn = models.PositiveIntegerField()
    at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return str(self.report_id)


class SecondRead(models.Model):
    """A signed cell that somebody else is asked to read, without being told what it was called.

    What was drawn never changes; the row also says who holds the cell now, and what came of it.
    """

    class Kind(models.TextChoices):
        """Of which cells it was drawn."""

        ACCEPTED = "accepted", "accepted by the model"
        RARE = "rare", "of a rare class"

    class State(models.TextChoices):
        """What has come of it."""

        WAITING = "waiting", "waits to be read"
        READ = "read", "read"
        DIFFERS = "differs", "named otherwise"
        SETTLED = "settled", "looked at by a doctor"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # Both are the first column of an index below.
    laboratory = models.ForeignKey(
        Laboratory, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    sample = models.ForeignKey(Sample, on_delete=models.PROTECT, related_name="+", db_index=False)
    draw = models.ForeignKey(SecondReadDraw, on_delete=models.PROTECT, related_name="reads")
    cell = models.OneToOneField(Cell, on_delete=models.PROTECT, related_name="second_read")
    kind = models.CharField(max_length=12, choices=Kind)
    first_label = models.CharField(max_length=40, help_text="As it was signed.")
    first_by = models.ForeignKey(
        User,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        help_text="Whose word it was; none: the model's.",
    )
    model_version = models.ForeignKey(
        ModelVersion, on_delete=models.PROTECT, null=True, related_name="+"
    )
    # Seconds: the moment of the signature and some by chance, so that cases mix and none waits
    # for ever.
    turn = models.PositiveBigIntegerField()
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    # Who has it on screen, and until when nobody else gets it.
    reader = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    lease_until = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["laboratory", "turn", "id"],
                name="second_read_waits",
                condition=models.Q(state="waiting"),
            ),
            models.Index(
                fields=["laboratory", "-turn", "id"],
                name="second_read_differs",
                condition=models.Q(state="differs"),
            ),
            models.Index(fields=["sample", "state"], name="second_read_of_sample"),
        ]

    def __str__(self) -> str:
        return str(self.id)


class SecondReadAnswer(models.Model):
    """What the second reader said. Rows are only ever added."""

    read = models.OneToOneField(
        SecondRead, on_delete=models.PROTECT, primary_key=True, related_name="answer"
    )
    # The read's, for the figures.
    laboratory = models.ForeignKey(
        Laboratory, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    by_role = models.CharField(max_length=16, choices=Role, help_text="At that time.")
    label = models.CharField(max_length=40, blank=True, help_text="Empty: cannot tell.")
    differs = models.BooleanField(
        help_text="From the first label, by what the laboratory told apart then."
    )
    at = models.DateTimeField(default=timezone.now)
    seconds = models.FloatField(null=True, help_text="How long the cell was on screen before.")

    class Meta:
        indexes = [
            models.Index(fields=["laboratory", "-at"], name="second_answer_newest"),
            models.Index(fields=["by", "-at"], name="second_answer_of_reader"),
        ]

    def __str__(self) -> str:
        return str(self.read_id)

    @property
    def cannot_tell(self) -> bool:
        """Whether the reader gave no name."""
        return not self.label


class SecondReadLook(models.Model):
    """A doctor has looked at a cell that two people named differently. Rows are only ever added."""

    class Outcome(models.TextChoices):
        """What follows."""

        STAYS = "stays", "looked, it stays"
        AMENDED = "amended", "looked, the report is amended"

    read = models.OneToOneField(
        SecondRead, on_delete=models.PROTECT, primary_key=True, related_name="look"
    )
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    outcome = models.CharField(max_length=8, choices=Outcome)
    reason = models.TextField()
    at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return str(self.read_id)


class ControlSlide(models.Model):
    """A fixed set of signed cells that every reviewer reads once a month.

    Put together by an admin; from its start nothing of it changes. A laboratory has one that is
    being put together and one that is read, at most.
    """

    CELLS = 200

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    laboratory = models.ForeignKey(
        Laboratory, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    name = models.CharField(max_length=60)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    started_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    started_at = models.DateTimeField(null=True)
    retired_at = models.DateTimeField(null=True, help_text="When another took its place.")

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["laboratory"],
                condition=models.Q(started_at__isnull=True),
                name="control_slide_one_draft",
            ),
            models.UniqueConstraint(
                fields=["laboratory"],
                condition=models.Q(started_at__isnull=False, retired_at__isnull=True),
                name="control_slide_one_in_use",
            ),
        ]
        indexes = [models.Index(fields=["laboratory", "-created_at"], name="control_slide_newest")]

    def __str__(self) -> str:
        return self.name

    @property
    def is_draft(self) -> bool:
        """Whether it is still being put together."""
        return self.started_at is None

    @property
    def is_in_use(self) -> bool:
        """Whether it is the one that is read now."""
        return self.started_at is not None and self.retired_at is None


class ControlCell(models.Model):
    """A cell of a control slide, with what it was signed as."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    slide = models.ForeignKey(
        ControlSlide, on_delete=models.PROTECT, related_name="cells", db_index=False
    )
    cell = models.ForeignKey(Cell, on_delete=models.PROTECT, related_name="+")
    label = models.CharField(max_length=40, help_text="As it was signed: the true one.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["slide", "cell"], name="control_cell_once_a_slide"),
        ]

    def __str__(self) -> str:
        return str(self.id)


class ControlReading(models.Model):
    """One reading of a control slide by one person in one month; interrupted, it goes on."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    slide = models.ForeignKey(
        ControlSlide, on_delete=models.PROTECT, related_name="readings", db_index=False
    )
    reader = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    reader_role = models.CharField(max_length=16, choices=Role, help_text="At that time.")
    month = models.DateField(help_text="Its first day.")
    attempt = models.PositiveSmallIntegerField(
        default=1, help_text="In that month: one that failed may be read again."
    )
    order = models.JSONField(help_text="Keys of the slide's cells as this reading goes, shuffled.")
    begun_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)
    passed = models.BooleanField(null=True, help_text="Known once it is finished.")

    class Meta:
        ordering = ["month", "attempt"]
        constraints = [
            models.UniqueConstraint(
                fields=["slide", "reader", "month", "attempt"], name="control_reading_once"
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)

    @property
    def is_finished(self) -> bool:
        """Whether every cell has an answer."""
        return self.finished_at is not None


class ControlAnswer(models.Model):
    """What a reader said of one cell of the control slide. Rows are only ever added."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    reading = models.ForeignKey(
        ControlReading, on_delete=models.PROTECT, related_name="answers", db_index=False
    )
    cell = models.ForeignKey(ControlCell, on_delete=models.PROTECT, related_name="+")
    label = models.CharField(max_length=40, blank=True, help_text="Empty: cannot tell.")
    at = models.DateTimeField(default=timezone.now)
    seconds = models.FloatField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["reading", "cell"], name="control_answer_once"),
        ]

    def __str__(self) -> str:
        return str(self.id)
