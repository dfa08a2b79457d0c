"""JSON and forms of a size that a person's form could have; files come as multipart.

What cannot be read is refused with its true cause: nothing is guessed, replaced or left out.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any, NoReturn
from urllib.parse import parse_qsl

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import QueryDict
from rest_framework.parsers import FormParser, JSONParser

from accounts.errors import WrongMediaType
from hematovision.errors import DomainError, Unreadable

_UTF_8 = frozenset({"utf-8", "utf8"})
# Before what is written: byte order marks and blanks, of which UTF-16 and UTF-32 have halves.
_BEFORE_TEXT = b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n"


class SmallJSONParser(JSONParser):
    """Reads one object of no more than DATA_UPLOAD_MAX_MEMORY_SIZE."""

    def parse(
        self,
        stream: Any,
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """The object as Python values.

        Raises:
            RequestDataTooBig: it is longer than the limit.
            Unreadable: it is no JSON; the sentence says where.
            DomainError: it is JSON, but no object.
        """
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        body = stream.read(limit + 1)
        if len(body) > limit:
            raise RequestDataTooBig("The JSON body is longer than the limit.")
        said = _values(_text(body, (parser_context or {}).get("encoding")))
        if not isinstance(said, dict):
            kind = {list: "a list", str: "a text", type(None): "null"}.get(type(said), "a value")
            raise DomainError(f"Send one JSON object, {{…}}; this is {kind}.", code="invalid")
        return said


class SmallFormParser(FormParser):
    """Reads a form, and says what came under its name."""

    def parse(  # type: ignore[override]
        self,
        stream: Any,
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> QueryDict:
        """The fields.

        Raises:
            WrongMediaType: it is JSON or multipart form data.
            Unreadable: its text is not what it says it is.
        """
        body = stream.read()
        begins = body.lstrip(_BEFORE_TEXT)[:1000]
        for kind, is_it in {
            "JSON (application/json)": begins.startswith((b"{", b"[")),
            "multipart form data (multipart/form-data)": begins.startswith(b"--")
            and b"content-disposition:" in begins.lower(),
        }.items():
            if is_it:
                raise WrongMediaType(
                    f"The body is {kind}, but its Content-Type says it is a form ({media_type}). "
                    "Send the Content-Type that it has."
                )
        encoding = (parser_context or {}).get("encoding") or settings.DEFAULT_CHARSET
        try:
            text = body.decode(encoding)
            fields = QueryDict(text, encoding=encoding)
            parse_qsl(text, keep_blank_values=True, encoding=encoding, errors="strict")
        except (UnicodeError, LookupError):
            raise Unreadable("The text of the form is not UTF-8. Send it as UTF-8.") from None
        return fields


def _text(body: bytes, declared: str | None) -> str:
    """JSON as text: in UTF-8, UTF-16 or UTF-32, which its first bytes tell, or as is declared."""
    detected = json.detect_encoding(body)
    told = declared if declared and declared.lower() not in _UTF_8 else None
    for encoding in filter(None, (told, detected)):
        try:
            return body.decode(encoding).removeprefix("\ufeff")
        except (UnicodeError, LookupError):
            continue
    raise Unreadable(f"The text of the JSON is not {told or 'UTF-8'}. Send it in UTF-8.")


def _values(text: str) -> Any:
    try:
        return json.loads(
            text, object_pairs_hook=_fields, parse_constant=_no_number, parse_float=_number
        )
    except json.JSONDecodeError as error:
        raise Unreadable(
            f"The body is not JSON: {error.msg} (line {error.lineno}, column {error.colno})."
        ) from None
    except ValueError:  # more digits than Python reads
        raise Unreadable("The JSON holds a number of too many digits.") from None


def _fields(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object; one that says two things of one name is refused: which is meant?"""
    fields = dict(pairs)
    if len(fields) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise Unreadable(f"The JSON names “{_printable(twice)}” twice. Name it once.")
    return fields


def _no_number(word: str) -> NoReturn:
    raise Unreadable(
        f"The JSON holds {word}, which is no number in JSON. Send null, or leave it out."
    )


def _number(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise Unreadable("The JSON holds a number that is too large.")
    return number


def _printable(name: str) -> str:
    return "".join(filter(str.isprintable, name))[:60]
