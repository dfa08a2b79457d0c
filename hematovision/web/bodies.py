"""The body of a request: what its header says of it, and whether it comes to its end.

Whatever cannot be read is refused by its true cause, for pages and the API alike. What the body
holds is read elsewhere.
"""

from __future__ import annotations

import codecs
import io
from collections.abc import Callable, Iterable
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.http.multipartparser import MultiPartParser
from django.utils.http import parse_header_parameters
from gunicorn.http.errors import ParseException

from hematovision.errors import BrokenOff, DomainError, Unreadable

# Where the server's doorway says what is wrong with a Content-Type of which Django cannot even
# make a request.
_REFUSED_TYPE = "hematovision.refused_type"

Application = Callable[[dict[str, Any], Any], Iterable[bytes]]


def refused_header(request: HttpRequest) -> DomainError | None:
    """What is wrong with what a request says of its body, if anything is."""
    coding = request.headers.get("Content-Encoding", "").strip().lower()
    if coding not in {"", "identity"}:
        told = "".join(filter(str.isprintable, coding))[:40]
        return DomainError(
            f"The body is sent with Content-Encoding {told}, which is not read here. "
            "Send it as it is.",
            code="unsupported_media_type",
            http_status=415,
        )
    if _is_chunked(request.META) and not request.META.get("wsgi.input_terminated"):
        return DomainError(
            "The request does not say how long its body is (Transfer-Encoding: chunked). "
            "Send it with a Content-Length.",
            code="length_required",
            http_status=411,
        )
    if sentence := request.META.get(_REFUSED_TYPE):
        return DomainError(sentence, code="unsupported_media_type", http_status=415)
    if request.content_type == "multipart/form-data":
        boundary = (request.content_params or {}).get("boundary", "")
        if not boundary.isascii() or not MultiPartParser.boundary_re.fullmatch(boundary):
            return Unreadable(
                "The Content-Type names no boundary between the parts of the form. "
                "Let your program set this header by itself."
            )
    return None


class WholeBodies:
    """WSGI middleware: a body comes to its end or is refused; its length may be unknown before.

    Django reads nothing of a body without a Content-Length, and takes one that broke off for
    whole. A server that takes chunks apart says so (`wsgi.input_terminated`): then the body is as
    long as such a body may be, and may end before.
    """

    def __init__(self, application: Application) -> None:
        self._application = application

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        _judge_type(environ)
        if _is_chunked(environ) and environ.get("wsgi.input_terminated"):
            limit = _longest(environ)
            environ["CONTENT_LENGTH"] = str(limit)
            environ["wsgi.input"] = _Body(environ["wsgi.input"], limit, may_end_before=True)
        elif (length := environ.get("CONTENT_LENGTH") or "").isdecimal():
            environ["wsgi.input"] = _Body(environ["wsgi.input"], int(length), may_end_before=False)
        return self._application(environ, start_response)


class _Body(io.RawIOBase):
    """The bytes of a request up to its length."""

    def __init__(self, stream: Any, length: int, *, may_end_before: bool) -> None:
        self._stream = stream
        self._left = length
        self._may_end_before = may_end_before

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: Any) -> int:
        """The next bytes.

        Raises:
            BrokenOff: there are none, where there should be.
            DomainError: there are more than may be.
        """
        wanted = min(len(buffer), self._left)
        data = self._next(wanted)
        self._left -= len(data)
        if len(data) < wanted and not self._may_end_before:
            raise BrokenOff()
        if wanted and not self._left and self._may_end_before and self._next(1):
            raise DomainError(
                "The request is larger than this installation takes. Send less at once.",
                code="too_large",
                http_status=413,
            )
        buffer[: len(data)] = data
        return len(data)

    def _next(self, size: int) -> bytes:
        data = b""
        try:
            while len(data) < size and (piece := self._stream.read(size - len(data))):
                data += piece
            return data
        except (OSError, ParseException):
            # The connection ended, or what came is no chunk.
            raise BrokenOff() from None


def _judge_type(environ: dict[str, Any]) -> None:
    """Keep from Django what it would fail at: a Content-Type that is none, and what is no charset.

    In the charset it would read the address, too, so one must write signs as usual. JSON tells by
    its first bytes whether it is UTF-16 or UTF-32. A charset that nobody knows is left to whoever
    reads the text, strictly, as UTF-8.
    """
    said = environ.get("CONTENT_TYPE", "")
    try:
        media_type, options = parse_header_parameters(said)
    except (ValueError, TypeError):
        environ["CONTENT_TYPE"] = said.partition(";")[0]
        environ[_REFUSED_TYPE] = "The Content-Type of the request cannot be read."
        return
    charset = options.get("charset", "")
    name = _known_as(charset)
    if name and not _writes_signs_as_usual(charset):
        environ["CONTENT_TYPE"] = media_type
        if media_type != "application/json" or not name.startswith(("utf-16", "utf-32")):
            environ[_REFUSED_TYPE] = (
                f"The Content-Type names the charset {charset[:40]}, which cannot be read here. "
                "Send UTF-8."
            )


def _known_as(charset: str) -> str:
    try:
        return codecs.lookup(charset).name
    except LookupError:
        return ""


def _writes_signs_as_usual(charset: str) -> bool:
    try:
        return "a=b&".encode(charset) == b"a=b&"
    except (LookupError, UnicodeError):  # no charset: it turns bytes into bytes, say
        return False


def _is_chunked(environ: dict[str, Any]) -> bool:
    """Whether a body comes without its length."""
    return bool(environ.get("HTTP_TRANSFER_ENCODING")) and not environ.get("CONTENT_LENGTH")


def _longest(environ: dict[str, Any]) -> int:
    """How long a body may be: as an upload of files, or as a form of a page."""
    beside_files: int = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    if not environ.get("CONTENT_TYPE", "").lower().startswith("multipart/"):
        return beside_files
    images = settings.MAX_FILES_PER_UPLOAD * settings.MAX_IMAGE_BYTES
    return max(images, settings.MAX_DATASET_BYTES) + beside_files
