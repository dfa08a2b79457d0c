"""Reads multipart form data (RFC 7578) so that no part which was sent is lost.

Django's parser leaves out a part whose header is not UTF-8, takes a file without a name for text,
and what broke off for whole. This one takes its place where an upload handler asks for it; what
comes of the files is up to the upload handlers, as with Django's.
"""

from __future__ import annotations

import binascii
import html
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, StopFutureHandlers
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict

from hematovision.errors import BrokenOff, Unreadable
from hematovision.part_heads import Head, head_of

_CHUNK_BYTES = 64 * 1024
LONGEST_HEAD_BYTES = 16 * 1024
UNNAMED = "unnamed"
# Ends the header of a part; one that has none begins with it. Some programs send bare line feeds.
_BLANK_LINE = re.compile(rb"(?:\A|\n)\r?\n")
_NUMBERED = re.compile(r"&#(?:[0-9]{1,7}|[xX][0-9a-fA-F]{1,6});")
_AS_IT_IS = frozenset({"", "binary", "8bit", "7bit"})


class SentFiles(MultiValueDict):
    """The files of a form by field, and in `parts` every part by field and value, as sent."""

    parts: list[tuple[str, UploadedFile | str]]

    @classmethod
    def of(cls, parts: Iterable[tuple[str, UploadedFile | str]]) -> SentFiles:
        """Of these parts."""
        files = cls()
        files.parts = list(parts)
        for field, value in files.parts:
            if isinstance(value, UploadedFile):
                files.appendlist(field, value)
        return files


class FormReader:
    """Reads one form into its fields and files, every one that was sent."""

    def __init__(
        self,
        stream: Any,
        *,
        boundary: bytes,
        handlers: Sequence[FileUploadHandler],
        encoding: str,
    ) -> None:
        self._chunks = iter(lambda: stream.read(_CHUNK_BYTES), b"")
        self._boundary = boundary
        self._handlers = handlers
        self._encoding = encoding
        self._text_bytes = 0

    def read(self) -> tuple[QueryDict, SentFiles]:
        """The whole form.

        Raises:
            BrokenOff: it ends before its last line.
            Unreadable: a part cannot be read.
            RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent: as Django's parser.
        """
        parts: list[tuple[str, UploadedFile | str]] = []
        try:
            for head, pieces in self._parts():
                begins = next(pieces, b"")
                bytes_meant = _decoded(chain([begins], pieces), head)
                take = self._file if head.is_file(begins) else self._text
                parts.append((head.field, take(head, bytes_meant)))
                _refuse_too_many(parts)
            _use_up(self._chunks)
        except Exception:
            self._close(parts)
            raise
        for handler in self._handlers:
            handler.upload_complete()
        chosen = _chosen(parts)
        fields = QueryDict(mutable=True)
        for field, value in chosen:
            if isinstance(value, str):
                fields.appendlist(field, value)
        fields._mutable = False
        return fields, SentFiles.of(chosen)

    def _close(self, parts: list[tuple[str, UploadedFile | str]]) -> None:
        """Let go of the files that were read, and of the one at which it failed."""
        begun = (getattr(handler, "file", None) for handler in self._handlers)
        for file in chain((value for _, value in parts), begun):
            if file and not isinstance(file, str):
                file.close()

    def _parts(self) -> Iterator[tuple[Head, Iterator[bytes]]]:
        """Each part: its header, and its bytes, which are to be used up before the next."""
        body = _Body(self._chunks, self._boundary)
        if not body.has_begun():
            return
        _use_up(body.until_delimiter())  # what stands before the first part
        while not body.is_over:
            pieces = body.until_delimiter()
            head, rest = _split(pieces)
            if not (head or rest):
                continue
            yield head_of(head, self._encoding), chain([rest], pieces)

    def _text(self, head: Head, pieces: Iterator[bytes]) -> str:
        raw = bytearray()
        at_most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        for piece in pieces:
            raw += piece
            if self._text_bytes + len(raw) > at_most:
                raise RequestDataTooBig("The fields are longer than the limit.")
        self._text_bytes += len(raw) + len(head.field)
        for encoding in (head.type_options.get("charset"), "utf-8", self._encoding):
            try:
                return raw.decode(encoding or "utf-8")
            except (UnicodeError, LookupError):
                continue
        raise Unreadable(
            f"The text of the field “{head.field}” is not UTF-8. Send it as UTF-8; "
            "a file is sent with its file name."
        )

    def _file(self, head: Head, pieces: Iterator[bytes]) -> UploadedFile:
        """A file as the upload handlers keep it."""
        if head.media_type.startswith("multipart/"):
            raise Unreadable(
                f"The field “{head.field}” holds several parts in one ({head.media_type}). "
                "Send each file as a part of its own."
            )
        name = _last_part(head.file_name or "") or UNNAMED
        handlers = self._handlers
        for handler in handlers:
            try:
                # How long it is nobody knows yet, and of a charset nobody asks.
                handler.new_file(head.field, name, head.media_type, None)
            except StopFutureHandlers:
                break
        counters = [0] * len(handlers)
        for piece in pieces:
            rest: bytes | None = piece
            for index, handler in enumerate(handlers):
                if rest is None:
                    break
                start, length = counters[index], len(rest)
                rest = handler.receive_data_chunk(rest, start)
                counters[index] = start + length
        whole = zip(handlers, counters, strict=True)
        return next(filter(None, (handler.file_complete(size) for handler, size in whole)))


