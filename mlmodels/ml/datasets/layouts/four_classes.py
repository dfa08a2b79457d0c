"""The public four-class archive: altered copies in class folders, and the photographs they show.

Both halves hold the same cells, so never both of them make one dataset. The number in a copy's
name is not the photograph; which one it is, is found by comparing pictures.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from mlmodels.ml.datasets.archive import Refusal
from mlmodels.ml.datasets.class_names import ClassNames
from mlmodels.ml.datasets.layouts.boxes import list_boxes
from mlmodels.ml.datasets.layouts.folders import list_folders
from mlmodels.ml.datasets.layouts.listing import Choices, Half, Listed, Listing, some
from mlmodels.ml.datasets.splits import split_named
from mlmodels.ml.datasets.tables import read_table
from mlmodels.ml.errors import ManifestInvalid

_COPY = re.compile(
    r"(^|/)[^/]+/(eosinophil|lymphocyte|monocyte|neutrophil)/_\d+_\d+\.jpe?g", re.IGNORECASE
)
_PHOTOGRAPH = re.compile(r"(^|/)JPEGImages/BloodImage_(\d{5})\.jpe?g", re.IGNORECASE)
_PAPERS = re.compile(r"(^|/)((Annotations|ImageSets)/.*|labels\.csv)", re.IGNORECASE)
_COLUMNS = {"number": ("image",), "class": ("category",)}
# What its boxes call every white cell, of whatever class.
_ANY_WHITE_CELL = "WBC"


def list_four_classes(
    root: Path, files: Sequence[str], names: ClassNames, choices: Choices
) -> Listing | None:
    """One half of the archive; none where this is another.

    Args:
        root: the folder.
        files: paths of all files in it.
        names: which class names are known.
        choices: which half, if a person said so. The copies where nobody did.
    """
    copies = [path for path in files if _is_copy(path)]
    photographs = [path for path in files if _PHOTOGRAPH.search(path)]
    if not copies and not (photographs and _categories(root, files)):
        return None
    if choices.half == Half.PHOTOGRAPHS or not copies:
        rest = [path for path in files if path not in set(copies)]
        return _photographs(root, rest, copies)
    papers = {path for path in files if _PAPERS.search(path)}
    rest = [path for path in files if path not in papers | set(photographs)]
    listing = list_folders(rest, names, choices)
    report = list(listing.report)
    if photographs:
        report.append(_left_out(photographs, "the copies show the same cells"))
    return Listing(
        pictures=listing.pictures,
        report=tuple(report),
        words=(
            "This is the public four-class archive: the pictures are altered copies of a few "
            "photographs. Which photograph each shows is found by comparing them, since the "
            "numbers in their names do not say it; the photograph is the source.",
            *listing.words,
        ),
        halves=_halves(copies, photographs) if not choices.half else None,
        folders=listing.folders,
        photographs=tuple(photographs),
        is_copies=True,
    )


def _is_copy(path: str) -> bool:
    folders = PurePosixPath(path).parts[:-2]
    return bool(_COPY.search(path)) and any(split_named(part) for part in folders[-1:])


def _halves(copies: Sequence[str], photographs: Sequence[str]) -> dict[str, int] | None:
    if not photographs:
        return None
    return {Half.COPIES: len(copies), Half.PHOTOGRAPHS: len(photographs)}


def _photographs(root: Path, files: Sequence[str], copies: Sequence[str]) -> Listing:
    """The photographs: their boxes where they are drawn, the whole of each where not."""
    categories = _categories(root, files)
    drawn = list_boxes(root, files)
    report = list(drawn.report) if drawn else []
    boxes = drawn.pictures if drawn else ()
    pictures = [_named_by_category(box, categories) for box in boxes]
    if copies:
        report.append(_left_out(copies, "they are altered copies of the photographs"))
    if not boxes:
        pictures = [
            Listed(path=path, name=", ".join(sorted(_of(path, categories))), source=path)
            for path in files
            if _PHOTOGRAPH.search(path)
        ]
    words = (*(drawn.words if drawn else ()), *_in_words(categories, bool(boxes)))
    return Listing(tuple(pictures), tuple(report), words)


def _named_by_category(box: Listed, categories: dict[int, frozenset[str]]) -> Listed:
    """A box of a white cell with the class that the table gives its photograph, if it is one."""
    found = _of(box.path, categories)
    if box.name.upper() != _ANY_WHITE_CELL or len(found) != 1:
        return box
    return Listed(box.path, next(iter(found)), box.source, box.split, box.place, box.box)


def _of(path: str, categories: dict[int, frozenset[str]]) -> frozenset[str]:
    number = _PHOTOGRAPH.search(path)
    return categories.get(int(number.group(2)), frozenset()) if number else frozenset()


def _categories(root: Path, files: Sequence[str]) -> dict[int, frozenset[str]]:
    """The classes of each photograph by its number, as the first labels.csv has them."""
    for path in files:
        if PurePosixPath(path).name.lower() != "labels.csv":
            continue
        try:
            table = read_table(root / path, _COLUMNS, ("number", "class"))
        except ManifestInvalid:
            continue
        return {
            int(row.cells["number"]): frozenset(
                name.strip() for name in row.cells["class"].split(",") if name.strip()
            )
            for row in table.rows
            if re.fullmatch(r"[0-9]{1,6}", row.cells["number"])
        }
    return {}


def _in_words(categories: dict[int, frozenset[str]], has_boxes: bool) -> tuple[str, ...]:
    if not categories:
        return ()
    if has_boxes:
        return (
            "labels.csv names the class of a photograph; its white cells have it where it is one.",
        )
    return ("labels.csv names the class of each photograph.",)


def _left_out(paths: Sequence[str], why: str) -> Refusal:
    return Refusal("", f"Left out, since {why}: {some(paths)}.", False)
