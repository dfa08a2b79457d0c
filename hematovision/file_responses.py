"""Private files as answers: our own pictures to be shown, uploaded bytes only to be downloaded."""

from __future__ import annotations

import io
from collections.abc import Callable

from django.http import FileResponse, HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response


def jpeg_response(request: HttpRequest, *, etag: str, read: Callable[[], bytes]) -> HttpResponse:
    """A JPEG that we encoded, or 304; kept by the person's own browser and asked for each time.

    Args:
        etag: what the picture is called; a picture never changes under its name.
        read: gives the bytes, called only where they are sent.
    """
    quoted = f'"{etag}"'
    response = get_conditional_response(request, etag=quoted)
    if response is None:
        response = HttpResponse(read(), content_type="image/jpeg")
    return private_no_cache(response, etag=quoted)


def private_no_cache(response: HttpResponse, *, etag: str) -> HttpResponse:
    """Let the person's own browser keep an answer, and ask each time whether it still holds."""
    response["ETag"] = etag
    response["Cache-Control"] = "private, no-cache"
    response["X-Content-Type-Options"] = "nosniff"
    return response


def attachment_response(data: bytes, *, name: str) -> FileResponse:
    """Uploaded bytes as a download that no browser opens by itself or keeps."""
    response = FileResponse(
        io.BytesIO(data),
        as_attachment=True,
        filename=name,
        content_type="application/octet-stream",
    )
    response["Cache-Control"] = "private, no-store"
    response["X-Content-Type-Options"] = "nosniff"
    # Should a browser open it all the same, nothing in it runs.
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return response
