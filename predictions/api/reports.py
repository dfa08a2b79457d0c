"""Signed reports over the API."""

from __future__ import annotations

from uuid import UUID

from django.http.response import HttpResponseBase
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
from predictions.services.reports import files, reading

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
