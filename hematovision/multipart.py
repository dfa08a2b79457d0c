"""Reads multipart form data (RFC 7578) so that no part which was sent is lost.

Django's parser leaves out a part whose header is not UTF-8, takes a file without a name for text,
and what broke off for whole. It is used here for its checks of the Content-Type alone. What comes
of the files is up to the upload handlers, as with Django's.
"""

from __future__ import annotations

import binascii
import codecs
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from itertools import chain

from django.conf import settings
from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import StopFutureHandlers
from django.http import QueryDict
from django.http.multipartparser import ChunkIter, MultiPartParser, exhaust
from django.utils.datastructures import MultiValueDict
from django.utils.http import parse_header_parameters

from hematovision.errors import BrokenOff, Unreadable

LONGEST_HEAD_BYTES = 16 * 1024
UNNAMED = "unnamed"
# Ends the header of a part; one that has none begins with it. Some programs send bare line feeds.
_BLANK_LINE = re.compile(rb"(?:\A|\n)\r?\n")
# What RFC 2231 puts behind the name of a parameter.
_EXTENDED = re.compile(r"\*(?:\d+\*?)?=")
_AS_IT_IS = frozenset({"", "binary", "8bit", "7bit"})


class SentFiles(MultiValueDict):
    """The files of a form by field, and in `parts` every part by field and value, as sent."""

    def __init__(self, parts: Iterable[tuple[str, UploadedFile | str]]) -> None:
        super().__init__()
        self.parts = list(parts)
        for field, value in self.parts:
            if isinstance(value, UploadedFile):
                self.appendlist(field, value)


@dataclass(frozen=True)
class _Head:
    """What a part says of itself.

    Args:
        field: its name; empty where it has none.
        file_name: none where it says of none, empty where it says of an empty one.
        media_type, type_options: its Content-Type.
        transfer_encoding: how its bytes were written down.
    """

    field: str
    file_name: str | None
    media_type: str
    type_options: dict[str, str]
    transfer_encoding: str

    def is_file(self, begins: bytes) -> bool:
        """Whether it is a file: it says so, or is no text. What has no field may be anything."""
        if self.file_name is not None or not self.field:
            return True
        if self.media_type:
            return not self.media_type.startswith(("text/", "application/json"))
        return b"\0" in begins and not _begins_as_text(begins)


