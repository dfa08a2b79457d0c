"""Annotations that draw boxes: tables, COCO's JSON, YOLO's text, Pascal VOC's XML. Each a cell.

The cell's class is the box's, its source the photograph. Nothing is cut out here.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import Any
from xml.etree import ElementTree

import yaml

from mlmodels.ml.datasets.archive import Refusal
from mlmodels.ml.datasets.archive_paths import normal_path
from mlmodels.ml.datasets.layouts.box_tables import boxes_of_tables
from mlmodels.ml.datasets.layouts.listing import (
    DrawnBox,
    Finder,
    Listed,
    Listing,
    ending,
    lacks_picture,
    no_box,
    pictures_among,
    some,
)
from mlmodels.ml.datasets.splits import split_named

_MOST_YAML_BYTES = 1024 * 1024
_MOST_NAMES = 1000
_YOLO_NAMES = ("classes.txt", "obj.names", "_darknet.labels", "labels.txt")
_A_CUT = "Each box is a cell, cut out with a margin around it; the photograph is its source."


class _NoAnnotation(Exception):
    """A file that is no annotation of the kind."""


def list_boxes(root: Path, files: Sequence[str]) -> Listing | None:
    """The boxes that annotations draw, of the first kind that is there; none where there are none.

    Args:
        root: the folder.
        files: paths of all files in it.
    """
    pictures, told = pictures_among(files)
    for kind, read in _KINDS:
        report: list[Refusal] = []
        boxes = list(read(root, files, Finder(pictures), report))
        if boxes or report:
            without = sorted(set(pictures) - {box.path for box in boxes})
            if without:
                reason = f"Left out, since no box is drawn in them: {some(without)}."
                report.append(Refusal("", reason, False))
            boxes.sort(key=lambda box: box.path)
            words = (f"Boxes are drawn by {kind}.", _A_CUT)
            return Listing(tuple(boxes), (*report, *told), words)
    return None


# --- COCO --------------------------------------------------------------------------------------


def _coco(
    root: Path, files: Sequence[str], finder: Finder, report: list[Refusal]
) -> Iterator[Listed]:
    for path in files:
        if ending(path) != ".json":
            continue
        try:
            yield from _of_coco_file(root, path, finder, report)
        except _NoAnnotation:
            continue


def _of_coco_file(root: Path, path: str, finder: Finder, report: list[Refusal]) -> Iterator[Listed]:
    try:
        told = json.loads((root / path).read_bytes())
        names = {str(each["id"]): str(each["name"]) for each in told["categories"]}
        written = {str(each["id"]): str(each["file_name"]) for each in told["images"]}
        boxes = [
            (str(b["image_id"]), str(b["category_id"]), b.get("bbox")) for b in told["annotations"]
        ]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise _NoAnnotation from error
    base = path.rpartition("/")[0]
    found = {image: _found(normal_path(name), base, finder) for image, name in written.items()}
    for number, (image, category, numbers) in enumerate(boxes, start=1):
        place = f"{path}, annotation {number}"
        box = _box_of(numbers)
        if not found.get(image):
            report.append(lacks_picture(place, written.get(image, image)))
        elif box is None:
            report.append(no_box(place))
        else:
            yield _listed(found[image], names.get(category, category), box, place)


def _found(path: str, base: str, finder: Finder) -> str:
    """The picture of a path, which may be one of the machine on which boxes were drawn."""
    return finder.find(path, base=base) or finder.find(PurePosixPath(path).name, base=base)


def _box_of(numbers: Any) -> DrawnBox | None:
    try:
        x, y, width, height = map(float, numbers)
    except (TypeError, ValueError, OverflowError):
        return None
    return DrawnBox(x, y, width, height)


# --- YOLO --------------------------------------------------------------------------------------


def _yolo(
    root: Path, files: Sequence[str], finder: Finder, report: list[Refusal]
) -> Iterator[Listed]:
    names = _yolo_names(root, files)
    if names is None:
        return
    for path in files:
        if ending(path) != ".txt" or PurePosixPath(path).name.lower() in _YOLO_NAMES:
            continue
        picture = _picture_of(path, finder)
        if not picture:
            continue
        for line, text in enumerate(_lines_of(root / path), start=1):
            if not text.strip():
                continue
            place, found = f"{path}, line {line}", _yolo_box(text)
            if found is None:
                report.append(no_box(place))
                continue
            number, box = found
            name = names[number] if number < len(names) else str(number)
            yield _listed(picture, name, box, place)


def _yolo_names(root: Path, files: Sequence[str]) -> list[str] | None:
    """The class names by number; none where nothing says that this is YOLO's layout."""
    for path in files:
        name = PurePosixPath(path).name.lower()
        if name in _YOLO_NAMES:
            # An empty line is a class without a name: those below it keep their numbers.
            return "\n".join(line.strip() for line in _lines_of(root / path)).rstrip().split("\n")
        if ending(path) in (".yaml", ".yml"):
            found = _names_in_yaml(root / path)
            if found is not None:
                return found
    # Without them classes are numbers, about which a person is asked.
    in_labels = (
        ending(path) == ".txt" and "labels" in map(str.lower, PurePosixPath(path).parts[:-1])
        for path in files
    )
    return [] if any(in_labels) else None


