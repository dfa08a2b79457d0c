"""Measuring how often words about cells contradict what is measured, and what is remarkable."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from mlmodels.ml.evaluation.metrics import wilson_interval
from mlmodels.ml.inference.attributes import read_attribute_table
from mlmodels.ml.inference.engine import Engine
from mlmodels.ml.inference.measured_words import (
    NUCLEUS_AT_MOST,
    Size,
    agrees,
    size_of,
    unusual_size,
    unusual_values,
)
from mlmodels.ml.inference.pipeline import CellFinding, read_image

ACROSS, DOWN, TILE_PX = 5, 4, 360
TABLE = "cells/pbc/attributes.csv"


@dataclass(frozen=True)
class Seen:
    """A cell of a known class, and what the engine kept of it."""

    true: str
    cell: CellFinding

    @property
    def size(self) -> Size | None:
        """In red cells."""
        box = self.cell.box
        area = self.cell.nucleus_area_px
        return size_of(self.cell.nucleus_in_red_cells, area, (box.width, box.height))


def rows_of(data: Path, name: str, split: str = "") -> list[dict[str, str]]:
    """The manifest of a set of cells, one part of it or all."""
    with (data / "cells" / name / "manifest.csv").open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    return [row for row in rows if not split or row["split_hint"] == split]


def read_singles(rows: Iterable[dict[str, str]], data: Path, engine: Engine) -> list[Seen]:
    """The principal cell of each picture."""
    seen = []
    for row in rows:
        cells = read_image((data / row["path"]).read_bytes(), engine).cells
        seen += [Seen(row["class"], cells[0])] if cells else []
    return seen


def read_composed(
    rows: Sequence[dict[str, str]], data: Path, engine: Engine, *, fields: int, seed: int
) -> list[Seen]:
    """Cells of fields that are laid together from single cells, 5 × 4 a field."""
    rng, seen = np.random.default_rng(seed), []
    for _ in range(fields):
        chosen = [rows[k] for k in rng.permutation(len(rows))[: ACROSS * DOWN]]
        wide = np.empty((DOWN * TILE_PX, ACROSS * TILE_PX, 3), np.uint8)
        for k, row in enumerate(chosen):
            top, left = TILE_PX * (k // ACROSS), TILE_PX * (k % ACROSS)
            with Image.open(data / row["path"]) as tile:
                pixels = np.asarray(tile.convert("RGB").resize((TILE_PX, TILE_PX)))
            wide[top : top + TILE_PX, left : left + TILE_PX] = pixels
        buffer = io.BytesIO()
        Image.fromarray(wide).save(buffer, "PNG")
        for cell in read_image(buffer.getvalue(), engine).cells:
            x, y = cell.box.x + cell.box.width / 2, cell.box.y + cell.box.height / 2
            k = ACROSS * min(DOWN - 1, int(y // TILE_PX)) + min(ACROSS - 1, int(x // TILE_PX))
            # What lies at a tile's rim is a neighbour, whose class nobody told.
            if max(abs(x % TILE_PX - 180), abs(y % TILE_PX - 180)) < 60:
                seen.append(Seen(chosen[k]["class"], cell))
    return seen


def figures_of(seen: Sequence[Seen]) -> dict[str, Any]:
    """How often words contradict the measure, as they were kept and as they are shown.

    Returns:
        n, named, sized (size known); for `kept` and `shown`: how many words of size and of colour
        there are and how many contradict; `remarkable` by class: right and wrong answers, and how
        many of each are remarkable.
    """
    named = [each for each in seen if each.cell.disposition != "unidentified"]
    kept: Counter[str] = Counter()
    shown: Counter[str] = Counter()
    by_class: dict[str, Counter[str]] = defaultdict(Counter)
    for each in named:
        label, size = each.cell.label, each.size
        values = {name: told.value for name, told in each.cell.attributes.items()}
        for attribute in ("cell_size", "cytoplasm_colour"):
            if attribute in values:
                fits = agrees(label, attribute, values[attribute], size)
                kept[attribute] += 1
                kept[f"{attribute} contradicts"] += not fits
                shown[attribute] += fits
        told = {name: v for name, v in values.items() if agrees(label, name, v, size)}
        remarkable = bool(unusual_values(label, told) or unusual_size(label, size))
        answer = "right" if label == each.true else "wrong"
        by_class[label][answer] += 1
        by_class[label][f"{answer} remarkable"] += remarkable
    return {
        "n": len(seen),
        "named": len(named),
        "sized": sum(each.size is not None for each in named),
        "kept": dict(kept),
        "shown": dict(shown),
        "remarkable": {label: dict(counts) for label, counts in sorted(by_class.items())},
    }


def usual_table(seen: Sequence[Seen], data: Path, *, source: str) -> dict[str, Any]:
    """The usual look of each class: shares of values in training cells, middle 95 % of nuclei.

    Args:
        seen: training cells, read as in use; those named rightly count.
        data: holds the table of attributes.
        source: what it was made of, in words.
    """
    classes = {row["path"]: row["class"] for row in rows_of(data, "pbc")}
    counts: dict[str, dict[str, Counter[str]]] = defaultdict(lambda: defaultdict(Counter))
    for path, values in read_attribute_table(data / TABLE).items():
        if "/train/" in path:
            for attribute, value in values.items():
                counts[classes[path]][attribute][value] += 1
    table: dict[str, Any] = {}
    for label, attributes in sorted(counts.items()):
        measured = (
            each.cell.nucleus_in_red_cells or 0.0
            for each in seen
            if each.true == label == each.cell.label
        )
        sizes = [size for size in measured if 0 < size <= NUCLEUS_AT_MOST]
        shares = {
            attribute: {v: round(n / of.total(), 4) for v, n in sorted(of.items())}
            for attribute, of in sorted(attributes.items())
        }
        nucleus = [round(float(q), 2) for q in np.quantile(sizes, (0.025, 0.975))]
        table[label] = {"n_nuclei": len(sizes), "nucleus": nucleus, "shares": shares}
    return {"source": source, "classes": table}


def write_usual(table: dict[str, Any], file: Path) -> None:
    """Write the table as the product reads it."""
    file.write_text(json.dumps(table, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def lines_of(name: str, figures: dict[str, Any]) -> list[str]:
    """The figures of a set as rows of text."""
    kept, shown = figures["kept"], figures["shown"]
    lines = [f"{name}: {figures['n']} cells, {figures['named']} named, {figures['sized']} sized"]
    for attribute in ("cell_size", "cytoplasm_colour"):
        n, wrong = kept.get(attribute, 0), kept.get(f"{attribute} contradicts", 0)
        low, high = wilson_interval(wrong, n)
        lines.append(
            f"  {attribute.replace('_', ' ')}: {wrong} of {n} words that the version is sure of do "
            f"not agree ({low:.1%} to {high:.1%}); shown {shown.get(attribute, 0)}, all agree"
        )
    for answer in ("right", "wrong"):
        n = sum(c.get(answer, 0) for c in figures["remarkable"].values())
        k = sum(c.get(f"{answer} remarkable", 0) for c in figures["remarkable"].values())
        low, high = wilson_interval(k, n)
        lines.append(f"  remarkable of those named {answer}: {k} of {n} ({low:.1%} to {high:.1%})")
    for label, c in figures["remarkable"].items():
        lines.append(
            f"    {label}: right {c.get('right remarkable', 0)} of {c.get('right', 0)}, "
            f"wrong {c.get('wrong remarkable', 0)} of {c.get('wrong', 0)}"
        )
    return lines
