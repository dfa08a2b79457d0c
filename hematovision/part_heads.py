"""What a part of a form says of itself, in whatever writing it says so."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from email.errors import HeaderParseError
from email.header import decode_header, make_header

from django.utils.http import parse_header_parameters

# What RFC 2231 puts behind the name of a parameter.
_EXTENDED = re.compile(r"\*(?:\d+\*?)?=")


@dataclass(frozen=True)
class Head:
    """What a part says of itself.

    Args:
        field: its name; empty where it has none.
        file_name: as a person knows it; none where it has none, which is not an empty one.
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


def head_of(raw: bytes, encoding: str) -> Head:
    """The header of a part, read in UTF-8 or in what the request says it is."""
    lines = re.split(r"\r?\n", re.sub(r"\r?\n[ \t]+", " ", _as_text(raw, encoding)))
    said = {}
    for line in lines:
        name, _, value = line.partition(":")
        said[name.strip().lower()] = _parameters(value.strip())
    _, names = said.get("content-disposition", ("", {}))
    media_type, type_options = said.get("content-type", ("", {}))
    file_name = names.get("filename")
    return Head(
        field=names.get("name", "").strip(),
        file_name=None if file_name is None else _readable_name(file_name),
        media_type=media_type,
        type_options=type_options,
        transfer_encoding=said.get("content-transfer-encoding", ("", {}))[0],
    )


def _as_text(raw: bytes, encoding: str) -> str:
    """Where neither writing fits, with a sign for what cannot be read."""
    for known in ("utf-8", encoding):
        try:
            return raw.decode(known)
        except (UnicodeError, LookupError):
            continue
    return raw.decode(errors="replace")


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
