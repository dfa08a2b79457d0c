from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from accounts.models import Laboratory


class CaseRules(models.Model):
    """What a laboratory asks of its cases, beyond what the program asks of all."""

    class PageSize(models.TextChoices):
        """The paper that reports are printed on."""

        A4 = "A4", "A4"
        LETTER = "Letter", "US Letter"

    laboratory = models.OneToOneField(
        Laboratory, on_delete=models.PROTECT, primary_key=True, related_name="case_rules"
    )
    target_cells = models.PositiveSmallIntegerField(
        default=200, validators=[MinValueValidator(100), MaxValueValidator(1000)]
    )
    asks_for_second_person = models.BooleanField(
        default=True, help_text="Who signs may not be the only one who reviewed."
    )
    unidentified_limit_percent = models.PositiveSmallIntegerField(
        default=5,
        validators=[MaxValueValidator(5)],
        help_text="More of the counted cells than this, and the sample cannot be signed.",
    )
    always_reviewed = models.JSONField(
        default=list, help_text="Codes that a person looks at always, beside the program's own."
    )
    second_read_percent = models.PositiveSmallIntegerField(
        default=3,
        validators=[MaxValueValidator(100)],
        help_text="Of the cells that the model accepted; 0: none are read again.",
    )
    second_read_rare_percent = models.PositiveSmallIntegerField(
        default=10,
        validators=[MaxValueValidator(100)],
        help_text="Of the cells of classes that a person always sees; 0: none are read again.",
    )
    tells_case_apart = models.BooleanField(
        default=False, help_text="Whether a-1 and A-1 are two accession numbers."
    )
    page_size = models.CharField(max_length=8, choices=PageSize, default=PageSize.A4)

    class Meta:
        verbose_name_plural = "case rules"

    def __str__(self) -> str:
        return str(self.laboratory_id)