class _Body:
    """The bytes of a form, cut at its delimiters."""

    def __init__(self, chunks: Iterator[bytes], boundary: bytes) -> None:
        self._chunks = chunks
        # The last one ends with two hyphens. Blanks may follow a boundary, but hardly do.
        self._delimiter = re.compile(
            rb"\n--" + re.escape(boundary) + rb"(?:(?P<last>--)|[ \t]{0,16}\r?\n)"
        )
        self._longest = len(boundary) + 24
        # So that the first delimiter is found like the others, which begin a line.
        self._buffer = b"\n"
        self.is_over = False

    def has_begun(self) -> bool:
        """Whether there is anything at all."""
        self._buffer += next(self._chunks, b"")
        return len(self._buffer) > 1

    def until_delimiter(self) -> Iterator[bytes]:
        """What stands before the next delimiter, in pieces; the delimiter is used up."""
        while not (found := self._delimiter.search(self._buffer)):
            whole = len(self._buffer) - self._longest
            if whole > 0:
                piece, self._buffer = self._buffer[:whole], self._buffer[whole:]
                yield piece
            more = next(self._chunks, b"")
            if not more:
                raise BrokenOff()
            self._buffer += more
        piece, self._buffer = self._buffer[: found.start()], self._buffer[found.end() :]
        self.is_over = found["last"] is not None
        # The line break belongs to the delimiter.
        yield piece.removesuffix(b"\r")


def _refuse_too_many(parts: list[tuple[str, UploadedFile | str]]) -> None:
    if len(parts) > settings.DATA_UPLOAD_MAX_NUMBER_FIELDS:
        raise TooManyFieldsSent("The form has more fields than the limit.")
    files = sum(not isinstance(value, str) for _, value in parts)
    if files > settings.DATA_UPLOAD_MAX_NUMBER_FILES:
        raise TooManyFilesSent("The form has more files than the limit.")


def _chosen(
    parts: list[tuple[str, UploadedFile | str]],
) -> list[tuple[str, UploadedFile | str]]:
    """Without what browsers send for a field in which no file was chosen: no name and no bytes."""
    files = Counter(field for field, value in parts if not isinstance(value, str))
    return [
        (field, value)
        for field, value in parts
        if isinstance(value, str)
        or value.size
        or value.name != UNNAMED
        or not field
        or files[field] > 1
    ]


def _last_part(path: str) -> str:
    """The name of a file without its folders and what cannot be shown; empty where none is left.

    Browsers write a character that their page's writing lacks by its number, as HTML does.
    """
    last = re.split(r"[/\\]", path)[-1]
    name = "".join(filter(str.isprintable, _NUMBERED.sub(_numbered_character, last)))
    return "" if name in {".", ".."} else name


def _numbered_character(number: re.Match[str]) -> str:
    """The character that is meant; as it stands where that would part folders."""
    meant = html.unescape(number.group())
    return number.group() if meant in {"/", "\\"} else meant


def _use_up(pieces: Iterator[bytes]) -> None:
    for _ in pieces:
        pass


def _split(pieces: Iterator[bytes]) -> tuple[bytes, bytes]:
    """The header of a part, and what was read beyond it; without a blank line it has no header."""
    read = b""
    for piece in pieces:
        read += piece
        if found := _BLANK_LINE.search(read, 0, LONGEST_HEAD_BYTES):
            return read[: found.start()], read[found.end() :]
        if len(read) > LONGEST_HEAD_BYTES:
            raise Unreadable(
                f"A part of the form has a header of more than {LONGEST_HEAD_BYTES // 1024} kB, or "
                "none. Give its file a shorter name."
            )
    return b"", read


def _decoded(pieces: Iterator[bytes], head: Head) -> Iterator[bytes]:
    """The bytes that were meant, where a program wrote them down in another way."""
    if head.transfer_encoding in _AS_IT_IS:
        yield from pieces
        return
    unreadable = Unreadable(
        f"The field “{head.field}” is sent in the transfer encoding {head.transfer_encoding[:40]}, "
        "which cannot be read. Send its bytes as they are."
    )
    if head.transfer_encoding != "base64":
        raise unreadable
    rest = b""
    try:
        for piece in pieces:
            written = rest + b"".join(piece.split())
            cut = len(written) // 4 * 4
            rest = written[cut:]
            yield binascii.a2b_base64(written[:cut])
        yield binascii.a2b_base64(rest)
    except binascii.Error:
        raise unreadable from None
