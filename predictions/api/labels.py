"""What cells can be called in the laboratory, over the API; for its admins."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from accounts.api.endpoints import Endpoint
from accounts.policy import Action, needs
from accounts.requests import SignedInApiRequest
from mlmodels.selectors.labels import label_for_managing, label_list
from mlmodels.services import labels as services
from predictions.api.responses import CLOSED, EVERYWHERE, INVALID, NOT_FOUND


class LabelBody(serializers.Serializer):
    """A label as it holds in the laboratory."""

    code = serializers.CharField(source="label.code")
    name = serializers.CharField(source="label.name")
    short_name = serializers.CharField(source="label.short_name")
    group = serializers.CharField(source="label.group")
    key = serializers.CharField(source="label.key", help_text="Sets it in the gallery.")
    position = serializers.IntegerField(source="number", help_text="Its place in lists, from 1.")
    in_denominator = serializers.BooleanField(
        source="label.in_denominator", help_text="Counted as a white cell."
    )
    wider = serializers.CharField(source="label.wider", help_text="Code of what it is a kind of.")
    is_apart = serializers.BooleanField(
        source="label.is_apart", help_text="Has a row of its own in the differential."
    )
    is_used = serializers.BooleanField(source="label.is_used", help_text="Can be chosen in review.")
    is_own = serializers.BooleanField(help_text="Added by the laboratory.")
    loinc_percent = serializers.CharField(source="label.loinc_percent")
    loinc_count = serializers.CharField(source="label.loinc_count")


class LabelPage(serializers.Serializer):
    """All labels, in the order of lists."""

    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = LabelBody(many=True)


class LabelValues(serializers.Serializer):
    """What is said of a label."""

    name = serializers.CharField(max_length=60)
    short_name = serializers.CharField(max_length=2)
    group = serializers.CharField(max_length=40)
    key = serializers.CharField(max_length=1, allow_blank=True, required=False)
    in_denominator = serializers.BooleanField()
    wider = serializers.CharField(max_length=40, allow_blank=True, required=False)
    is_apart = serializers.BooleanField(required=False)
    is_used = serializers.BooleanField(required=False)
    loinc_percent = serializers.CharField(max_length=12, allow_blank=True, required=False)
    loinc_count = serializers.CharField(max_length=12, allow_blank=True, required=False)


class NewLabel(LabelValues):
    """A label that the laboratory adds; it is the last of the list."""

    code = serializers.CharField(max_length=40, help_text="For good, e.g. hairy_cell.")


class ChangedLabel(LabelValues):
    """What is to be said of a label; what is left out stays."""

    position = serializers.IntegerField(min_value=1, required=False)


@needs({"GET": Action.MANAGE_LABORATORY, "POST": Action.MANAGE_LABORATORY})
class LabelListView(Endpoint):
    """The laboratory's labels."""

    @extend_schema(operation_id="labels_list", responses={200: LabelPage, **EVERYWHERE})
    def get(self, request: SignedInApiRequest) -> Response:
        """List the labels, all on one page."""
        results = LabelBody(label_list(request.user), many=True).data
        return Response({"next": None, "previous": None, "results": results})

    @extend_schema(
        operation_id="labels_create",
        request=NewLabel,
        responses={201: LabelBody, **INVALID, **CLOSED, **EVERYWHERE},
    )
    def post(self, request: SignedInApiRequest) -> Response:
        """Add a label that only people say."""
        form = NewLabel(data=request.data)
        form.is_valid(raise_exception=True)
        values: dict[str, Any] = dict(form.validated_data)
        made = services.add_label(actor=request.user, code=values.pop("code"), values=values)
        return _answer(request, made.code, status=201)


@needs({"GET": Action.MANAGE_LABORATORY, "PATCH": Action.MANAGE_LABORATORY})
class LabelView(Endpoint):
    """One label."""

    @extend_schema(
        operation_id="labels_read", responses={200: LabelBody, **NOT_FOUND, **EVERYWHERE}
    )
    def get(self, request: SignedInApiRequest, code: str) -> Response:
        """Read a label."""
        return _answer(request, code)

    @extend_schema(
        operation_id="labels_change",
        request=ChangedLabel(partial=True),
        responses={200: LabelBody, **INVALID, **NOT_FOUND, **CLOSED, **EVERYWHERE},
    )
    def patch(self, request: SignedInApiRequest, code: str) -> Response:
        """Say something else of a label; what counts is fixed where it came with the program."""
        form = ChangedLabel(data=request.data, partial=True)
        form.is_valid(raise_exception=True)
        services.change_label(actor=request.user, code=code, changes=form.validated_data)
        return _answer(request, code)


def _answer(request: SignedInApiRequest, code: str, *, status: int = 200) -> Response:
    return Response(LabelBody(label_for_managing(request.user, code)).data, status=status)
