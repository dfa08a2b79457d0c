import uuid

from django.db import models

from accounts.models import Laboratory, User
from hematovision.leases import Leased


class Dataset(Leased):
    """Images with a class, a source and a split; frozen, it never changes again."""

    class State(models.TextChoices):
        """From the upload to the day it may train."""

        IMPORTING = "importing", "importing"
        MAPPING = "mapping", "to be mapped"
        REFUSED = "refused", "refused"
        OPEN = "open", "open"
        FROZEN = "frozen", "frozen"

    class DuplicateCheck(models.TextChoices):
        """Whether near-duplicates across splits were looked for."""

        WAITING = "waiting", "waiting"
        FAILED = "failed", "failed"
        DONE = "done", "done"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    laboratory = models.ForeignKey(Laboratory, on_delete=models.PROTECT, related_name="datasets")
    name = models.CharField(max_length=80)
    origin = models.TextField(max_length=1000, blank=True, help_text="Where the images come from.")
    licence = models.CharField(max_length=120, blank=True)
    state = models.CharField(max_length=16, choices=State, default=State.IMPORTING)
    duplicate_check = models.CharField(
        max_length=16, choices=DuplicateCheck, default=DuplicateCheck.WAITING
    )
    # Name in the registry's folder of datasets; never absolute.
    folder = models.CharField(max_length=200, blank=True)
    # What was refused or told at import, row by row:
    # [{"path": …, "reason": …, "refuses": true}, …].
    report = models.JSONField(default=list)
    # What a person has to say before the import can go on, and what was said: null where nothing.
    questions = models.JSONField(null=True, blank=True)
    choices = models.JSONField(null=True, blank=True)
    error = models.TextField(blank=True, help_text="A sentence for a person.")
    manifest_sha256 = models.CharField(max_length=64, blank=True, help_text="Set when frozen.")
    derived_from = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="derived"
    )
    # The set on which the gate compares versions of this laboratory.
    is_reference = models.BooleanField(default=False)
    # How far the import or the comparison is, in files or pairs.
    progress_done = models.PositiveIntegerField(default=0)
    progress_total = models.PositiveIntegerField(default=0)
    # Nobody: the operator, by command.
    created_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    frozen_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    frozen_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["laboratory", "name"], name="dataset_name_once_a_laboratory"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class DatasetImage(models.Model):
    """One row of a dataset's manifest."""

    class Split(models.TextChoices):
        """What the image is for."""

        TRAIN = "train", "train"
        VALIDATION = "validation", "validation"
        TEST = "test", "test"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="images")
    path = models.CharField(max_length=300, help_text="Inside the dataset's folder.")
    sha256 = models.CharField(max_length=64)
    label = models.SlugField(max_length=40, help_text="The code of a label.")
    source = models.CharField(max_length=200, help_text="Photograph, slide or patient.")
    split = models.CharField(max_length=16, choices=Split)
    width_px = models.PositiveIntegerField()
    height_px = models.PositiveIntegerField()

    class Meta:
        ordering = ["path"]
        constraints = [
            models.UniqueConstraint(fields=["dataset", "path"], name="path_once_a_dataset"),
        ]
        indexes = [models.Index(fields=["dataset", "label", "split"], name="dataset_class_split")]

    def __str__(self) -> str:
        return self.path


class NearDuplicate(models.Model):
    """Two images of different splits that seem to show the same cell."""

    class Resolution(models.TextChoices):
        """What a person said of the pair."""

        OPEN = "open", "open"
        KEEP_FIRST = "keep_first", "the first kept"
        KEEP_SECOND = "keep_second", "the second kept"
        SAME_GROUP = "same_group", "one source"
        NOT_THE_SAME = "not_the_same", "not the same"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="near_duplicates")
    first = models.ForeignKey(DatasetImage, on_delete=models.CASCADE, related_name="+")
    second = models.ForeignKey(DatasetImage, on_delete=models.CASCADE, related_name="+")
    likeness = models.FloatField(help_text="Of the aligned pictures, 0 to 1.")
    resolution = models.CharField(max_length=16, choices=Resolution, default=Resolution.OPEN)
    resolved_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    resolved_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-likeness", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["dataset", "first", "second"], name="pair_once_a_dataset"
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)
