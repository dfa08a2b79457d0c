"""Wide fields made of the small ones of BCCD: n × n of them, reduced, with their drawn boxes.

No public set of wide fields has boxes with classes, so they are laid together. Each is a photograph
reduced, so cells, stain and noise are real; the seams are not.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from mlmodels.ml.errors import ManifestInvalid
from mlmodels.ml.inference.crops import Box
from mlmodels.ml.pictures.reading import decode_image

TILE_PX = (640, 480)


@dataclass(frozen=True)
class DrawnCell:
    """A white cell whose box people drew.

    Args:
        box: it, px of its picture.
        label: its class; empty where nobody named it.
    """

    box: Box
    label: str


@dataclass(frozen=True)
class TiledField:
    """A wide field.

    Args:
        rgb: uint8 array, shape (H, W, 3).
        cells: all that people drew in it.
    """

    rgb: np.ndarray
    cells: tuple[DrawnCell, ...]


def read_drawn_cells(file: Path) -> dict[str, list[DrawnCell]]:
    """The drawn cells of each image of a `boxes.csv` that has any; `ignore` leaves an image out.

    Raises:
        ManifestInvalid: the file is missing or lacks a column.
    """
    cells: dict[str, list[DrawnCell]] = defaultdict(list)
    ignored: set[str] = set()
    try:
        with file.open(newline="", encoding="utf-8") as stream:
            for row in csv.DictReader(stream):
                if row["kind"] != "white_cell":
                    ignored.add(row["image"])
                    continue
                x, y, w, h = (int(row[k]) for k in ("x", "y", "width", "height"))
                cells[row["image"]].append(DrawnCell(Box(x, y, w, h), row["class"]))
    except (OSError, KeyError, ValueError) as error:
        raise ManifestInvalid(
            f"{file.name} is no table of boxes: image, x, y, width, height, kind, class."
        ) from error
    return {image: found for image, found in cells.items() if image not in ignored}


def tile_fields(
    drawn: dict[str, list[DrawnCell]],
    folder: Path,
    *,
    across: int,
    cell_px: float,
    rng: np.random.Generator,
) -> TiledField:
    """Lay fields together, each class as likely as another, mirrored at random.

    Args:
        drawn: of `read_drawn_cells`.
        folder: of the images.
        across: so many fields each way.
        cell_px: the longer side of the field's middle cell, px.
        rng: which fields, and how they are mirrored.
    """
    images = _draw(drawn, across**2, rng)
    sides = [max(c.box.width, c.box.height) for image in images for c in drawn[image]]
    zoom = cell_px / float(np.median(sides))
    width, height = (max(1, round(side * zoom)) for side in TILE_PX)
    rgb = np.empty((across * height, across * width, 3), np.uint8)
    cells = []
    for place, image in enumerate(images):
        top, left = height * (place // across), width * (place % across)
        tile = decode_image((folder / image).read_bytes())
        mirrored = bool(rng.integers(2))
        tile = tile[:, ::-1] if mirrored else tile
        rgb[top : top + height, left : left + width] = _resized(tile, (width, height))
        cells += [_placed(cell, left, top, (width, height), mirrored) for cell in drawn[image]]
    return TiledField(rgb, tuple(cells))


def _draw(drawn: dict[str, list[DrawnCell]], wanted: int, rng: np.random.Generator) -> list[str]:
    """Images whose first cell is of a class that is drawn before."""
    by_label: dict[str, list[str]] = defaultdict(list)
    for image, cells in sorted(drawn.items()):
        if cells[0].label:
            by_label[cells[0].label].append(image)
    labels: Sequence[str] = sorted(by_label)
    return [str(rng.choice(by_label[str(rng.choice(labels))])) for _ in range(wanted)]


def _resized(tile: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    method = cv2.INTER_AREA if size[0] < tile.shape[1] else cv2.INTER_CUBIC
    return cv2.resize(tile, size, interpolation=method)


def _placed(
    cell: DrawnCell, left: int, top: int, size: tuple[int, int], mirrored: bool
) -> DrawnCell:
    b = cell.box
    across, down = size[0] / TILE_PX[0], size[1] / TILE_PX[1]
    x = TILE_PX[0] - b.x - b.width if mirrored else b.x
    box = Box(
        left + round(x * across),
        top + round(b.y * down),
        max(1, round(b.width * across)),
        max(1, round(b.height * down)),
    )
    return DrawnCell(box, cell.label)
