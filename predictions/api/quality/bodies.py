"""The form of figures of quality."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from predictions.forms import DAYS
from predictions.selectors.quality.agreement import ClassRow


class QualityQuery(serializers.Serializer):
    """What figures are asked of; without anything, of the last 90 days."""

    version = serializers.UUIDField(required=False, help_text="Of a model version.")
    profile = serializers.CharField(
        required=False, help_text="Id of an imaging profile; none: of images without one."
    )
    month = serializers.CharField(required=False, help_text="As 2026-11. It goes before the days.")
    first_day = serializers.DateField(required=False, validators=DAYS)
    last_day = serializers.DateField(
        required=False, validators=DAYS, help_text="At most 366 days with both ends."
    )


class ShareBody(serializers.Serializer):
    """A part of a whole."""

    part = serializers.IntegerField()
    whole = serializers.IntegerField()
    value = serializers.FloatField(allow_null=True, help_text="0 to 1; null of nothing.")
    interval = serializers.ListField(
        child=serializers.FloatField(), help_text="Low and high, 95 % (Wilson), 0 to 1."
    )


class KappaBody(serializers.Serializer):
    """Cohen's kappa."""

    value = serializers.FloatField(
        allow_null=True, help_text="-1 to 1; null where chance explains everything, or of nothing."
    )
    low = serializers.FloatField(allow_null=True, help_text="95 %; null where all agree.")
    high = serializers.FloatField(allow_null=True)
    pairs = serializers.IntegerField(help_text="Cells that both named.")


class SpreadBody(serializers.Serializer):
    """Many values in two."""

    median = serializers.FloatField()
    p90 = serializers.FloatField(help_text="What nine of ten do not exceed.")
    n = serializers.IntegerField()


class LookedBody(serializers.Serializer):
    """Cells of the images asked for, in newest results."""

    found = serializers.IntegerField()
    spoken = serializers.IntegerField(help_text="Of those found, by a person.")
    accepted_unseen = serializers.IntegerField(
        help_text="The model accepted them and nobody looked: in no figure of agreement."
    )
    waiting = serializers.IntegerField(help_text="The model asks for a person; none has spoken.")
    unidentified = serializers.IntegerField(
        help_text="Of those spoken of, that the model gave no name."
    )
    not_found = serializers.IntegerField(help_text="A person added them.")


class ClassBody(serializers.Serializer):
    """One class, as the model names it against people."""

    code = serializers.CharField()
    name = serializers.CharField()
    model = serializers.IntegerField(help_text="Cells that the model called so.")
    people = serializers.IntegerField(help_text="Cells that people called so.")
    both = serializers.IntegerField()
    sensitivity = ShareBody()
    precision = ShareBody()
    overruled = ShareBody()

    def to_representation(self, instance: ClassRow) -> dict[str, Any]:
        """The class beside its figures."""
        figures = instance.figures
        return {
            "code": instance.called.code,
            "name": instance.called.name,
            "model": figures.first,
            "people": figures.second,
            "both": figures.both,
            "sensitivity": ShareBody(figures.sensitivity).data,
            "precision": ShareBody(figures.precision).data,
            "overruled": ShareBody(figures.overruled).data,
        }


class FieldBody(serializers.Serializer):
    """One field of the confusion matrix that is not empty."""

    model = serializers.CharField(help_text="Code of a label, or unidentified.")
    people = serializers.CharField(help_text="Code of a label.")
    cells = serializers.IntegerField()


class PartBody(serializers.Serializer):
    """A version, a profile or a month of what is asked for."""

    key = serializers.CharField(help_text="An id, none, or a month; empty: no version is known.")
    name = serializers.CharField()
    alike = ShareBody()
    overruled = ShareBody()


class LooksBody(serializers.Serializer):
    """Seconds that a cell was on screen before a person spoke; newest reviews, at most 2,000."""

    whole = SpreadBody(allow_null=True)
    confirmed = SpreadBody(allow_null=True, help_text="Where the model's name was kept.")
    overruled = SpreadBody(allow_null=True)


class MonthBody(serializers.Serializer):
    """Cases first signed in one month."""

    month = serializers.CharField(source="key", help_text="As 2026-11.")
    hours = SpreadBody(allow_null=True)


class CasesBody(serializers.Serializer):
    """Hours from the first upload to the first signature, of all versions and profiles."""

    whole = SpreadBody(allow_null=True, help_text="Of cases first signed in the days asked for.")
    months = MonthBody(many=True, help_text="Twelve, the oldest first.")


class PairBody(serializers.Serializer):
    """Two people who spoke of the same cells, the later one right after the earlier."""

    earlier = serializers.CharField()
    later = serializers.CharField(help_text="Saw the earlier one's label.")
    alike = ShareBody()
    kappa = KappaBody()


class ReadersBody(serializers.Serializer):
    """People against each other, openly."""

    alike = ShareBody()
    kappa = KappaBody()
    pairs = PairBody(
        many=True, help_text="Those of the most cells, at most 20; of the newest 2,000 reviews."
    )


class AgreementBody(serializers.Serializer):
    """The model against people, on cells of which a person spoke."""

    looked = LookedBody()
    alike = ShareBody(help_text="Of those that the model had named.")
    overruled = ShareBody()
    kappa = KappaBody()
    accepted = ShareBody(help_text="Named alike, of those that the model had accepted.")
    asked = ShareBody(help_text="Named alike, of those that it had asked people about.")
    classes = ClassBody(many=True)
    matrix = serializers.SerializerMethodField()
    versions = PartBody(many=True)
    profiles = PartBody(many=True)
    months = PartBody(many=True)

    @extend_schema_field(FieldBody(many=True))
    def get_matrix(self, figures: Any) -> list[dict[str, Any]]:
        """The fields of the matrix that are not empty."""
        return [
            {"model": column.code, "people": row.called.code, "cells": cells}
            for row in figures.matrix
            for column, cells in row.counts
            if cells
        ]


class QualityBody(serializers.Serializer):
    """All figures of the days asked for."""

    first_day = serializers.DateField(source="asked.span.first_day")
    last_day = serializers.DateField(source="asked.span.last_day")
    version = serializers.CharField(source="asked.version", help_text="Empty: every version.")
    profile = serializers.CharField(source="asked.profile", help_text="Empty: every profile.")
    agreement = AgreementBody()
    looks = LooksBody()
    cases = CasesBody()
    readers = ReadersBody()
