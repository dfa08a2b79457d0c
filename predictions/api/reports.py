"""Signed reports over the API."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from django.http.response import HttpResponse, HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.parsers import MultiPartParser
from rest_framework.response import Response

from accounts.api.endpoints import Endpoint
from accounts.policy import Action, needs
from accounts.requests import SignedInApiRequest
from hematovision.file_responses import attachment_response
from hematovision.sent_files import the_file_in
from predictions.api.bodies_reports import (
    BundleQuery,
    FileBody,
    FileForm,
    ReportDetail,
    ReportList,
    VerificationBody,
)
from predictions.api.responses import (
    CLOSED,
    EVERYWHERE,
    GONE,
    INVALID,
    NOT_FOUND,
    STORAGE_DOWN,
    AnyAccept,
)
from predictions.selectors.reports.reports import report_for_viewer, reports_of_sample
from predictions.services.reports import exporting, files, reading

FHIR_JSON = "application/fhir+json"
HL7 = "x-application/hl7-v2+er7"

# A file is made in a second or two.
RETRY_AFTER_S = 2
WAITS = {202: OpenApiResponse(description="It is being made; see Retry-After.")}


@needs({"GET": Action.SEE_REPORTS})
class SampleReportsView(Endpoint):
    """The reports of a sample."""

    @extend_schema(
        operation_id="samples_reports", responses={200: ReportList, **NOT_FOUND, **EVERYWHERE}
    )
    def get(self, request: SignedInApiRequest, sample_id: UUID) -> Response:
        """List the versions of a sample's report, the newest first."""
        return Response(ReportList({"results": reports_of_sample(request.user, sample_id)}).data)


@needs({"GET": Action.SEE_REPORTS})
class ReportView(Endpoint):
    """One report."""

    @extend_schema(
        operation_id="reports_read", responses={200: ReportDetail, **NOT_FOUND, **EVERYWHERE}
    )
    def get(self, request: SignedInApiRequest, report_id: UUID) -> Response:
        """Read all that stands on a report, who signed it, and what took its place."""
        return Response(ReportDetail(report_for_viewer(request.user, report_id)).data)


@needs({"GET": Action.SEE_REPORTS, "POST": Action.SEE_REPORTS})
class ReportPdfView(Endpoint):
    """The file of a report."""

    content_negotiation_class = AnyAccept

    @extend_schema(
        operation_id="reports_pdf",
        responses={
            (200, "application/pdf"): OpenApiTypes.BINARY,
            **WAITS,
            **CLOSED,
            **NOT_FOUND,
            **GONE,
            **STORAGE_DOWN,
            **EVERYWHERE,
        },
    )
    def get(self, request: SignedInApiRequest, report_id: UUID) -> HttpResponseBase:
        """Download a report's PDF."""
        pdf = reading.download_report(actor=request.user, report_id=report_id)
        if pdf is None:
            return Response(status=202, headers={"Retry-After": str(RETRY_AFTER_S)})
        answer = attachment_response(pdf.data, name=pdf.name)
        answer["Content-Type"] = "application/pdf"
        return answer

    @extend_schema(
        operation_id="reports_pdf_again",
        request=None,
        responses={202: FileBody, **NOT_FOUND, **EVERYWHERE},
    )
    def post(self, request: SignedInApiRequest, report_id: UUID) -> Response:
        """Ask for a PDF again that could not be made."""
        row = files.ask_again(actor=request.user, report_id=report_id)
        return Response(FileBody(row).data, status=202, headers={"Retry-After": str(RETRY_AFTER_S)})


FHIR_ANSWERS: dict[Any, Any] = {
    (200, FHIR_JSON): OpenApiTypes.OBJECT,
    **INVALID,
    **CLOSED,
    **NOT_FOUND,
    **STORAGE_DOWN,
    **EVERYWHERE,
}


@needs({"GET": Action.SEE_REPORTS})
class ReportFhirView(Endpoint):
    """A report in FHIR."""

    content_negotiation_class = AnyAccept
    query_parameters = {"GET": BundleQuery().fields}

    @extend_schema(operation_id="reports_fhir", parameters=[BundleQuery], responses=FHIR_ANSWERS)
    def get(self, request: SignedInApiRequest, report_id: UUID) -> HttpResponseBase:
        """Export a report as a FHIR R4 Bundle."""
        kind = _kind(request)
        return _fhir(exporting.fhir_of_report(actor=request.user, report_id=report_id, kind=kind))


@needs({"GET": Action.SEE_REPORTS})
class SampleFhirView(Endpoint):
    """The newest report of a sample in FHIR."""

    content_negotiation_class = AnyAccept
    query_parameters = {"GET": BundleQuery().fields}

    @extend_schema(operation_id="samples_fhir", parameters=[BundleQuery], responses=FHIR_ANSWERS)
    def get(self, request: SignedInApiRequest, sample_id: UUID) -> HttpResponseBase:
        """Export the newest report of a sample as a FHIR R4 Bundle."""
        kind = _kind(request)
        return _fhir(exporting.fhir_of_sample(actor=request.user, sample_id=sample_id, kind=kind))


def _kind(request: SignedInApiRequest) -> Any:
    query = BundleQuery(data=request.query_params)
    query.is_valid(raise_exception=True)
    return query.validated_data["type"]


def _fhir(bundle: dict[str, Any]) -> HttpResponseBase:
    # ASCII in JSON's own escapes: no recipient can read it in a wrong charset.
    answer = HttpResponse(json.dumps(bundle), content_type=FHIR_JSON)
    answer["Cache-Control"] = "private, no-store"
    return answer


@needs({"GET": Action.SEE_REPORTS})
class ReportHl7View(Endpoint):
    """A report in HL7 v2.5.1."""

    content_negotiation_class = AnyAccept

    @extend_schema(
        operation_id="reports_hl7",
        responses={(200, HL7): OpenApiTypes.STR, **NOT_FOUND, **EVERYWHERE},
    )
    def get(self, request: SignedInApiRequest, report_id: UUID) -> HttpResponseBase:
        """Export a report as an HL7 v2.5.1 message, ORU^R01."""
        message = exporting.hl7_of_report(actor=request.user, report_id=report_id)
        answer = attachment_response(message.text.encode(), name=message.name)
        answer["Content-Type"] = f"{HL7}; charset=utf-8"
        return answer


@needs({"POST": Action.SEE_RESULTS})
class VerifyView(Endpoint):
    """Whether a file is a report."""

    parser_classes = [MultiPartParser]

    @extend_schema(
        operation_id="reports_verify",
        request={"multipart/form-data": FileForm},
        responses={200: VerificationBody, **INVALID, **EVERYWHERE},
    )
    def post(self, request: SignedInApiRequest) -> Response:
        """Say of a PDF whether it is a report of this laboratory, and whether it still holds."""
        the_file_in(request, "file")
        form = FileForm(data=request.data)
        form.is_valid(raise_exception=True)
        data = form.validated_data["file"].read()
        found = reading.verify_file(actor=request.user, data=data)
        return Response(VerificationBody.of(found))
