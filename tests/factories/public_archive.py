"""The public four-class archive as it is downloaded, both halves: rebuilt from real pictures where
`HEMATOVISION_DATA` names them, else of drawn ones."""

from __future__ import annotations

import csv
import os
from collections import defaultdict
from pathlib import Path

import cv2
import numpy as np

from mlmodels.ml.datasets.manifest import Row, read_manifest
from tests.drawn_cells import encode
from tests.factories.archives import zip_of
from tests.factories.layouts import four_class_archive, voc

SOURCES_A_CLASS, COPIES_A_SOURCE = 3, 2
_COPIES = "dataset2-master/dataset2-master/"
_PHOTOGRAPHS = "dataset-master/dataset-master/"


def public_archive() -> tuple[bytes, dict[str, str]]:
    """The ZIP, and the true photograph of each copy by the copy's path in it."""
    folder = os.environ.get("HEMATOVISION_DATA")
    if folder:
        return _rebuilt(Path(folder))
    files = four_class_archive()
    stems = {path: int(path.rsplit("_", 1)[1].split(".")[0]) % 1000 // 7 for path in _copies(files)}
    return zip_of(files), {
        path: f"dataset-master/JPEGImages/BloodImage_{number:05}.jpg"
        for path, number in stems.items()
    }


def _copies(files: dict[str, bytes | str]) -> list[str]:
    return [path for path in files if "/images/" in path]


def _rebuilt(data: Path) -> tuple[bytes, dict[str, str]]:
    rows = read_manifest(data / "cells/kaggle/manifest.csv")
    files: dict[str, bytes | str] = {}
    true: dict[str, str] = {}
    labels = [",Image,Category\n"]
    boxes = _boxes(data / "smears/bccd/boxes.csv")
    for place, photograph in enumerate(_photographs(rows)):
        name = Path(photograph.path).name
        kept = f"{_PHOTOGRAPHS}JPEGImages/{name}"
        bytes_of = photograph.file(data).read_bytes()
        files[kept] = bytes_of
        cells = [("WBC", box) for box in boxes[name]]
        files[f"{_PHOTOGRAPHS}Annotations/{Path(name).stem}.xml"] = voc(name, cells)
        number = int(Path(name).stem.rsplit("_", 1)[1])
        labels.append(f"{place},{number},{photograph.label.upper()}\n")
        copies = [r for r in rows if r.source == photograph.source and r.kind == "augmented"]
        for copy in copies[:COPIES_A_SOURCE]:
            path = _COPIES + "images/" + copy.path.removeprefix("cells/kaggle/")
            files[path], true[path] = copy.file(data).read_bytes(), kept
        if "/TEST/" in copies[0].path:
            # What TEST_SIMPLE holds: the photograph at half its sides.
            simple = f"{_COPIES}images/TEST_SIMPLE/{photograph.label.upper()}/_0_{number + 1}.jpeg"
            files[simple], true[simple] = _halved(bytes_of), kept
    for half in (_COPIES, _PHOTOGRAPHS):
        files[f"{half}labels.csv"] = "".join(labels)
    return zip_of(files), true


def _photographs(rows: list[Row]) -> list[Row]:
    """Some photographs of each class with copies, of TRAIN and of TEST."""
    by_part: dict[tuple[str, bool], list[Row]] = defaultdict(list)
    in_test = {row.source for row in rows if "/TEST/" in row.path}
    copied = {row.source for row in rows if row.kind == "augmented"}
    for row in rows:
        if row.kind == "photograph" and row.source in copied:
            by_part[row.label, row.source in in_test].append(row)
    return [
        row
        for (_, is_test), found in sorted(by_part.items())
        for row in found[: 1 if is_test else SOURCES_A_CLASS - 1]
    ]


def _boxes(file: Path) -> dict[str, list[tuple[int, int, int, int]]]:
    found: dict[str, list[tuple[int, int, int, int]]] = defaultdict(list)
    with file.open(newline="", encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            if row["kind"] == "white_cell":
                x, y, width, height = (int(row[c]) for c in ("x", "y", "width", "height"))
                found[row["image"]].append((x, y, width, height))
    return found


def _halved(jpeg: bytes) -> bytes:
    bgr = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_REDUCED_COLOR_2)
    assert bgr is not None
    return encode(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), "JPEG")
