"""The form of what the API takes and gives."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from predictions.models import Cell, ClassificationJob
from predictions.selectors.imaging.descriptions import (
    description_of,
    remarks_on,
    told_attributes,
)
from predictions.selectors.imaging.images import ImageReading
from predictions.services.imaging.intake import ReceivedFile

_STATUS = ClassificationJob.Status


class UploadForm(serializers.Serializer):
    """One file or many, as multipart form data."""

    files = serializers.ListField(child=serializers.FileField())
    imaging_profile = serializers.UUIDField(
        required=False, help_text="How the pictures were taken; the default one if none is named."
    )


class FileOutcome(serializers.Serializer):
    """What became of one file: taken, already there, or refused."""

    name = serializers.CharField()
    id = serializers.UUIDField(required=False)
    job = serializers.UUIDField(required=False)
    duplicate = serializers.BooleanField(required=False)
    error = serializers.CharField(required=False)

    def to_representation(self, instance: ReceivedFile) -> dict[str, Any]:
        """Only the keys that say something about this file."""
        if instance.image is None:
            return {"name": instance.name, "error": instance.error}
        taken: dict[str, Any] = {"name": instance.name, "id": str(instance.image.pk)}
        if instance.duplicate:
            return {**taken, "duplicate": True}
        return {**taken, "job": str(instance.job.pk) if instance.job else None}


class UploadOutcome(serializers.Serializer):
    """Each file of an upload, in the order sent."""

    images = FileOutcome(many=True)


class RefusedUpload(UploadOutcome):
    """An upload of which no file was taken."""

    code = serializers.CharField()
    message = serializers.CharField()


class SeenBody(serializers.Serializer):
    """One attribute of a cell."""

    value = serializers.CharField()
    probability = serializers.FloatField(help_text="Calibrated, 0 to 1.")


class CellBody(serializers.ModelSerializer):
    """A cell that was found."""

    box = serializers.SerializerMethodField(help_text="x, y, width, height in px of the image.")
    probabilities = serializers.DictField(child=serializers.FloatField())
    attributes = serializers.SerializerMethodField(
        help_text="By attribute; only what the model is sure of and the measure bears out."
    )
    description = serializers.SerializerMethodField(
        help_text="The attributes in one phrase; empty where there are none."
    )
    remarkable = serializers.SerializerMethodField(
        help_text="What is unusual for the class that the cell is called now, in words."
    )
    reviewed_label = serializers.CharField(
        allow_null=True, help_text="As a person last named it; none where nobody did."
    )

    class Meta:
        model = Cell
        fields = [
            "id",
            "box",
            "label",
            "reviewed_label",
            "confidence",
            "probabilities",
            "disposition",
            "reason",
            "familiarity_percentile",
            "suspicion",
            "nucleus_in_red_cells",
            "attributes",
            "description",
            "remarkable",
        ]
        read_only_fields = fields

    @extend_schema_field(
        serializers.ListField(child=serializers.IntegerField(), min_length=4, max_length=4)
    )
    def get_box(self, cell: Cell) -> list[int]:
        """As programs read boxes."""
        return [cell.x_px, cell.y_px, cell.width_px, cell.height_px]

    @extend_schema_field(serializers.DictField(child=SeenBody()))
    def get_attributes(self, cell: Cell) -> dict[str, Any]:
        """Those that agree with the measure."""
        return told_attributes(cell)

    def get_remarkable(self, cell: Cell) -> list[str]:
        """Each a reason to look."""
        return remarks_on(cell)

    def get_description(self, cell: Cell) -> str:
        """As a haematologist would put it."""
        return description_of(cell)


class ImageBody(serializers.Serializer):
    """An image and its result."""

    id = serializers.UUIDField(source="image.id")
    sample = serializers.UUIDField(source="sample.id")
    name = serializers.CharField(source="image.original_name")
    width_px = serializers.IntegerField(source="image.width_px")
    height_px = serializers.IntegerField(source="image.height_px")
    conversions = serializers.ListField(
        child=serializers.CharField(),
        help_text="What was converted or chosen when the file was read, in sentences.",
    )
    uploaded_at = serializers.DateTimeField(source="image.uploaded_at")
    status = serializers.ChoiceField(choices=_STATUS.choices)
    error = serializers.SerializerMethodField()
    model_version = serializers.SerializerMethodField()
    field_note = serializers.CharField(
        help_text="Why the picture may be no stained blood film, should be photographed again, or "
        "is not read in full."
    )
    photograph_again = serializers.SerializerMethodField(
        help_text="Why the field should be photographed again: out_of_focus, low_resolution, "
        "overexposed or underexposed; none where the photograph is good enough."
    )
    imaging_profile = serializers.UUIDField(source="image.imaging_profile_id", allow_null=True)
    familiarity = serializers.SerializerMethodField(
        help_text="familiar, unusual or unfamiliar: the median of its cells; none if not known."
    )
    image_path = serializers.SerializerMethodField(help_text="Of the picture as a JPEG.")
    cells = CellBody(many=True, help_text="The principal cell first.")

    def get_error(self, reading: ImageReading) -> str | None:
        """The sentence of a failure."""
        return reading.error or None

    def get_photograph_again(self, reading: ImageReading) -> str | None:
        """The code of what is wrong with the photograph."""
        return reading.photograph_again or None

    def get_model_version(self, reading: ImageReading) -> str | None:
        """Name and version of the model that found the cells."""
        return str(reading.model_version) if reading.model_version else None

    def get_familiarity(self, reading: ImageReading) -> str | None:
        """In the words of the version that found the cells."""
        return reading.familiarity.word or None

    def get_image_path(self, reading: ImageReading) -> str:
        """Asked for with the same token."""
        return reverse("predictions_api:rendition", args=[reading.image.pk])


class PredictForm(serializers.Serializer):
    """One picture, as multipart form data."""

    image = serializers.FileField()
    accession_number = serializers.CharField(
        max_length=64, required=False, help_text="A new one is made where none is given."
    )
    imaging_profile = serializers.UUIDField(
        required=False, help_text="How the picture was taken; the default one if none is named."
    )


class PredictQuery(serializers.Serializer):
    """How long the caller would wait."""

    wait = serializers.FloatField(min_value=0, default=10, help_text="Seconds, at most 20.")


class Prediction(ImageBody):
    """What the principal cell is, and all cells."""

    accession_number = serializers.CharField(source="sample.accession_number")
    url = serializers.SerializerMethodField(help_text="Where the image is read later.")
    predicted_label = serializers.SerializerMethodField()
    confidence = serializers.SerializerMethodField(help_text="Percent.")
    disposition = serializers.SerializerMethodField()
    duplicate = serializers.SerializerMethodField(
        help_text="The sample already held this picture; this is its result."
    )

    def get_duplicate(self, reading: ImageReading) -> bool:
        """Known to the upload, not to the image."""
        return self.context["duplicate"]

    def get_url(self, reading: ImageReading) -> str:
        """The image's own address."""
        path = reverse("predictions_api:image", args=[reading.image.pk])
        return self.context["request"].build_absolute_uri(path)

    def get_predicted_label(self, reading: ImageReading) -> str | None:
        """The most probable class of the principal cell; none where no cell was found."""
        return reading.principal_cell.label if reading.principal_cell else None

    def get_confidence(self, reading: ImageReading) -> float | None:
        """Of that class, in percent."""
        if reading.principal_cell is None:
            return None
        return round(100 * reading.principal_cell.confidence, 2)

    @extend_schema_field(serializers.ChoiceField(choices=Cell.Disposition.choices, allow_null=True))
    def get_disposition(self, reading: ImageReading) -> str | None:
        """How far the model stands behind it."""
        return reading.principal_cell.disposition if reading.principal_cell else None
