"""Images over the API."""

from __future__ import annotations

from uuid import UUID

from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.parsers import MultiPartParser
from rest_framework.response import Response

from accounts.api.endpoints import Endpoint
from accounts.api.idempotency import PARAMETER, REUSED, answered_once
from accounts.policy import Action, needs
from accounts.requests import SignedInApiRequest
from hematovision.file_responses import attachment_response, jpeg_response
from hematovision.sent_files import sent_in
from predictions.api.responses import (
    CLOSED,
    EVERYWHERE,
    GONE,
    NOT_FOUND,
    STORAGE_DOWN,
    AnyAccept,
)
from predictions.api.serializers import ImageBody, RefusedUpload, UploadForm, UploadOutcome
from predictions.requests import outcomes_in_order
from predictions.selectors.imaging import images as selectors
from predictions.services.imaging import intake, reading

REFUSED = OpenApiResponse(RefusedUpload, description="No file was taken; each says why.")


@needs({"POST": Action.UPLOAD_IMAGES})
class SampleImagesView(Endpoint):
    """The images of a sample."""

    parser_classes = [MultiPartParser]

    @extend_schema(
        operation_id="sample_images_upload",
        parameters=[PARAMETER],
        request={"multipart/form-data": UploadForm},
        responses={
            202: UploadOutcome,
            400: REFUSED,
            413: REFUSED,
            503: REFUSED,
            **NOT_FOUND,
            **CLOSED,
            **REUSED,
            **EVERYWHERE,
        },
    )
    @answered_once
    def post(self, request: SignedInApiRequest, sample_id: UUID) -> Response:
        """Upload one picture or many; each has its own outcome, in the order sent."""
        sent = sent_in(request, "files")
        received = intake.receive_images(
            actor=request.user,
            sample_id=sample_id,
            files=sent.files,
            imaging_profile=request.POST.get("imaging_profile", ""),
        )
        files = outcomes_in_order(sent, received)
        status = intake.status_of(files)
        body = UploadOutcome({"images": files}).data
        if status == 202:
            return Response(body, status=status)
        sentence = " ".join(file.error or "" for file in files)
        return Response({"code": files[0].error_code, "message": sentence, **body}, status=status)


@needs({"GET": Action.SEE_RESULTS})
class ImageView(Endpoint):
    """One image."""

    @extend_schema(
        operation_id="images_read", responses={200: ImageBody, **NOT_FOUND, **EVERYWHERE}
    )
    def get(self, request: SignedInApiRequest, image_id: UUID) -> Response:
        """Read an image's state and, once there is one, its result."""
        return Response(ImageBody(reading.view_result(actor=request.user, image_id=image_id)).data)


@needs({"GET": Action.SEE_RESULTS})
class ImageRenditionView(Endpoint):
    """The picture for showing."""

    content_negotiation_class = AnyAccept

    @extend_schema(
        operation_id="images_rendition",
        responses={
            (200, "image/jpeg"): OpenApiTypes.BINARY,
            **NOT_FOUND,
            **GONE,
            **STORAGE_DOWN,
            **EVERYWHERE,
        },
    )
    def get(self, request: SignedInApiRequest, image_id: UUID) -> HttpResponseBase:
        """Fetch the picture as our own JPEG, without its metadata."""
        image = selectors.image_for_viewer(request.user, image_id)
        return jpeg_response(
            request._request,
            etag=image.rendition,
            read=lambda: selectors.rendition_bytes(image),
        )


@needs({"GET": Action.DOWNLOAD_ORIGINALS})
class ImageOriginalView(Endpoint):
    """The bytes that were uploaded."""

    content_negotiation_class = AnyAccept

    @extend_schema(
        operation_id="images_original",
        responses={
            (200, "application/octet-stream"): OpenApiTypes.BINARY,
            **NOT_FOUND,
            **GONE,
            **STORAGE_DOWN,
            **EVERYWHERE,
        },
    )
    def get(self, request: SignedInApiRequest, image_id: UUID) -> HttpResponseBase:
        """Download the uploaded bytes, unchanged."""
        original = reading.download_original(actor=request.user, image_id=image_id)
        return attachment_response(original.data, name=original.name)
