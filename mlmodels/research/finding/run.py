"""Counts the cells that are found in tiled fields, by their width, the field's, and class."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mlmodels.ml.evaluation.metrics import wilson_interval
from mlmodels.ml.inference.boxes import match_boxes
from mlmodels.ml.inference.calibration import UNIDENTIFIED
from mlmodels.ml.inference.engine import Engine, load_engine
from mlmodels.ml.inference.pipeline import CellFinding, read_pixels
from mlmodels.research.finding.tiles import TiledField, read_drawn_cells, tile_fields

logger = logging.getLogger(__name__)

ACROSS = (2, 3, 4, 6, 8)
CELL_PX = (160, 80, 56, 40, 30, 20)
# A drawn box counts as found from this overlap on, as in the boxes of the model card.
LEAST_OVERLAP = 0.3
LEAST_CELLS = 100


@dataclass(frozen=True)
class Plan:
    """What is measured.

    Args:
        across: fields each way.
        cell_px: longer sides of the middle cell.
        least_cells: drawn cells of each pair of these, at least.
        seed: of the draw.
    """

    across: Sequence[int] = ACROSS
    cell_px: Sequence[int] = CELL_PX
    least_cells: int = LEAST_CELLS
    seed: int = 0


def measure_finding(*, data: Path, directory: Path, plan: Plan = Plan()) -> dict[str, Any]:
    """Read tiled fields with a version and count what it finds.

    Args:
        data: the data folder; only `smears/bccd` is read.
        directory: the version's folder.
        plan: what is measured.

    Returns:
        A JSON-ready table: `rows`, one for each number of fields across and width of cells, each
        with `cells`, `found`, its interval, `named` (found and not unidentified), `false`
        (accepted or for review, and no drawn cell), `by_class` and seconds a field.
    """
    engine = load_engine(directory, runtime="litert")
    folder = data / "smears" / "bccd"
    drawn = read_drawn_cells(folder / "boxes.csv")
    rows = []
    for across in plan.across:
        for cell_px in plan.cell_px:
            rng = np.random.default_rng([plan.seed, across, cell_px])
            tally = Tally()
            while tally.cells.total() < plan.least_cells:
                field = tile_fields(drawn, folder, across=across, cell_px=cell_px, rng=rng)
                tally.add(field, engine)
            rows.append({"across": across, "cell_px": cell_px, **tally.figures()})
            logger.info("%s x %s, %s px: %s", across, across, cell_px, tally.words())
    named = {"model": f"{engine.name}-{engine.version}", "weights_sha256": engine.weights_sha256}
    return {**named, "seed": plan.seed, "rows": rows}


class Tally:
    """Counts of the fields of one kind."""

    def __init__(self) -> None:
        self.cells: Counter[str] = Counter()
        self.found: Counter[str] = Counter()
        self.fields = self.named = self.false = 0
        self.seconds = 0.0
        self.pixels = 0

    def add(self, field: TiledField, engine: Engine) -> None:
        """Read a field and count."""
        start = time.perf_counter()
        cells = read_pixels(field.rgb, engine).cells
        self.seconds += time.perf_counter() - start
        self.fields += 1
        self.pixels = field.rgb.shape[0] * field.rgb.shape[1]
        boxes = [cell.box for cell in cells]
        matched = match_boxes([cell.box for cell in field.cells], boxes, LEAST_OVERLAP)
        self.cells.update(cell.label for cell in field.cells)
        self.found.update(field.cells[i].label for i in matched)
        self.named += sum(_is_named(cells[j]) for j in matched.values())
        rest = [cell for j, cell in enumerate(cells) if j not in set(matched.values())]
        self.false += sum(_is_named(cell) for cell in rest)

    def figures(self) -> dict[str, Any]:
        """The counts, JSON-ready."""
        cells, found = self.cells.total(), self.found.total()
        return {
            "fields": self.fields,
            "megapixels": round(self.pixels / 1e6, 2),
            "cells": cells,
            "found": found,
            "interval": wilson_interval(found, cells),
            "named": self.named,
            "false": self.false,
            "by_class": {
                label: {"cells": count, "found": self.found[label]}
                for label, count in sorted(self.cells.items())
                if label
            },
            "seconds_a_field": round(self.seconds / self.fields, 3),
        }

    def words(self) -> str:
        """The counts in a line."""
        by_class = ", ".join(f"{k} {self.found[k]}/{n}" for k, n in sorted(self.cells.items()))
        return (
            f"{self.found.total()} of {self.cells.total()} found, {self.named} named, "
            f"{self.false} false ({by_class})"
        )


def _is_named(cell: CellFinding) -> bool:
    return cell.disposition != UNIDENTIFIED
