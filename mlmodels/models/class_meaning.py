import uuid

from django.db import models

from accounts.models import Laboratory


class ClassMeaning(models.Model):
    """What a laboratory said that a class name of an archive means."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    laboratory = models.ForeignKey(
        Laboratory, on_delete=models.CASCADE, related_name="class_meanings"
    )
    key = models.CharField(max_length=200, help_text="The name in the one form of class names.")
    label = models.SlugField(
        max_length=40, blank=True, help_text="The code of a label; empty where it is left out."
    )

    class Meta:
        ordering = ["key"]
        constraints = [
            models.UniqueConstraint(fields=["laboratory", "key"], name="key_once_a_laboratory"),
        ]

    def __str__(self) -> str:
        return f"{self.key}: {self.label}"
