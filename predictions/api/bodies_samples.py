"""The form of what the API takes and gives about samples."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.api.serializers import ErrorBody
from predictions.forms import DAYS
from predictions.models import ClassificationJob, Sample
from predictions.selectors.samples.alarm import alarm_of


class SampleFields(serializers.Serializer):
    """What can be said of a sample; each field can be left away."""

    accession_number = serializers.CharField(required=False)
    patient_reference = serializers.CharField(
        required=False, allow_blank=True, help_text="A pseudonym, never a name."
    )
    sex = serializers.ChoiceField(Sample.Sex.choices, required=False)
    birth_date = serializers.DateField(
        required=False, allow_null=True, help_text="In place of `age`."
    )
    age = serializers.CharField(
        required=False,
        allow_null=True,
        allow_blank=True,
        help_text="At collection: 3 d, 4 m, 35 y, or a number of days. In place of `birth_date`.",
    )
    collected_at = serializers.DateTimeField(required=False, allow_null=True)
    requester = serializers.CharField(required=False, allow_blank=True)
    note = serializers.CharField(required=False, allow_blank=True, help_text="2000 characters.")
    priority = serializers.ChoiceField(Sample.Priority.choices, required=False)
    wbc = serializers.DecimalField(
        7, 2, required=False, allow_null=True, help_text="Of the analyser, in 10⁹/L, 0 to 1000."
    )
    wbc_at = serializers.DateTimeField(required=False, allow_null=True)
    wbc_is_corrected = serializers.BooleanField(
        required=False,
        allow_null=True,
        help_text="Whether the analyser took erythroblasts out of it.",
    )


class NewSample(SampleFields):
    """What a new sample is made of."""

    accession_number = serializers.CharField()


class SampleChanges(SampleFields):
    """What is to be said of a sample; what is left away stays as it is."""

    reason = serializers.CharField(
        required=False,
        allow_blank=True,
        help_text="Needed where the number or the patient reference changes.",
    )


class SampleBody(serializers.ModelSerializer):
    """A sample in a list."""

    created_by = serializers.CharField(
        source="created_by.username",
        default=None,
        allow_null=True,
        read_only=True,
        help_text="None where an order made it.",
    )
    origin = serializers.ChoiceField(Sample.Origin.choices, read_only=True)
    image_count = serializers.IntegerField(source="images_count", read_only=True)
    age_days = serializers.IntegerField(
        read_only=True, allow_null=True, help_text="On the day of collection, else of arrival."
    )
    wbc = serializers.FloatField(read_only=True, allow_null=True, help_text="10⁹/L")

    class Meta:
        model = Sample
        fields = [
            "id",
            "accession_number",
            "number_collides",
            "patient_reference",
            "sex",
            "birth_date",
            "age_days",
            "collected_at",
            "requester",
            "note",
            "priority",
            "wbc",
            "wbc_at",
            "wbc_is_corrected",
            "state",
            "state_changed_at",
            "created_at",
            "created_by",
            "origin",
            "image_count",
            "images_unfinished",
            "images_failed",
            "cells_found",
            "cells_to_review",
            "alarm_cells",
            "alarm_unseen",
        ]
        read_only_fields = fields


class SampleImage(serializers.Serializer):
    """An image of a sample, and what has become of it."""

    id = serializers.UUIDField()
    name = serializers.CharField(source="original_name")
    status = serializers.ChoiceField(choices=ClassificationJob.Status.choices)
    uploaded_at = serializers.DateTimeField()
    dismissed_at = serializers.DateTimeField(
        allow_null=True, help_text="When a person set it aside; its cells count no more."
    )


class SampleAlarmBody(serializers.Serializer):
    """That a film may hold blasts or other cells that the model does not name."""

    cells = serializers.ListField(
        child=serializers.UUIDField(), help_text="Those that make it, the most suspicious first."
    )
    unseen = serializers.IntegerField(help_text="Those that no doctor has acknowledged.")
    seen = serializers.CharField(
        source="digest", help_text="A digest of the cells; hand it on with the acknowledgement."
    )
    acknowledged_by = serializers.CharField(help_text="Who last did; empty where nobody did.")
    acknowledged_at = serializers.DateTimeField(allow_null=True)


class SampleDetail(SampleBody):
    """A sample with its images in the order they came."""

    images = SampleImage(many=True, read_only=True)
    alarm = serializers.SerializerMethodField(help_text="None without one.")

    class Meta(SampleBody.Meta):
        fields = [*SampleBody.Meta.fields, "images", "alarm"]
        read_only_fields = fields

    @extend_schema_field(SampleAlarmBody(allow_null=True))
    def get_alarm(self, sample: Sample) -> dict[str, Any] | None:
        """With the cells that make it."""
        alarm = alarm_of(sample)
        return None if alarm is None else SampleAlarmBody(alarm).data


class SamplePage(serializers.Serializer):
    """One page of samples, newest first."""

    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = SampleBody(many=True)


class SampleQuery(serializers.Serializer):
    """Which samples are listed."""

    state = serializers.ChoiceField(Sample.State.choices, required=False)
    priority = serializers.ChoiceField(Sample.Priority.choices, required=False)
    created_from = serializers.DateField(
        required=False,
        validators=DAYS,
        help_text="The first of the laboratory's days on which they came.",
    )
    created_to = serializers.DateField(
        required=False, validators=DAYS, help_text="The last of those days."
    )


class SampleSearch(serializers.Serializer):
    """What is searched for; at least one of these."""

    accession_number = serializers.CharField(required=False)
    patient_reference = serializers.CharField(required=False)
    state = serializers.ChoiceField(Sample.State.choices, required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """What names nothing would find everything."""
        if not attrs:
            raise serializers.ValidationError(
                "Send an accession_number, a patient_reference or a state."
            )
        return attrs


class Reason(serializers.Serializer):
    """Why."""

    reason = serializers.CharField(allow_blank=True, help_text="At least a word.")


class ImageMove(Reason):
    """Where an image belongs."""

    sample = serializers.UUIDField()


class NumberTaken(ErrorBody):
    """The refusal of a number that another sample has."""

    sample = serializers.UUIDField(required=False, help_text="That sample's id.")
