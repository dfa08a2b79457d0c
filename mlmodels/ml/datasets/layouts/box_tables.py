"""Tables of boxes: one row a cell, with the picture it is in and where."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path, PurePosixPath

from mlmodels.ml.datasets.archive import Refusal
from mlmodels.ml.datasets.archive_paths import normal_path
from mlmodels.ml.datasets.layouts.listing import (
    DrawnBox,
    Finder,
    Listed,
    ending,
    lacks_picture,
    no_box,
)
from mlmodels.ml.datasets.manifest import SPELT_COLUMNS
from mlmodels.ml.datasets.splits import refusal_of_split, split_named
from mlmodels.ml.datasets.tables import TableRow, read_table
from mlmodels.ml.errors import ManifestInvalid

# Of two corners, or of one and the size.
BOX_COLUMNS = {
    "x": ("x", "xmin", "x_min", "x1", "left"),
    "y": ("y", "ymin", "y_min", "y1", "top"),
    "width": ("width", "w", "box_width"),
    "height": ("height", "h", "box_height"),
    "right": ("xmax", "x_max", "x2", "right"),
    "bottom": ("ymax", "y_max", "y2", "bottom"),
}
_CORNERS, _SIZE = ("x", "y", "right", "bottom"), ("x", "y", "width", "height")


def names_boxes(columns: Collection[str]) -> bool:
    """Whether a table with these columns, by the names of `BOX_COLUMNS`, says where cells are."""
    return any(set(wanted) <= set(columns) for wanted in (_CORNERS, _SIZE))


def boxes_of_tables(
    root: Path, files: Sequence[str], finder: Finder, report: list[Refusal]
) -> Iterator[Listed]:
    """The boxes of every table that names pictures, classes and boxes.

    Args:
        root: the folder.
        files: paths of all files in it.
        finder: of its pictures.
        report: what is refused is added to it.
    """
    for path in files:
        if ending(path) not in (".csv", ".tsv"):
            continue
        try:
            table = read_table(root / path, {**SPELT_COLUMNS, **BOX_COLUMNS}, ("path", "class"))
        except ManifestInvalid:
            continue
        if not names_boxes(table.columns):
            continue
        # Where both are there, width and height are often the picture's.
        wanted = _CORNERS if set(_CORNERS) <= table.columns else _SIZE
        for row in table.rows:
            numbers = [row.cells[column] for column in wanted]
            if not any(numbers):
                continue  # It says that the picture has no cell.
            place = f"{path}, line {row.line}"
            box = _box(numbers, are_corners=wanted == _CORNERS)
            picture = _picture_of(row, path, finder)
            if not picture:
                report.append(lacks_picture(place, row.cells["path"]))
            elif box is None:
                report.append(no_box(place))
            elif unknown := refusal_of_split(row.cells.get("split", "")):
                report.append(Refusal(place, unknown))
            else:
                yield _listed(row, picture, place, box)


def _picture_of(row: TableRow, table: str, finder: Finder) -> str:
    written = normal_path(row.cells["path"])
    base = table.rpartition("/")[0]
    return finder.find(written, base=base) or finder.find(PurePosixPath(written).name, base=base)


def _box(numbers: Sequence[str], *, are_corners: bool) -> DrawnBox | None:
    try:
        # European spreadsheets write a comma where others write a point.
        x, y, third, fourth = (float(number.replace(",", ".")) for number in numbers)
    except ValueError:
        return None
    if are_corners:
        return DrawnBox(x, y, third - x, fourth - y)
    return DrawnBox(x, y, third, fourth)


def _listed(row: TableRow, picture: str, place: str, box: DrawnBox) -> Listed:
    return Listed(
        path=picture,
        name=row.cells["class"],
        source=row.cells.get("source") or picture,
        split=split_named(row.cells.get("split", "")),
        place=place,
        box=box,
    )
