"""Tables as spreadsheets and scripts write them: whatever parts the columns, in any of the usual
encodings, with empty rows. It gives rows with the number of their line, and knows no manifest.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from mlmodels.ml.errors import ManifestInvalid
from mlmodels.ml.names import name_key, plain_name

# What parts columns: English and European spreadsheets, and what is copied from them.
_DELIMITERS = (",", ";", "\t", "|")
# A row of these alone is empty: spreadsheets leave such rows behind.
_NOTHING = " ,;\t|\r\n"
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# Western European spreadsheets save so where nobody asks for UTF-8. Every byte has a meaning in
# Latin-1, so a wrong guess shows as a path that is not there, never as another picture.
_LAST_ENCODING = "cp1252"


@dataclass(frozen=True)
class TableRow:
    """One row of a table.

    Args:
        line: the line of the file on which it begins, from 1.
        cells: by column, each name as it was asked for; stripped, empty where there is none.
        extra: cells beyond the last column.
    """

    line: int
    cells: Mapping[str, str]
    extra: tuple[str, ...] = ()


@dataclass(frozen=True)
class Table:
    """A table whose columns were found.

    Args:
        columns: that it has, as asked for.
        rows: without those that are empty.
        words: what was read into it, as sentences; empty for a plain CSV file in UTF-8.
    """

    columns: frozenset[str]
    rows: tuple[TableRow, ...]
    words: tuple[str, ...] = ()


def read_table(
    file: Path, columns: Mapping[str, Collection[str]], needed: Collection[str]
) -> Table:
    """Read a table, finding out what parts its columns.

    Args:
        file: CSV, semicolons, tabs or bars; UTF-8, UTF-16 with its mark, or Windows-1252.
        columns: under which names (as `name_key` gives them) a column may stand, the first that
            is there counts; by the name it is asked for.
        needed: those without which it is none.

    Returns:
        Its rows in their order.

    Raises:
        ManifestInvalid: there is no such file, it is no text, lacks a column, or has no rows.
    """
    text, words = _text_of(file)
    first = _first_line(text)
    begin = first.line if first else 0
    found = [(d, _columns_of(first.text, d, columns)) for d in _DELIMITERS] if first else []
    delimiter, places = max(found, key=lambda each: len(each[1]), default=(",", {}))
    if not set(needed) <= set(places):
        raise ManifestInvalid(
            f"{file.name} needs the columns {' and '.join(needed)}. Its first line reads: "
            f"{plain_name(first.text)[:120] if first else 'nothing'}."
        )
    if delimiter != ",":
        parted = {";": "semicolons", "\t": "tabs", "|": "bars"}[delimiter]
        words = (*words, f"The columns of {file.name} are parted by {parted}.")
    rows = tuple(_rows_of(text, delimiter, places, file.name, after=begin))
    if not rows:
        raise ManifestInvalid(f"{file.name} has no rows.")
    return Table(frozenset(places) - {""}, rows, words)


@dataclass(frozen=True)
class _Line:
    text: str
    line: int


def _text_of(file: Path) -> tuple[str, tuple[str, ...]]:
    try:
        data = file.read_bytes()
    except FileNotFoundError as error:
        raise ManifestInvalid(f"There is no manifest at {file}.") from error
    encoding = next((name for mark, name in _BYTE_ORDER_MARKS if data.startswith(mark)), "utf-8")
    try:
        text, words = data.decode(encoding), tuple[str, ...]()
    except UnicodeDecodeError as error:
        if encoding != "utf-8" or b"\x00" in data:
            raise _no_text(file) from error
        text = data.decode(_LAST_ENCODING, errors="replace")
        words = (f"{file.name} is not in UTF-8 and was read as Windows-1252. Save it as UTF-8.",)
    if "\x00" in text:
        raise _no_text(file)
    return text, words


def _no_text(file: Path) -> ManifestInvalid:
    return ManifestInvalid(f"{file.name} is not a CSV file in UTF-8. Save it as CSV UTF-8.")


def _first_line(text: str) -> _Line | None:
    """The line of the column names: the first that holds something and only names no delimiter."""
    for number, line in enumerate(io.StringIO(text, newline=""), start=1):
        if line.strip(_NOTHING) and not line.lower().startswith("sep="):
            return _Line(line.rstrip("\r\n"), number)
    return None


def _columns_of(line: str, delimiter: str, wanted: Mapping[str, Collection[str]]) -> dict[str, int]:
    """Places of the wanted columns, if this is what parts them."""
    try:
        names = [name_key(name) for name in next(csv.reader([line], delimiter=delimiter))]
    except csv.Error:
        return {}
    places = {}
    for column, spellings in wanted.items():
        place = next((names.index(each) for each in spellings if each in names), None)
        if place is not None:
            places[column] = place
    # How many there are, so that what is beyond them can be told.
    return {**places, "": len(names)} if places else {}


def _rows_of(
    text: str, delimiter: str, places: Mapping[str, int], name: str, *, after: int
) -> Iterator[TableRow]:
    reader = csv.reader(
        io.StringIO(text, newline=""), delimiter=delimiter, strict=True, skipinitialspace=True
    )
    columns = {column: place for column, place in places.items() if column}
    end = 0
    try:
        for record in reader:
            begin, end = end + 1, reader.line_num
            cells = [cell.strip() for cell in record]
            if begin <= after or not any(cell.strip(_NOTHING) for cell in cells):
                continue
            yield TableRow(
                begin,
                {c: cells[p] if p < len(cells) else "" for c, p in columns.items()},
                tuple(cell for cell in cells[places[""] :] if cell),
            )
    except csv.Error as error:
        raise ManifestInvalid(
            f"Line {end + 1} of {name} cannot be read as a row. Close its quotation marks."
        ) from error
