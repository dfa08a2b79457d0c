import uuid

from django.db import models

from accounts.models import Laboratory


class Label(models.Model):
    """A name that a cell can carry.

    Rows with no laboratory are shipped; a laboratory's own row of the same code overrides.
    The model's classes are a subset of these.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    laboratory = models.ForeignKey(
        Laboratory, on_delete=models.CASCADE, null=True, blank=True, related_name="labels"
    )
    code = models.SlugField(max_length=40)
    name = models.CharField(max_length=60)
    short_name = models.CharField(max_length=2, help_text="Two letters beside the colour.")
    group = models.CharField(max_length=40)
    key = models.CharField(max_length=1, blank=True, help_text="The key that sets it in review.")
    in_denominator = models.BooleanField(help_text="Counts as a white cell in the differential.")
    # "band" is a finer word for "neutrophil": where it is not counted apart, it is one of those.
    wider = models.SlugField(
        max_length=40, blank=True, help_text="The code of the label that this one is a kind of."
    )
    is_apart = models.BooleanField(
        default=True, help_text="Has a row of its own in the differential, not its wider label's."
    )
    is_used = models.BooleanField(default=True, help_text="Can be chosen in review.")
    position = models.PositiveSmallIntegerField(default=0)
    look = models.TextField(blank=True)
    function = models.TextField(blank=True)
    interval_low_percent = models.DecimalField(
        max_digits=5, decimal_places=2, null=True, blank=True
    )
    interval_high_percent = models.DecimalField(
        max_digits=5, decimal_places=2, null=True, blank=True
    )
    interval_note = models.CharField(max_length=200, blank=True)
    loinc_percent = models.CharField(max_length=12, blank=True)
    loinc_count = models.CharField(max_length=12, blank=True)

    class Meta:
        ordering = ["position", "code"]
        constraints = [
            models.UniqueConstraint(
                fields=["laboratory", "code"], name="label_code_once_a_laboratory"
            ),
            models.UniqueConstraint(
                fields=["code"],
                condition=models.Q(laboratory__isnull=True),
                name="label_code_shipped_once",
            ),
        ]

    def __str__(self) -> str:
        return self.name
