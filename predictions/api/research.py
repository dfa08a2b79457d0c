"""Exports of signed cells for research, over the API."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from accounts.api.endpoints import Endpoint
from accounts.api.idempotency import PARAMETER, REUSED, answered_once
from accounts.api.serializers import ErrorBody
from accounts.policy import Action, needs
from accounts.requests import SignedInApiRequest
from hematovision.file_responses import attachment_stream
from predictions.api.responses import (
    CLOSED,
    EVERYWHERE,
    INVALID,
    NOT_FOUND,
    STORAGE_DOWN,
    AnyAccept,
    NewestFirst,
)
from predictions.forms import DAYS
from predictions.models import CellExport, StudyCode
from predictions.selectors.research.exports import export_for_viewer, exports_newest_first
from predictions.selectors.research.signed_cells import Wanted
from predictions.services.research import exports

_PAGE = ("cursor", "page_size")
_PAGE_PARAMETERS = [
    OpenApiParameter("cursor", OpenApiTypes.STR, description="From `next` or `previous`."),
    OpenApiParameter("page_size", OpenApiTypes.INT, description="1 to 200; 50 by itself."),
]
_GONE = {410: OpenApiResponse(ErrorBody, description="It has expired; ask for a new one.")}


class NewestAsked(NewestFirst):
    """Pages of what was asked for, newest first."""

    ordering: tuple[str, ...] = ("-asked_at", "-id")


class WantedBody(serializers.Serializer):
    """Which cells of signed samples are wanted; what is left away narrows nothing."""

    project = serializers.CharField(
        required=False,
        allow_blank=True,
        max_length=StudyCode.LONGEST_PROJECT,
        help_text="Study codes are drawn for each project; `research` where none is named.",
    )
    first_day = serializers.DateField(
        required=False,
        allow_null=True,
        validators=DAYS,
        help_text="The laboratory's day on which the report that stands was signed.",
    )
    last_day = serializers.DateField(required=False, allow_null=True, validators=DAYS)
    profiles = serializers.ListField(
        child=serializers.CharField(max_length=36),
        required=False,
        max_length=200,
        help_text="Ids of imaging profiles, or `none` for images without one.",
    )
    labels = serializers.ListField(
        child=serializers.CharField(max_length=40),
        required=False,
        max_length=200,
        help_text="Codes of labels; without any, all but those of what is no cell of its own.",
    )
    diseases = serializers.ListField(
        child=serializers.CharField(max_length=40),
        required=False,
        max_length=200,
        help_text="Codes of disease labels, of which a sample carries one.",
    )
    with_diseases = serializers.BooleanField(
        required=False,
        help_text="Whether the table says what each patient has; false where it is left away.",
    )


class ExportBody(serializers.ModelSerializer):
    """An export, and how far it is."""

    project = serializers.CharField(source="name", read_only=True)
    asked_by = serializers.CharField(source="asked_by.username", read_only=True)
    wanted = WantedBody(read_only=True)
    images_missing = serializers.SerializerMethodField(
        help_text="Fields left out, since their picture is gone from the store."
    )
    is_ready = serializers.BooleanField(
        source="can_be_downloaded", read_only=True, help_text="Its file can be taken."
    )
    has_expired = serializers.BooleanField(read_only=True)

    class Meta:
        model = CellExport
        fields = [
            "id", "project", "wanted", "asked_by", "asked_at", "status", "error", "cells_found",
            "images_found", "images_done", "images_missing", "is_ready", "has_expired",
            "expires_at", "size_bytes", "sha256",
        ]  # fmt: skip

    def get_images_missing(self, export: CellExport) -> int:
        """How many."""
        return len(export.images_missing)


class ExportPage(serializers.Serializer):
    """One page of exports, newest first."""

    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = ExportBody(many=True)


@needs({"GET": Action.EXPORT_RESEARCH, "POST": Action.EXPORT_RESEARCH})
class ExportListView(Endpoint):
    """The laboratory's exports for research."""

    query_parameters = {"GET": _PAGE}

    @extend_schema(
        operation_id="research_exports_list",
        parameters=_PAGE_PARAMETERS,
        responses={200: ExportPage, **EVERYWHERE},
    )
    def get(self, request: SignedInApiRequest) -> Response:
        """List the exports for research, newest first."""
        pages = NewestAsked()
        rows = exports_newest_first(request.user, CellExport.Kind.RESEARCH)
        shown = pages.paginate_queryset(rows, request)
        return pages.get_paginated_response(ExportBody(shown, many=True).data)

    @extend_schema(
        operation_id="research_exports_create",
        parameters=[PARAMETER],
        request=WantedBody,
        responses={202: ExportBody, **INVALID, **CLOSED, **REUSED, **EVERYWHERE},
    )
    @answered_once
    def post(self, request: SignedInApiRequest) -> Response:
        """Ask for signed cells as a ZIP: fields, crops, COCO and a table under study codes."""
        body = WantedBody(data=request.data)
        body.is_valid(raise_exception=True)
        said: dict[str, Any] = body.validated_data
        export = exports.ask_for_export(
            actor=request.user,
            project=said.get("project", ""),
            wanted=Wanted(
                first_day=said.get("first_day"),
                last_day=said.get("last_day"),
                profiles=tuple(said.get("profiles", ())),
                labels=tuple(said.get("labels", ())),
                diseases=tuple(said.get("diseases", ())),
                with_diseases=said.get("with_diseases", False),
            ),
        )
        return Response(ExportBody(export).data, status=202)


@needs({"GET": Action.EXPORT_RESEARCH})
class ExportView(Endpoint):
    """One export for research."""

    @extend_schema(
        operation_id="research_exports_read",
        responses={200: ExportBody, **NOT_FOUND, **EVERYWHERE},
    )
    def get(self, request: SignedInApiRequest, export_id: UUID) -> Response:
        """Read how far an export is."""
        return Response(ExportBody(export_for_viewer(request.user, export_id)).data)


@needs({"GET": Action.EXPORT_RESEARCH})
class ExportFileView(Endpoint):
    """The file of an export for research."""

    content_negotiation_class = AnyAccept

    @extend_schema(
        operation_id="research_exports_file",
        responses={
            (200, "application/zip"): OpenApiTypes.BINARY,
            **CLOSED,
            **NOT_FOUND,
            **_GONE,
            **STORAGE_DOWN,
            **EVERYWHERE,
        },
    )
    def get(self, request: SignedInApiRequest, export_id: UUID) -> HttpResponseBase:
        """Download the ZIP of an export; 409 while it is written, 410 once it has expired."""
        download = exports.download_export(actor=request.user, export_id=export_id)
        return attachment_stream(
            download.stream, name=download.name, content_type="application/zip"
        )