def _names_in_yaml(file: Path) -> list[str] | None:
    if file.stat().st_size > _MOST_YAML_BYTES:
        return None
    try:
        names = yaml.safe_load(file.read_bytes())["names"]
        numbered = names if isinstance(names, dict) else dict(enumerate(names))
        # A name is a word or a number; what nests could grow without end when it is written out.
        numbers = {
            int(number): str(name)
            for number, name in numbered.items()
            if isinstance(name, str | int | float)
        }
        return [numbers.get(n, str(n)) for n in range(min(max(numbers) + 1, _MOST_NAMES))]
    except (yaml.YAMLError, KeyError, TypeError, ValueError, OverflowError, RecursionError):
        return None


def _picture_of(path: str, finder: Finder) -> str:
    """The picture of a text file: beside it, or in `images` where it lies in `labels`."""
    stem = PurePosixPath(path).with_suffix("")
    parts = ["images" if part.lower() == "labels" else part for part in stem.parts]
    return finder.find("/".join(parts)) or finder.find(str(stem)) or finder.find(stem.name)


def _yolo_box(text: str) -> tuple[int, DrawnBox] | None:
    """Class number and box of a line: centre and size, or the corners of an outline."""
    try:
        number, *shares = text.split()
        values = [float(share) for share in shares]
        kind = int(number)
    except ValueError:
        return None
    if kind < 0 or len(values) < 4 or not all(-0.01 <= value <= 1.01 for value in values):
        return None
    if len(values) in (4, 5):
        # A fifth number says how sure a network was.
        x, y, width, height = values[:4]
        return kind, DrawnBox(x - width / 2, y - height / 2, width, height, in_shares=True)
    across, down = values[0::2], values[1::2]
    if len(across) != len(down):
        return None
    left, top = min(across), min(down)
    return kind, DrawnBox(left, top, max(across) - left, max(down) - top, in_shares=True)


# --- Pascal VOC --------------------------------------------------------------------------------


def _voc(
    root: Path, files: Sequence[str], finder: Finder, report: list[Refusal]
) -> Iterator[Listed]:
    splits = _voc_splits(root, files)
    for path in files:
        if ending(path) != ".xml":
            continue
        try:
            written, objects = voc_objects(root / path)
        except _NoAnnotation:
            continue
        picture = finder.find(PurePosixPath(path).stem) or finder.find(normal_path(written))
        for number, (name, box) in enumerate(objects, start=1):
            place = f"{path}, object {number}"
            if not picture:
                report.append(lacks_picture(place, written or PurePosixPath(path).stem))
            elif box is None:
                report.append(no_box(place))
            else:
                split = splits.get(PurePosixPath(path).stem, "")
                yield _listed(picture, name, box, place, split)


def voc_objects(file: Path) -> tuple[str, list[tuple[str, DrawnBox | None]]]:
    """The picture's name, and name and box of each object, in one file of Pascal VOC.

    Raises:
        _NoAnnotation: it is none.
    """
    data = file.read_bytes()
    # Annotations declare nothing; what does could grow without end.
    if b"<!" in data.replace(b"<!--", b"").replace(b"\x00", b""):
        raise _NoAnnotation
    try:
        top = ElementTree.fromstring(data)  # noqa: S314 (what declares entities is refused above)
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        raise _NoAnnotation from error
    if top.tag != "annotation":
        raise _NoAnnotation
    objects = [(each.findtext("name") or "", _voc_box(each)) for each in top.iter("object")]
    return top.findtext("filename") or "", objects


def _voc_box(element: ElementTree.Element) -> DrawnBox | None:
    found = element.find("bndbox")
    if found is None:
        return None
    try:
        corners = [float(found.findtext(name) or "") for name in ("xmin", "ymin", "xmax", "ymax")]
    except ValueError:
        return None
    left, top, right, bottom = corners
    return DrawnBox(left, top, right - left, bottom - top)


def _voc_splits(root: Path, files: Sequence[str]) -> dict[str, str]:
    """The split of each picture by its name without ending, as ImageSets/Main says."""
    splits: dict[str, str] = {}
    for path in files:
        name = PurePosixPath(path)
        split = split_named(name.stem)
        if ending(path) == ".txt" and split and "imagesets" in map(str.lower, name.parts):
            splits |= {line.split()[0]: split for line in _lines_of(root / path) if line.split()}
    return splits


# --- What all of them share --------------------------------------------------------------------


def _listed(path: str, name: str, box: DrawnBox, place: str, split: str = "") -> Listed:
    folders: Iterable[str] = PurePosixPath(path).parts[:-1]
    in_folders = [split_named(part) for part in folders if split_named(part)]
    return Listed(
        path=path,
        name=name,
        source=path,
        split=split or (in_folders[-1] if in_folders else ""),
        place=place,
        box=box,
    )


def _lines_of(file: Path) -> list[str]:
    return file.read_bytes().decode("utf-8-sig", errors="replace").splitlines()


_KINDS = (
    ("a table", boxes_of_tables),
    ("annotations of COCO", _coco),
    ("annotations of YOLO", _yolo),
    ("annotations of Pascal VOC", _voc),
)
