"""Measuring where cells are found, against boxes that people drew.

Uses the whole engine; a find of any disposition may be the cell that somebody drew.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlmodels.ml.errors import ManifestInvalid
from mlmodels.ml.evaluation.metrics import wilson_interval
from mlmodels.ml.inference.boxes import match_boxes
from mlmodels.ml.inference.calibration import ACCEPTED, UNIDENTIFIED
from mlmodels.ml.inference.crops import Box
from mlmodels.ml.inference.engine import Engine
from mlmodels.ml.inference.pipeline import CellFinding, read_image

OVERLAPS = (0.3, 0.5)
# A cell that no box matches at this overlap is false.
STATED_OVERLAP = 0.5
NOT_WHITE = frozenset({"erythroblast", "platelet"})


@dataclass(frozen=True)
class FieldAnswer:
    """A field with its drawn boxes and what an engine found in it.

    Args:
        wanted: drawn boxes, none where the field has no white cell.
        cells: the findings, of any disposition.
    """

    wanted: tuple[Box, ...]
    cells: tuple[CellFinding, ...]


def read_boxes(file: Path) -> dict[str, list[Box]]:
    """Boxes by image of a `boxes.csv`; images of kind `ignore` are left out.

    Raises:
        ManifestInvalid: the file is missing or lacks a column.
    """
    boxes: dict[str, list[Box]] = defaultdict(list)
    ignored: set[str] = set()
    try:
        with file.open(newline="", encoding="utf-8") as stream:
            for row in csv.DictReader(stream):
                found = boxes[row["image"]]
                if row["kind"] == "ignore":
                    ignored.add(row["image"])
                elif row["kind"] == "white_cell":
                    x, y, w, h = (int(row[k]) for k in ("x", "y", "width", "height"))
                    found.append(Box(x, y, w, h))
    except (OSError, KeyError, ValueError) as error:
        raise ManifestInvalid(
            f"{file.name} is no table of boxes: image, x, y, width, height, kind."
        ) from error
    return {image: found for image, found in boxes.items() if image not in ignored}


def read_sources(file: Path) -> dict[str, str]:
    """The source of each image of a `boxes.csv`; where none is named, the image itself."""
    with file.open(newline="", encoding="utf-8") as stream:
        return {row["image"]: row.get("source") or row["image"] for row in csv.DictReader(stream)}


def read_fields(boxes: dict[str, list[Box]], root: Path, engine: Engine) -> list[FieldAnswer]:
    """Let the engine read the images of a folder.

    Args:
        boxes: by image name; an empty list says that the field has no white cell.
        root: the folder of the images.
        engine: a loaded version.
    """
    return [
        FieldAnswer(tuple(wanted), read_image((root / image).read_bytes(), engine).cells)
        for image, wanted in boxes.items()
    ]


def measure_boxes(boxes: dict[str, list[Box]], root: Path, engine: Engine) -> dict[str, Any]:
    """Compare what one engine finds with drawn boxes; `read_fields`, then `report_boxes`."""
    figures = report_boxes(read_fields(boxes, root, engine))
    return {**figures, "weights_sha256": engine.weights_sha256}


def report_boxes(answers: Sequence[FieldAnswer]) -> dict[str, Any]:
    """Figures of fields, also of such as different engines read.

    Args:
        answers: one a field.

    Returns:
        A JSON-ready table: fields, boxes, found at each overlap with its interval (matched one
        to one by a cell of any disposition); false cells (accepted or for review, and matched
        by no box at 0.5), the fields they are in, how many of them were accepted and how many
        there are a field; and the fields without an accepted white cell.
    """
    drawn = sum(len(a.wanted) for a in answers)
    found = {least: sum(len(matches(a, least)) for a in answers) for least in OVERLAPS}
    strays = [_false_cells(a) for a in answers]
    false_fields = sum(bool(cells) for cells in strays)
    false = sum(map(len, strays))
    calm = sum(not _accepted_white(a) for a in answers)
    return {
        "fields": len(answers),
        "boxes": drawn,
        "found_at_overlap": {
            str(least): {"found": n, "interval": wilson_interval(n, drawn)}
            for least, n in found.items()
        },
        "false_cells": false,
        "false_cells_per_field": false / len(answers) if answers else None,
        "fields_with_false_cells": false_fields,
        "interval_of_such_fields": wilson_interval(false_fields, len(answers)),
        "false_cells_accepted": sum(c.disposition == ACCEPTED for cells in strays for c in cells),
        "fields_without_accepted_white_cell": calm,
        "interval_of_fields_without": wilson_interval(calm, len(answers)),
    }


def matches(answer: FieldAnswer, least: float) -> dict[int, int]:
    """Place of the cell by place of the drawn box, one to one, where they overlap enough."""
    return match_boxes(answer.wanted, [cell.box for cell in answer.cells], least)


def _false_cells(answer: FieldAnswer) -> list[CellFinding]:
    matched = set(matches(answer, STATED_OVERLAP).values())
    return [
        cell
        for j, cell in enumerate(answer.cells)
        if j not in matched and cell.disposition != UNIDENTIFIED
    ]


def _accepted_white(answer: FieldAnswer) -> list[CellFinding]:
    return [c for c in answer.cells if c.disposition == ACCEPTED and c.label not in NOT_WHITE]
