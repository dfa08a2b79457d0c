"""Archives of pictures over the API."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.authentication import TokenAuthentication
from accounts.api.endpoints import Endpoint
from accounts.policy import Action, needs
from accounts.requests import SignedInApiRequest
from hematovision.sent_files import the_file_in
from hematovision.upload_handlers import ArchiveUploadHandler
from predictions.api.responses import (
    CLOSED,
    EVERYWHERE,
    INVALID,
    NOT_FOUND,
    STORAGE_DOWN,
    TOO_LARGE,
)
from predictions.models import ImageArchive
from predictions.selectors.imaging.archives import archive_for_viewer
from predictions.services.imaging.archives import receive_archive


class ArchiveForm(serializers.Serializer):
    """One ZIP of pictures, as multipart form data."""

    archive = serializers.FileField()
    imaging_profile = serializers.UUIDField(
        required=False, help_text="How the pictures were taken; the default one if none is named."
    )


class TakenArchive(serializers.ModelSerializer):
    """An archive that was taken and waits for its unpacking."""

    class Meta:
        model = ImageArchive
        fields = ["id", "status"]


class RefusedEntry(serializers.Serializer):
    """A file of an archive that was not taken."""

    name = serializers.CharField(help_text="Its path in the archive.")
    error = serializers.CharField()


class ArchiveBody(serializers.ModelSerializer):
    """How far the unpacking of an archive is."""

    files_found = serializers.IntegerField(
        allow_null=True, help_text="None before a worker has opened it."
    )
    refused = RefusedEntry(many=True)

    class Meta:
        model = ImageArchive
        fields = ["id", "sample", "status", "files_found", "files_done", "refused", "error"]


@needs({"POST": Action.UPLOAD_IMAGES})
class SampleArchivesView(Endpoint):
    """The archives of a sample."""

    # A session's call is checked by a token in its form, which would be read too early.
    authentication_classes = [TokenAuthentication]
    parser_classes = [MultiPartParser]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Let the policy speak before an archive is spooled."""
        super().initial(request, *args, **kwargs)
        request._request.upload_handlers = [ArchiveUploadHandler(request._request)]

    @extend_schema(
        operation_id="sample_archives_upload",
        request={"multipart/form-data": ArchiveForm},
        responses={
            202: TakenArchive,
            **INVALID,
            **TOO_LARGE,
            **NOT_FOUND,
            **CLOSED,
            **STORAGE_DOWN,
            **EVERYWHERE,
        },
    )
    def post(self, request: SignedInApiRequest, sample_id: UUID) -> Response:
        """Upload a ZIP of at most 500 pictures; a worker unpacks it."""
        archive = receive_archive(
            actor=request.user,
            sample_id=sample_id,
            file=the_file_in(request, "archive"),
            imaging_profile=request.POST.get("imaging_profile", ""),
        )
        return Response(TakenArchive(archive).data, status=202)


@needs({"GET": Action.SEE_RESULTS})
class ArchiveView(Endpoint):
    """One archive."""

    @extend_schema(
        operation_id="archives_read", responses={200: ArchiveBody, **NOT_FOUND, **EVERYWHERE}
    )
    def get(self, request: SignedInApiRequest, archive_id: UUID) -> Response:
        """Read how far the unpacking is, and which files were not taken."""
        return Response(ArchiveBody(archive_for_viewer(request.user, archive_id)).data)
