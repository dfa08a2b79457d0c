"""CSV that is sent while it is read, and that no spreadsheet takes for formulas."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from typing import Any

from django.http import StreamingHttpResponse

# What a spreadsheet reads as a formula when a cell begins with it (OWASP, CSV injection).
_BEGINS_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_AT_ONCE = 200


def defused(value: Any) -> str:
    """A cell's text; what could be a formula begins with an apostrophe. Numbers stay numbers."""
    if value is None:
        return ""
    text = str(value)
    if isinstance(value, (int, float)) or not text.startswith(_BEGINS_FORMULA):
        return text
    return f"'{text}"


def csv_response(
    head: Iterable[str], rows: Iterable[Iterable[Any]], *, name: str
) -> StreamingHttpResponse:
    """A download that grows row by row, however many there are.

    Args:
        head: names of the columns.
        rows: cells in the order of the columns; read while they are sent.
        name: of the file.
    """
    answer = StreamingHttpResponse(csv_lines(head, rows), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    answer["Cache-Control"] = "private, no-store"
    answer["X-Content-Type-Options"] = "nosniff"
    return answer


def csv_lines(head: Iterable[str], rows: Iterable[Iterable[Any]]) -> Iterator[bytes]:
    """The bytes of a CSV file, some rows at a time; as `csv_response`."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(head)
    for number, row in enumerate(rows, 1):
        writer.writerow(map(defused, row))
        if number % _AT_ONCE == 0:
            yield _taken(text)
    yield _taken(text)


def _taken(text: io.StringIO) -> bytes:
    data = text.getvalue().encode()
    text.seek(0)
    text.truncate()
    return data