class EveryPartParser(MultiPartParser):
    """Gives fields and files, every one that was sent, or says what cannot be read.

    Raises:
        MultiPartParserError: the Content-Type names no boundary that can be one.
        BrokenOff: the form ends before its last line.
        Unreadable: a part cannot be read.
        RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent: as Django's parser.
    """

    def _parse(self) -> tuple[QueryDict, MultiValueDict]:
        """The whole form; `parse` closes its files where this fails."""
        self._files = MultiValueDict()
        self._text_bytes = 0
        parts: list[tuple[str, UploadedFile | str]] = []
        try:
            for head, pieces in self._parts():
                begins = next(pieces, b"")
                pieces = _decoded(chain([begins], pieces), head)
                if head.is_file(begins):
                    value = self._file(head, pieces)
                    self._files.appendlist(head.field, value)
                else:
                    value = self._text(head, pieces)
                parts.append((head.field, value))
                self._refuse_too_many(parts)
            exhaust(ChunkIter(self._input_data, self._chunk_size))
        except Exception:
            self._close_files()
            raise
        any(handler.upload_complete() for handler in self._upload_handlers)
        return self._sorted(parts)

    def _sorted(
        self, parts: list[tuple[str, UploadedFile | str]]
    ) -> tuple[QueryDict, MultiValueDict]:
        # What browsers send for a field in which no file was chosen: one without name and bytes.
        unchosen = {
            field
            for field, files in self._files.lists()
            if field and len(files) == 1 and files[0].name == UNNAMED and not files[0].size
        }
        kept = [
            (field, value)
            for field, value in parts
            if field not in unchosen or isinstance(value, str)
        ]
        fields = QueryDict(mutable=True)
        for field, value in kept:
            if isinstance(value, str):
                fields.appendlist(field, value)
        fields._mutable = False
        return fields, SentFiles(kept)

    def _parts(self) -> Iterator[tuple[_Head, Iterator[bytes]]]:
        """Each part: its header, and its bytes, which are to be used up before the next."""
        body = _Body(ChunkIter(self._input_data, self._chunk_size), self._boundary)
        if not body.has_begun():
            return
        exhaust(body.until_delimiter())  # what stands before the first part
        while not body.is_over:
            pieces = body.until_delimiter()
            head, rest = _split(pieces)
            if not (head or rest):
                continue
            yield self._head(head), chain([rest], pieces)

    def _head(self, raw: bytes) -> _Head:
        lines = re.split(r"\r?\n", re.sub(r"\r?\n[ \t]+", " ", self._as_text(raw)))
        said = {}
        for line in lines:
            name, _, value = line.partition(":")
            said[name.strip().lower()] = _parameters(value.strip())
        _, names = said.get("content-disposition", ("", {}))
        media_type, type_options = said.get("content-type", ("", {}))
        return _Head(
            field=names.get("name", "").strip(),
            file_name=names.get("filename"),
            media_type=media_type,
            type_options=type_options,
            transfer_encoding=said.get("content-transfer-encoding", ("", {}))[0],
        )

    def _as_text(self, raw: bytes) -> str:
        """UTF-8, else what the request says it is, else with a sign for what cannot be read."""
        for encoding in ("utf-8", self._encoding):
            try:
                return raw.decode(encoding)
            except (UnicodeError, LookupError):
                continue
        return raw.decode(errors="replace")

    def _text(self, head: _Head, pieces: Iterator[bytes]) -> str:
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

    def _file(self, head: _Head, pieces: Iterator[bytes]) -> UploadedFile:
        """A file as the upload handlers keep it."""
        if head.media_type.startswith("multipart/"):
            raise Unreadable(
                f"The field “{head.field}” holds several parts in one ({head.media_type}). "
                "Send each file as a part of its own."
            )
        name = self.sanitize_file_name(_readable_name(head.file_name or "")) or UNNAMED
        charset = head.type_options.get("charset")
        handlers = self._upload_handlers
        for handler in handlers:
            try:
                handler.new_file(
                    head.field, name, head.media_type, None, charset, head.type_options
                )
            except StopFutureHandlers:
                break
        counters = [0] * len(handlers)
        for piece in pieces:
            kept: bytes | None = piece
            for index, handler in enumerate(handlers):
                length = len(kept)
                kept = handler.receive_data_chunk(kept, counters[index])
                counters[index] += length
                if kept is None:
                    break
        whole = zip(handlers, counters, strict=True)
        return next(filter(None, (handler.file_complete(size) for handler, size in whole)))

    def _refuse_too_many(self, parts: list[tuple[str, UploadedFile | str]]) -> None:
        if len(parts) > settings.DATA_UPLOAD_MAX_NUMBER_FIELDS:
            raise TooManyFieldsSent("The form has more fields than the limit.")
        files = sum(len(files) for _, files in self._files.lists())
        if files > settings.DATA_UPLOAD_MAX_NUMBER_FILES:
            raise TooManyFilesSent("The form has more files than the limit.")


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


def _parameters(value: str) -> tuple[str, dict[str, str]]:
    """The main word of a header's value and what stands beside it, by name."""
    try:
        word, options = parse_header_parameters(value)
    except (ValueError, TypeError):  # of an encoding that nobody knows, or in parts that do not fit
        word, options = parse_header_parameters(_EXTENDED.sub("=", value))
    return word, {name.lower(): option for name, option in options.items()}


def _readable_name(name: str) -> str:
    """A file name as a person knows it: some programs write it as mail does (RFC 2047)."""
    if not (name.startswith("=?") and name.endswith("?=")):
        return name
    try:
        return str(make_header(decode_header(name)))
    except (HeaderParseError, UnicodeError, LookupError):
        return name


def _begins_as_text(begins: bytes) -> bool:
    """Whether bytes may be UTF-8, of which the last character may be cut."""
    try:
        codecs.getincrementaldecoder("utf-8")().decode(begins)
    except UnicodeDecodeError:
        return False
    return True


def _decoded(pieces: Iterator[bytes], head: _Head) -> Iterator[bytes]:
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
