"""Cells whose class a person has said, as crops that a network can be adapted on.

Reads a manifest that may name a cell by its box; it judges no review and changes no network.
"""

from __future__ import annotations

import csv
import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mlmodels.ml.classes import class_key
from mlmodels.ml.errors import ManifestInvalid, RejectedImage
from mlmodels.ml.inference.crops import Box, CropRule, cut_crop
from mlmodels.ml.inference.finding.field import Field, Nucleus
from mlmodels.ml.inference.finding.localize import locate
from mlmodels.ml.inference.finding.red_cells import sizes_in_red_cells
from mlmodels.ml.pictures.reading import decode_image

COLUMNS = ("path", "class", "source", "x", "y", "width", "height")
# Fewer say little of a class; with more, a training is worth more than an adaptation.
FEWEST_CELLS, MOST_CELLS = 50, 300
FEWEST_SOURCES = 3


@dataclass(frozen=True)
class ReviewedCell:
    """One cell and what it is.

    Args:
        path: of its picture, relative to the folder of the manifest.
        label: class name.
        source: what must not be split apart; the sample.
        box: the cell in the picture, px; none stands for the picture's principal cell.
    """

    path: str
    label: str
    source: str
    box: Box | None = None


@dataclass(frozen=True)
class CellCrops:
    """Crops of cells whose class is known.

    Args:
        pixels: uint8 array (N, side, side, 3), cut as in use.
        truth: int array (N,), place in the version's classes.
        sources: str array (N,).
        sha256: of each cell's picture.
        edge_share: float array (N,), of the nucleus's outline on the picture's border.
        sizes: float array (N,), of the nucleus in red cells; NaN where unknown.
        left_out: how many cells were left out, by the reason in words.
    """

    pixels: np.ndarray
    truth: np.ndarray
    sources: np.ndarray
    sha256: tuple[str, ...]
    edge_share: np.ndarray
    sizes: np.ndarray
    left_out: dict[str, int]

    def part(self, places: np.ndarray) -> CellCrops:
        """Those at the given places."""
        return CellCrops(
            self.pixels[places],
            self.truth[places],
            self.sources[places],
            tuple(self.sha256[i] for i in places),
            self.edge_share[places],
            self.sizes[places],
            {},
        )


def read_reviewed(file: Path) -> list[ReviewedCell]:
    """Read a manifest of reviewed cells: `path,class,source` and, where it names them, boxes.

    Raises:
        ManifestInvalid: the file is missing or is not such a manifest.
    """
    try:
        with file.open(newline="", encoding="utf-8") as stream:
            return [_cell_of(record) for record in csv.DictReader(stream)]
    except FileNotFoundError as error:
        raise ManifestInvalid(f"There is no manifest at {file}.") from error
    except (KeyError, ValueError, TypeError, AttributeError, csv.Error) as error:
        raise ManifestInvalid(
            f"{file.name} is no manifest of reviewed cells: {', '.join(COLUMNS)}."
        ) from error


def write_reviewed(cells: Sequence[ReviewedCell], file: Path) -> None:
    """Write what `read_reviewed` reads."""
    with file.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(COLUMNS)
        for cell in cells:
            b = cell.box
            box = (b.x, b.y, b.width, b.height) if b else ("", "", "", "")
            writer.writerow((cell.path, cell.label, cell.source, *box))


def cut_reviewed(
    cells: Sequence[ReviewedCell],
    root: Path,
    classes: Sequence[str],
    rule: CropRule,
    occurring: np.ndarray | None = None,
) -> CellCrops:
    """Locate each cell in its picture again and cut it as in use.

    Args:
        cells: of the manifest.
        root: what their paths are relative to.
        classes: the version's; cells of another class are left out.
        rule: how crops are cut.
        occurring: bool array, shape (K,), which classes occur; cells of others are left out. None
            where every class may.

    Raises:
        ManifestInvalid: no cell is left.
    """
    kept, crops, shares, sizes, hashes = [], [], [], [], []
    left_out: Counter[str] = Counter()
    for cell in cells:
        if cell.label not in classes:
            left_out["of a class that the model has not"] += 1
            continue
        if occurring is not None and not occurring[classes.index(cell.label)]:
            left_out["of a class that is said not to occur"] += 1
            continue
        try:
            data = (root / cell.path).read_bytes()
            rgb = decode_image(data)
        except (OSError, RejectedImage):
            left_out["in a picture that cannot be read"] += 1
            continue
        seen = locate(rgb)
        nucleus = _nucleus_of(cell, seen)
        if nucleus is None:
            left_out["not found again in the picture"] += 1
            continue
        kept.append(cell)
        crops.append(cut_crop(rgb, seen, nucleus, rule))
        shares.append(nucleus.edge_share)
        sizes.append(sizes_in_red_cells(seen)[seen.nuclei.index(nucleus)])
        hashes.append(hashlib.sha256(data).hexdigest())
    if not kept:
        raise ManifestInvalid("No reviewed cell can be used.")
    return CellCrops(
        np.stack(crops),
        np.array([classes.index(cell.label) for cell in kept]),
        np.array([cell.source for cell in kept]),
        tuple(hashes),
        np.array(shares),
        np.array(sizes),
        dict(left_out),
    )


def _nucleus_of(cell: ReviewedCell, seen: Field) -> Nucleus | None:
    """The located nucleus in the reviewed box, the one nearest to its middle of several."""
    if cell.box is None:
        return seen.nuclei[0] if seen.nuclei else None
    b = cell.box
    inside = [n for n in seen.nuclei if _is_inside(n, b)]
    x, y = b.x + b.width / 2, b.y + b.height / 2
    return min(inside, key=lambda n: (n.centre[0] - x) ** 2 + (n.centre[1] - y) ** 2, default=None)


def _is_inside(nucleus: Nucleus, box: Box) -> bool:
    x, y = nucleus.centre
    return box.x <= x <= box.x + box.width and box.y <= y <= box.y + box.height


def _cell_of(record: dict[str, str]) -> ReviewedCell:
    numbers = [record.get(name) or "" for name in COLUMNS[3:]]
    box = Box(*map(int, numbers)) if all(numbers) else None
    return ReviewedCell(
        record["path"], class_key(record["class"]), record["source"] or record["path"], box
    )
