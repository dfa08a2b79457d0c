"""Disease labels of a sample over the API; for doctors."""

from __future__ import annotations

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from accounts.api.endpoints import Endpoint
from accounts.policy import Action, needs
from accounts.requests import SignedInApiRequest
from predictions.api.responses import CLOSED, EVERYWHERE, INVALID, NOT_FOUND
from predictions.selectors.laboratory.diseases import diseases_of_sample
from predictions.services.samples.diseases import add_disease, remove_disease


class DiseaseLabelBody(serializers.Serializer):
    """A label of the laboratory's list."""

    code = serializers.CharField()
    name = serializers.CharField()
    icd10 = serializers.CharField(help_text="Of ICD-10; empty where there is none.")


class SaidDiseaseBody(serializers.Serializer):
    """A disease as it was said of the sample."""

    code = serializers.CharField(source="label.code")
    name = serializers.CharField(source="label.name", help_text="As it was called then.")
    icd10 = serializers.CharField(source="label.icd10")
    by = serializers.CharField(source="by.display_name")
    at = serializers.DateTimeField()
    removed_by = serializers.SerializerMethodField()
    removed_at = serializers.DateTimeField(allow_null=True)

    def get_removed_by(self, said: object) -> str | None:
        """Who took it back; null while it holds."""
        person = getattr(said, "removed_by", None)
        return person.display_name if person else None


class DiseasesBody(serializers.Serializer):
    """What is said of a sample, what was taken back, and what can be said."""

    held = SaidDiseaseBody(many=True)
    removed = SaidDiseaseBody(many=True)
    choices = DiseaseLabelBody(many=True)


class DiseaseCode(serializers.Serializer):
    """Which disease."""

    code = serializers.CharField(max_length=40, help_text="Of the laboratory's list.")


@needs({"GET": Action.SEE_PATIENTS, "POST": Action.SIGN_OUT, "DELETE": Action.SIGN_OUT})
class SampleDiseasesView(Endpoint):
    """The disease labels of a sample: no part of its report, and open to doctors alone."""

    query_parameters = {"DELETE": DiseaseCode().fields}

    @extend_schema(
        operation_id="samples_diseases_list",
        responses={200: DiseasesBody, **NOT_FOUND, **EVERYWHERE},
    )
    def get(self, request: SignedInApiRequest, sample_id: UUID) -> Response:
        """Read what doctors said of a sample."""
        return _answer(request, sample_id)

    @extend_schema(
        operation_id="samples_diseases_add",
        request=DiseaseCode,
        responses={200: DiseasesBody, **INVALID, **CLOSED, **NOT_FOUND, **EVERYWHERE},
    )
    def post(self, request: SignedInApiRequest, sample_id: UUID) -> Response:
        """Say a disease of a sample, signed or not; one that is said already stays as it is."""
        form = DiseaseCode(data=request.data)
        form.is_valid(raise_exception=True)
        add_disease(actor=request.user, sample_id=sample_id, **form.validated_data)
        return _answer(request, sample_id)

    @extend_schema(
        operation_id="samples_diseases_remove",
        parameters=[DiseaseCode],
        responses={200: DiseasesBody, **INVALID, **NOT_FOUND, **EVERYWHERE},
    )
    def delete(self, request: SignedInApiRequest, sample_id: UUID) -> Response:
        """Take back what was said; that it was said stays on record."""
        query = DiseaseCode(data=request.query_params)
        query.is_valid(raise_exception=True)
        remove_disease(actor=request.user, sample_id=sample_id, **query.validated_data)
        return _answer(request, sample_id)


def _answer(request: SignedInApiRequest, sample_id: UUID) -> Response:
    return Response(DiseasesBody(diseases_of_sample(request.user, sample_id)).data)
