import uuid

from django.db import models

from accounts.models import Laboratory, User


class ImagingProfile(models.Model):
    """A microscope, camera, objective and stain of a laboratory: how its pictures look."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    laboratory = models.ForeignKey(
        Laboratory, on_delete=models.PROTECT, related_name="imaging_profiles"
    )
    name = models.CharField(max_length=80)
    microscope = models.CharField(max_length=120, blank=True)
    camera = models.CharField(max_length=120, blank=True)
    objective = models.CharField(max_length=60, blank=True)
    stain = models.CharField(max_length=80, blank=True)
    um_per_px = models.FloatField(null=True, blank=True, help_text="Micrometres a pixel.")
    # None rather than empty: every class may occur.
    classes = models.JSONField(
        null=True, blank=True, help_text="Codes of the classes that occur; none: every class may."
    )
    is_default = models.BooleanField(default=False, help_text="Taken where an upload names none.")
    is_retired = models.BooleanField(default=False, help_text="No longer offered at upload.")
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["laboratory", "name"], name="profile_name_once_a_laboratory"
            ),
            models.UniqueConstraint(
                fields=["laboratory"],
                condition=models.Q(is_default=True),
                name="one_default_profile_a_laboratory",
            ),
            models.CheckConstraint(
                condition=models.Q(is_default=False) | models.Q(is_retired=False),
                name="default_profile_is_in_use",
            ),
        ]

    def __str__(self) -> str:
        return self.name
