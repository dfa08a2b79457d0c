"""The one manifest format: `path,class,source,split`, in CSV, and how folders become one.

Reads and writes lists of pictures with their classes. It opens no picture and judges no split.
"""

from __future__ import annotations

import csv
import io
import os
from dataclasses import dataclass
from pathlib import Path

from mlmodels.ml.classes import class_key
from mlmodels.ml.errors import ManifestInvalid
from mlmodels.ml.whole_files import write_text_whole

PICTURE_SUFFIXES = {".jpg", ".jpeg", ".png", ".tif", ".tiff", ".bmp", ".webp"}
COLUMNS = ("path", "class", "source", "split", "kind")
_PASSING_FOLDERS = {"train", "test", "val", "valid", "validation"}


@dataclass(frozen=True)
class Row:
    """One picture of a manifest.

    Args:
        path: relative to the manifest's root, or absolute.
        label: class name, lower case with underscores.
        source: what must not be split apart (photograph, slide or patient).
        split: e.g. "train", "test", "fold0"; empty where none is given.
        kind: "photograph" or "augmented" where it is known, else empty.
    """

    path: str
    label: str
    source: str
    split: str = ""
    kind: str = ""

    def file(self, root: Path) -> Path:
        """Where the picture lies."""
        return Path(self.path) if os.path.isabs(self.path) else root / self.path


def read_manifest(file: Path) -> list[Row]:
    """Read a manifest; `split_hint` is read as `split`.

    Args:
        file: a CSV with at least the columns `path` and `class`.

    Returns:
        Its rows in their order. A missing source is the path itself.

    Raises:
        ManifestInvalid: the file is missing, not UTF-8 text, has no rows, lacks a column, or
            a row lacks its path or class.
    """
    numbered, wrong = read_manifest_rows(file)
    if wrong:
        raise ManifestInvalid(wrong[0][1])
    return [row for _, row in numbered]


def read_manifest_rows(file: Path) -> tuple[list[tuple[int, Row]], list[tuple[int, str]]]:
    """Read a manifest row by row, so that each wrong row can be told.

    Args:
        file: as in `read_manifest`.

    Returns:
        The rows that can be read and the sentences about those that cannot, each with the
        number of its line.

    Raises:
        ManifestInvalid: the file as a whole cannot be read as a manifest.
    """
    try:
        with file.open(newline="", encoding="utf-8-sig") as stream:
            reader = csv.DictReader(stream)
            columns = [str(name).strip().lower() for name in reader.fieldnames or []]
            reader.fieldnames = columns
            records = list(reader)
    except FileNotFoundError as error:
        raise ManifestInvalid(f"There is no manifest at {file}.") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise ManifestInvalid(f"{file.name} is not a CSV file in UTF-8.") from error
    if not {"path", "class"} <= set(columns):
        raise ManifestInvalid(f"{file.name} needs the columns path and class.")
    if not records:
        raise ManifestInvalid(f"{file.name} has no rows.")
    rows, wrong = [], []
    for number, record in enumerate(records, start=2):
        try:
            rows.append((number, _row(record, file.name, number)))
        except ManifestInvalid as error:
            wrong.append((number, error.message))
    return rows, wrong


def rows_of_folder(root: Path) -> list[Row]:
    """Rows of a folder: its `manifest.csv` or `labels.csv` if there is one, else class folders.

    Args:
        root: the folder. Each picture's class is the name of the folder it lies in, in any
            letter case; folders such as TRAIN and TEST above it become the split.

    Returns:
        The rows, sorted by path where folders were walked.

    Raises:
        ManifestInvalid: there is no such folder, or no picture in a class folder.
    """
    if not root.is_dir():
        raise ManifestInvalid(f"There is no folder at {root}.")
    for name in ("labels.csv", "manifest.csv"):
        if (root / name).is_file():
            return read_manifest(root / name)
    files = (p for p in root.rglob("*") if p.suffix.lower() in PICTURE_SUFFIXES and p.is_file())
    rows = [_row_of_file(p.relative_to(root)) for p in sorted(files) if p.parent != root]
    if not rows:
        raise ManifestInvalid(f"{root} holds no pictures in folders named after classes.")
    return rows


def write_manifest(rows: list[Row], file: Path) -> None:
    """Write rows as a manifest, replacing the file in one step.

    Args:
        rows: in the order in which they are to stand.
        file: where to; its folder is made.
    """
    table = io.StringIO(newline="")
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows((r.path, r.label, r.source, r.split, r.kind) for r in rows)
    write_text_whole(file, table.getvalue())


def _row(record: dict[str, str | None], name: str, number: int) -> Row:
    path, label = (record.get("path") or "").strip(), (record.get("class") or "").strip()
    if not path or not label:
        raise ManifestInvalid(f"Row {number} of {name} lacks its path or its class.")
    return Row(
        path=path,
        label=class_key(label),
        source=(record.get("source") or "").strip() or path,
        split=(record.get("split") or record.get("split_hint") or "").strip().lower(),
        kind=(record.get("kind") or "").strip().lower(),
    )


def _row_of_file(path: Path) -> Row:
    above = [part.lower() for part in path.parts[:-2]]
    split = next((part for part in reversed(above) if part in _PASSING_FOLDERS), "")
    return Row(
        path=path.as_posix(),
        label=class_key(path.parent.name),
        source=path.as_posix(),
        split=split,
    )
