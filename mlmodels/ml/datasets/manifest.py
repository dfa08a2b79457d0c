"""The one manifest format: `path,class,source,split`, in a table, and how folders become one.

Reads and writes lists of pictures with their classes. It opens no picture and judges no split.
"""

from __future__ import annotations

import csv
import hashlib
import io
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from mlmodels.ml.classes import class_key
from mlmodels.ml.datasets.archive_paths import is_passed_over
from mlmodels.ml.datasets.class_names import SHIPPED_LABELS, ClassNames
from mlmodels.ml.datasets.layouts.folders import list_folders
from mlmodels.ml.datasets.tables import TableRow, read_table
from mlmodels.ml.errors import ManifestInvalid
from mlmodels.ml.whole_files import write_text_whole

COLUMNS = ("path", "class", "source", "split", "kind")
# Under which names each column is looked for, the first that is there.
SPELT_COLUMNS = {
    "path": ("path", "file", "filename", "file name", "file_name", "image", "image_path"),
    "class": ("class", "label", "category", "cell type", "cell_type"),
    "source": ("source", "patient", "patient_id", "slide", "slide_id"),
    "split": ("split", "split_hint", "subset"),
    "kind": ("kind",),
    "subtype": ("subtype",),
}


@dataclass(frozen=True)
class Row:
    """One picture of a manifest.

    Args:
        path: relative to the manifest's root, or absolute.
        label: class name, lower case with underscores.
        source: what must not be split apart (photograph, slide or patient).
        split: e.g. "train", "test", "fold0"; empty where none is given.
        kind: "photograph" or "augmented" where it is known, else empty.
        subtype: a finer class where it is known, e.g. "promyelocyte"; else empty.
    """

    path: str
    label: str
    source: str
    split: str = ""
    kind: str = ""
    subtype: str = ""

    def file(self, root: Path) -> Path:
        """Where the picture lies."""
        return Path(self.path) if os.path.isabs(self.path) else root / self.path


def read_manifest(file: Path) -> list[Row]:
    """Read a manifest.

    Args:
        file: a table (`read_table`) with at least the columns `path` and `class`, under one of
            the names of `SPELT_COLUMNS`.

    Returns:
        Its rows in their order. A missing source is the path itself.

    Raises:
        ManifestInvalid: the file is missing, no text, has no rows, lacks a column, or
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
    table = read_table(file, SPELT_COLUMNS, ("path", "class"))
    rows, wrong = [], []
    for found in table.rows:
        reason = refusal_of_row(found, file.name)
        if reason:
            wrong.append((found.line, reason))
        else:
            rows.append((found.line, _row(found)))
    return rows, wrong


def manifest_sha256(rows: Iterable[tuple[str, str, str, str, str]]) -> str:
    """The hash that names a dataset: SHA-256 of its sorted rows.

    Args:
        rows: path, SHA-256 of the bytes, class, source and split of each picture.

    Returns:
        64 hexadecimal digits.
    """
    lines = sorted(",".join(row) for row in rows)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def refusal_of_row(row: TableRow, name: str) -> str:
    """Why a row of a manifest cannot be one, as a sentence; empty where it can."""
    if not row.cells["path"] or not row.cells["class"]:
        return f"Line {row.line} of {name} lacks its path or its class."
    if row.extra:
        return (
            f"Line {row.line} of {name} has more cells than there are columns. Put quotation "
            "marks around a cell that holds what parts the columns."
        )
    return ""


def rows_of_folder(root: Path) -> list[Row]:
    """Rows of a folder: its `manifest.csv` or `labels.csv` if there is one, else class folders.

    Args:
        root: the folder. Class folders are read as `list_folders` says; a class that is none of
            the shipped labels keeps its folder's name.

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
    names = ClassNames(SHIPPED_LABELS)
    rows = [
        Row(
            path=listed.path,
            label=names.code_of(listed.name) or class_key(listed.name),
            source=listed.source or listed.path,
            split=listed.split,
        )
        for listed in list_folders(files_of_folder(root), names).pictures
        if listed.name
    ]
    if not rows:
        raise ManifestInvalid(f"{root} holds no pictures in folders named after classes.")
    return rows


def files_of_folder(root: Path) -> list[str]:
    """Paths of the files in a folder, sorted, without what systems leave there."""
    paths = (p.relative_to(root).as_posix() for p in root.rglob("*") if p.is_file())
    return sorted(path for path in paths if not is_passed_over(path))


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


def _row(found: TableRow) -> Row:
    cells = found.cells
    path = cells["path"].replace("\\", "/").removeprefix("./")
    return Row(
        path=path,
        label=class_key(cells["class"]),
        source=cells.get("source") or path,
        split=cells.get("split", "").lower(),
        kind=cells.get("kind", "").lower(),
        subtype=class_key(cells.get("subtype", "")),
    )
