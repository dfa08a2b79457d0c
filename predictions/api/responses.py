"""What the descriptions of the endpoints have in common."""

from __future__ import annotations

from datetime import UTC
from typing import Any

from django.utils.dateparse import parse_datetime
from drf_spectacular.utils import OpenApiResponse
from rest_framework.exceptions import NotFound
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.pagination import Cursor, CursorPagination
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

from accounts.api.serializers import ErrorBody

INVALID = {400: OpenApiResponse(ErrorBody, description="Something sent cannot be taken.")}
CLOSED = {409: OpenApiResponse(ErrorBody, description="The state of things does not allow it.")}
NOT_FOUND = {404: OpenApiResponse(ErrorBody, description="Not in your laboratory.")}
TOO_LARGE = {413: OpenApiResponse(ErrorBody, description="A file, or all of them, is too large.")}
GONE = {410: OpenApiResponse(ErrorBody, description="The stored picture is gone or damaged.")}
STORAGE_DOWN = {503: OpenApiResponse(ErrorBody, description="The store of pictures is away.")}
EVERYWHERE = {
    401: OpenApiResponse(ErrorBody, description="Sign in first."),
    403: OpenApiResponse(ErrorBody, description="Your role may not."),
    429: OpenApiResponse(ErrorBody, description="Too many requests; see Retry-After."),
}


class NewestFirst(CursorPagination):
    """Pages that stay whole while new rows come in."""

    ordering: tuple[str, ...] = ("-created_at", "-id")
    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 200

    def decode_cursor(self, request: Request) -> Cursor | None:
        """The place a cursor names; one that names no time is none."""
        cursor = super().decode_cursor(request)
        place = cursor.position if cursor else None
        if place is not None and not _is_moment(str(place)):
            raise NotFound(self.invalid_cursor_message)
        return cursor


class InOrderOfUpload(NewestFirst):
    """Pages of cells in the order of their images, and of their position in these."""

    ordering: tuple[str, ...] = ("uploaded_at", "image_id", "position")
    page_size = 100
    max_page_size = 500


def _is_moment(text: str) -> bool:
    """Whether a text names a moment with its time zone that UTC can hold."""
    try:
        moment = parse_datetime(text)
        return moment is not None and moment.tzinfo is not None and bool(moment.astimezone(UTC))
    except (ValueError, OverflowError):
        return False


class AnyAccept(BaseContentNegotiation):
    """For files: what the caller says it accepts chooses nothing; errors are JSON all the same."""

    def select_renderer(
        self, request: Request, renderers: Any, format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        """The only renderer."""
        return renderers[0], renderers[0].media_type
