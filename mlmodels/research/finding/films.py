"""What the finder makes of real fields of every set, as they are and in other stains and lights.

It needs no network: whether a field is doubted to be a film, whether a nucleus lies in its middle,
and, of BCCD, which drawn cells are found.
"""

from __future__ import annotations

import csv
import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from mlmodels.ml.evaluation.metrics import wilson_interval
from mlmodels.ml.inference.boxes import match_boxes
from mlmodels.ml.inference.crops import Box
from mlmodels.ml.inference.finding.cell_boundary import cell_boxes
from mlmodels.ml.inference.finding.field import Nucleus
from mlmodels.ml.inference.finding.localize import locate
from mlmodels.ml.inference.finding.quality import doubt_about_field
from mlmodels.ml.pictures.reading import decode_image
from mlmodels.research.finding.stains import STAINS, OtherStain, restained
from mlmodels.research.finding.tiles import read_drawn_cells

logger = logging.getLogger(__name__)

CELL_SETS = ("pbc", "kaggle", "mll", "deepapl")
# mll and deepapl are as they are in a stain already far from the others'.
RESTAINED = ("pbc", "kaggle", "bccd")
LEAST_OVERLAP = 0.3
MOST_FIELDS = 2000


@dataclass
class FilmTally:
    """Counts of one set in one stain."""

    fields: int = 0
    doubted: int = 0
    nothing: int = 0
    central: int = 0
    drawn: int = 0
    found: int = 0
    false: int = 0
    seconds: list[float] = field(default_factory=list)
    reasons: dict[str, int] = field(default_factory=dict)

    def add(self, rgb: np.ndarray, wanted: list[Box] | None) -> None:
        """Look at a field; `wanted` are its drawn cells, None where nobody drew any."""
        height, width = rgb.shape[:2]
        start = time.perf_counter()
        seen = locate(rgb)
        self.seconds.append(time.perf_counter() - start)
        reason = doubt_about_field(seen)
        self.fields += 1
        self.nothing += not seen.nuclei
        self.central += any(_is_central(n, width, height) for n in seen.nuclei)
        if reason:
            self.doubted += 1
            self.reasons[reason] = self.reasons.get(reason, 0) + 1
        if wanted is not None:
            boxes = cell_boxes(seen, list(seen.nuclei), width_px=width, height_px=height)
            matched = match_boxes(wanted, boxes, LEAST_OVERLAP)
            self.drawn += len(wanted)
            self.found += len(matched)
            self.false += len(boxes) - len(matched)

    def figures(self) -> dict[str, Any]:
        """The counts, JSON-ready; `interval` is of the doubted share."""
        return {
            "fields": self.fields,
            "doubted": self.doubted,
            "interval": wilson_interval(self.doubted, self.fields),
            "reasons": self.reasons,
            "nothing_found": self.nothing,
            "central_found": self.central,
            "drawn": self.drawn,
            "drawn_found": self.found,
            "false": self.false,
            "median_ms": round(1000 * float(np.median(self.seconds)), 1) if self.seconds else None,
        }


def measure_films(*, data: Path, most: int = MOST_FIELDS) -> dict[str, Any]:
    """Look at the real fields of each set, and at restained ones.

    Args:
        data: the data folder; `cells/jtsc` is not opened, of `cells/pbc` only `train`.
        most: fields of each set, evenly from its table; of restained ones a fifth as many.

    Returns:
        A JSON-ready table: `rows`, one for each set and stain, see `FilmTally.figures`. A nucleus
        is central if it lies in the middle half of the picture, each way.
    """
    drawn = read_drawn_cells(data / "smears" / "bccd" / "boxes.csv")
    boxes = {image: [cell.box for cell in cells] for image, cells in drawn.items()}
    rows = []
    for name, stain in _parts():
        tally = FilmTally()
        for file in _spread(list(_fields(data, name)), most if stain is None else most // 5):
            rgb = decode_image(file.read_bytes())
            wanted = boxes.get(file.name) if name == "bccd" else None
            tally.add(rgb if stain is None else restained(rgb, stain), wanted)
        rows.append({"set": name, "stain": stain.name if stain else "", **tally.figures()})
        logger.info("%s", rows[-1])
    return {"most": most, "rows": rows}


def _parts() -> Iterator[tuple[str, OtherStain | None]]:
    for name in (*CELL_SETS, "bccd", "raabin", "chula"):
        yield name, None
    for stain in STAINS:
        for name in RESTAINED:
            yield name, stain


def _fields(data: Path, name: str) -> Iterator[Path]:
    """The pictures of a set, in the order of its table."""
    if name not in CELL_SETS:
        yield from sorted((data / "smears" / name).glob("*.jpg"))
        return
    with (data / "cells" / name / "manifest.csv").open(newline="", encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            is_inside = row["path"].startswith(f"cells/{name}/")
            if is_inside and (name != "pbc" or row["split_hint"] == "train"):
                yield data / row["path"]


def _spread(files: list[Path], most: int) -> list[Path]:
    if len(files) <= most:
        return files
    return [files[i] for i in np.linspace(0, len(files) - 1, most).astype(int)]


def _is_central(nucleus: Nucleus, width: int, height: int) -> bool:
    x, y = nucleus.centre
    return width / 4 <= x <= 3 * width / 4 and height / 4 <= y <= 3 * height / 4
