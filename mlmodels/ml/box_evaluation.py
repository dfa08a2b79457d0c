"""Measuring where cells are found, against boxes that people drew.

Uses the whole engine, so what the cell score drops is not counted as found.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mlmodels.ml.crops import Box
from mlmodels.ml.engine import Engine
from mlmodels.ml.errors import ManifestInvalid
from mlmodels.ml.metrics import wilson_interval
from mlmodels.ml.pipeline import read_image

OVERLAPS = (0.3, 0.5)
APART_BELOW = 0.1


def overlap(one: Box, other: Box) -> float:
    """Intersection over union of two boxes, 0 to 1."""
    width = min(one.x + one.width, other.x + other.width) - max(one.x, other.x)
    height = min(one.y + one.height, other.y + other.height) - max(one.y, other.y)
    if width <= 0 or height <= 0:
        return 0.0
    both = width * height
    return both / (one.width * one.height + other.width * other.height - both)


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


def measure_boxes(boxes: dict[str, list[Box]], root: Path, engine: Engine) -> dict[str, Any]:
    """Compare what the engine finds with drawn boxes.

    Args:
        boxes: by image name; an empty list says that the field has no white cell.
        root: the folder of the images.
        engine: a loaded version.

    Returns:
        A JSON-ready table: fields, boxes, found at each overlap with its interval, false
        cells (overlap with every drawn box below 0.1), the fields they are in, and how many
        of them the engine would have accepted.
    """
    hits = dict.fromkeys(OVERLAPS, 0)
    false, false_fields, false_accepted, drawn = 0, 0, 0, 0
    for image, wanted in boxes.items():
        cells = read_image((root / image).read_bytes(), engine).cells
        drawn += len(wanted)
        for least in OVERLAPS:
            hits[least] += sum(_best(box, [c.box for c in cells]) >= least for box in wanted)
        strays = [c for c in cells if _best(c.box, wanted) < APART_BELOW]
        false += len(strays)
        false_fields += bool(strays)
        false_accepted += sum(c.disposition == "accepted" for c in strays)
    found = {
        str(least): {"found": n, "interval": wilson_interval(n, drawn)} for least, n in hits.items()
    }
    return {
        "fields": len(boxes),
        "boxes": drawn,
        "found_at_overlap": found,
        "false_cells": false,
        "fields_with_false_cells": false_fields,
        "interval_of_such_fields": wilson_interval(false_fields, len(boxes)),
        "false_cells_accepted": false_accepted,
        "weights_sha256": engine.weights_sha256,
    }


def _best(box: Box, others: Sequence[Box]) -> float:
    return max((overlap(box, other) for other in others), default=0.0)
