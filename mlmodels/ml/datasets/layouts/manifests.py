"""A table that names pictures with their classes: a manifest, as people and programs write it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path, PurePosixPath

from mlmodels.ml.datasets.archive import Refusal
from mlmodels.ml.datasets.archive_paths import normal_path, refusal_of_path, shown
from mlmodels.ml.datasets.layouts.box_tables import BOX_COLUMNS, names_boxes
from mlmodels.ml.datasets.layouts.listing import (
    Finder,
    Listed,
    Listing,
    ending,
    pictures_among,
)
from mlmodels.ml.datasets.manifest import SPELT_COLUMNS, refusal_of_row
from mlmodels.ml.datasets.splits import refusal_of_split, split_named
from mlmodels.ml.datasets.tables import Table, TableRow, read_table
from mlmodels.ml.errors import ManifestInvalid

LONGEST_SOURCE = 200
_CALLED_SO = ("manifest", "labels")
_TABLES = (".csv", ".tsv")
_NOT_HELD = "The archive does not hold this file. Correct the path, or leave the row out."


def list_manifest(root: Path, files: Sequence[str]) -> Listing | None:
    """The rows of a manifest: a table at the top, or in the one folder that everything lies in.

    Args:
        root: the folder.
        files: paths of all files in it.

    Returns:
        Its pictures, or what is wrong with it; none where no table is a manifest. A table of
        boxes is none.
    """
    for path in _tables(files):
        is_called_so = PurePosixPath(path).stem.lower() in _CALLED_SO
        try:
            table = read_table(root / path, {**SPELT_COLUMNS, **BOX_COLUMNS}, ("path", "class"))
        except ManifestInvalid as error:
            if is_called_so:
                reason = f"{error.message} Correct it, or leave it out of the archive."
                return Listing((), (Refusal(path, reason),))
            continue
        if names_boxes(table.columns):
            continue
        listing = _listed(table, path, files)
        # A table of another name that names none of these pictures is about something else.
        if is_called_so or listing.pictures:
            return listing
    return None


def _tables(files: Sequence[str]) -> list[str]:
    """Tables that may be the manifest; those that are called so before others."""
    tops = {PurePosixPath(path).parts[0] for path in files}
    bases = {"."} | (tops if len(tops) == 1 else set())
    tables = [
        path
        for path in sorted(files)
        if ending(path) in _TABLES and str(PurePosixPath(path).parent) in bases
    ]
    order = [*_CALLED_SO]
    stems = {path: PurePosixPath(path).stem.lower() for path in tables}
    return sorted(tables, key=lambda p: order.index(stems[p]) if stems[p] in order else len(order))


def _listed(table: Table, path: str, files: Sequence[str]) -> Listing:
    pictures, told = pictures_among([file for file in files if file != path])
    base, name = path.rpartition("/")[0], PurePosixPath(path).name
    finder, named = Finder(pictures), set[str]()
    listed: list[Listed] = []
    report, spoken_of = [], set[str]()
    for row in table.rows:
        written = normal_path(row.cells["path"])
        found = finder.find(written, base=base)
        reason = refusal_of_row(row, name) or _refusal(row, found, named)
        if reason == _NOT_HELD and finder.could_be_several(written):
            reason = "Several files of the archive are called so. Write their folder as well."
        if reason:
            place = f"{path}, line {row.line}"
            report.append(Refusal(f"{place}: {shown(written)}" if written else place, reason))
            spoken_of.add(found)
            continue
        named.add(found)
        listed.append(_picture(row, found, f"{path}, line {row.line}"))
    report += _not_named(pictures, named | spoken_of)
    words = (f"{name} says the class of each picture.", *table.words, *_in_words(table, name))
    return Listing(tuple(listed), (*report, *told), words)


def _picture(row: TableRow, path: str, place: str) -> Listed:
    cells = row.cells
    source = cells.get("source", "")
    return Listed(
        path=path,
        name=cells["class"],
        # Written by ourselves, a source that is the picture repeats its path.
        source="" if source == cells["path"] else source,
        split=split_named(cells.get("split", "")),
        place=place,
    )


def _refusal(row: TableRow, found: str, named: Collection[str]) -> str:
    written, split = row.cells["path"], row.cells.get("split", "")
    source = row.cells.get("source", "")
    unsafe = refusal_of_path(written)
    if unsafe:
        return unsafe
    if not found:
        return _NOT_HELD
    if found in named:
        return "The manifest names this file twice. Keep one row."
    if unknown := refusal_of_split(split):
        return unknown
    if len(source) > LONGEST_SOURCE or "\x00" in source:
        return f"The source has more than {LONGEST_SOURCE} characters. Shorten it."
    return ""


def _not_named(pictures: Sequence[str], named: Collection[str]) -> list[Refusal]:
    reason = "The manifest does not name this file. Name it, or leave it out."
    return [Refusal(shown(path), reason) for path in pictures if path not in named]


def _in_words(table: Table, name: str) -> list[str]:
    words = []
    if "source" in table.columns:
        words.append(f"{name} names the source of each picture.")
    if "split" in table.columns:
        words.append(f"{name} names the split of each picture.")
    return words
