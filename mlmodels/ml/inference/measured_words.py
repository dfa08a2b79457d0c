"""Which words about a cell agree with what was measured of it, and what is unusual for its class.

Pure: what the engine kept of a cell in, words out. It names no class and changes no disposition.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

# A red cell is some 7.5 µm wide (mhhe; CellaVision's atlas of cells). A small lymphocyte has 7 to
# 8 µm, and 12 µm is where the smallest neutrophil begins: a cell is small up to there, if its
# nucleus is no wider than a red cell, as that of a small lymphocyte is. Monocytes and promyelocytes
# begin at 15 µm: from there a cell is large.
RED_CELL_UM = 7.5
SMALL_UP_TO = 12 / RED_CELL_UM
SMALL_NUCLEUS_UP_TO = 1.0
LARGE_FROM = 15 / RED_CELL_UM
# No nucleus of blood is wider than some 22 µm; then the red cells were measured wrongly.
NUCLEUS_AT_MOST = 3.0
# Fewer of a class's cells show it: then it is remarkable.
RARE = 0.05
# The annotators' "light blue" is a blue that can be measured in these classes alone (blue above
# red by 26 and 33 of 255 in the median); in granulocytes they said it of nearly every cell, and
# what is measured there is lilac or no colour (14, -1 and -2). Source: docs/model/experiments.md,
# "Words and measures".
BLUE_IN = frozenset({"lymphocyte", "monocyte"})
USUAL = Path(__file__).with_name("usual_look.json")


@dataclass(frozen=True)
class Size:
    """How wide a cell and its nucleus are, in red cells of their field."""

    nucleus: float
    cell: float


def size_of(
    nucleus_in_red_cells: float | None, nucleus_area_px: float, box_px: tuple[int, int]
) -> Size | None:
    """The size of a cell; none where the red cells could not be measured, or not be believed.

    Args:
        nucleus_in_red_cells: diameter of a disc of the nucleus's area over that of red cells.
        nucleus_area_px: of the nucleus, px².
        box_px: width and height of the cell's box, px of the same picture.
    """
    if not nucleus_in_red_cells or nucleus_area_px <= 0 or nucleus_in_red_cells > NUCLEUS_AT_MOST:
        return None
    red_cell_px = 2 * math.sqrt(nucleus_area_px / math.pi) / nucleus_in_red_cells
    return Size(nucleus_in_red_cells, math.sqrt(box_px[0] * box_px[1]) / red_cell_px)


def agrees(label: str, attribute: str, value: str, size: Size | None) -> bool:
    """Whether a word may be said: what can be measured bears it out.

    Args:
        label: the class that the model named.
        attribute, value: as the tables of attributes spell them.
        size: of the cell; without it no word of size is said.
    """
    if attribute == "cell_size":
        if size is None:
            return False
        if value == "small":
            return size.cell <= SMALL_UP_TO and size.nucleus <= SMALL_NUCLEUS_UP_TO
        return size.cell >= LARGE_FROM
    if attribute == "cytoplasm_colour":
        return label in BLUE_IN
    return True


def unusual_values(label: str, values: Mapping[str, str]) -> list[tuple[str, str]]:
    """Attribute and value of what fewer than `RARE` of a class's cells show.

    Args:
        label: the class; of one that has no attributes nothing is unusual.
        values: by attribute. A family, e.g. "segmented", counts with all of its values.
    """
    shares = usual_look().get(label, {}).get("shares", {})
    return [
        (attribute, value)
        for attribute, value in values.items()
        if attribute in shares and _share(shares[attribute], value) < RARE
    ]


def unusual_size(label: str, size: Size | None) -> str:
    """What is said of a nucleus beyond the middle 95 % of its class: that it is large or small."""
    limits = usual_look().get(label, {}).get("nucleus")
    if size is None or not limits:
        return ""
    low, high = limits
    return "large nucleus" if size.nucleus > high else "small nucleus" if size.nucleus < low else ""


def _share(shares: Mapping[str, float], said: str) -> float:
    return sum(
        share for value, share in shares.items() if value == said or value.startswith(f"{said}-")
    )


@cache
def usual_look() -> dict[str, dict[str, Any]]:
    """By class: `shares` of its training cells by attribute and value, and `nucleus`, the middle
    95 % of its nuclei in red cells. Written by `manage.py measure_words --usual`."""
    table: dict[str, dict[str, Any]] = json.loads(USUAL.read_text(encoding="utf-8"))["classes"]
    return table
