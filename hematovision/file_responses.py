"""Private answers: our pictures to be shown, uploads only to be downloaded, what is polled."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from typing import Any, BinaryIO

from django.http import FileResponse, HttpRequest, HttpResponse, JsonResponse
from django.utils.cache import get_conditional_response

_LASTING_S = 7 * 24 * 3600


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


def json_unless_known(request: HttpRequest, body: dict[str, Any]) -> HttpResponse:
    """JSON that a page asks for again and again, or 304 where it has not changed."""
    answer = JsonResponse(body)
    etag = f'"{hashlib.sha256(answer.content).hexdigest()}"'
    return private_no_cache(get_conditional_response(request, etag=etag) or answer, etag=etag)


def lasting_jpeg_response(
    request: HttpRequest, *, etag: str, read: Callable[[], bytes]
) -> HttpResponse:
    """A JPEG whose address says all that it shows: the browser keeps it and need not ask again.

    Args:
        etag: what the picture is called.
        read: gives the bytes, called only where they are sent.
    """
    response = jpeg_response(request, etag=etag, read=read)
    response["Cache-Control"] = f"private, max-age={_LASTING_S}, immutable"
    return response


def private_no_cache(response: HttpResponse, *, etag: str) -> HttpResponse:
    """Let the person's own browser keep an answer, and ask each time whether it still holds."""
    response["ETag"] = etag
    response["Cache-Control"] = "private, no-cache"
    response["X-Content-Type-Options"] = "nosniff"
    return response


def attachment_stream(stream: BinaryIO, *, name: str, content_type: str) -> FileResponse:
    """A large file of ours as a download, sent piece by piece; it is closed when that is done."""
    response = FileResponse(stream, as_attachment=True, filename=name, content_type=content_type)
    response["Cache-Control"] = "private, no-store"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
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
