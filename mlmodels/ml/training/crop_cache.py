"""Crops of training pictures, cut once and kept, so that epochs need no decoding.

Locates the principal cell of each picture and keeps a wide crop of it; also squares of red
cells and background as examples of "no cell". It never sees a picture of a test split.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from mlmodels.ml.datasets.manifest import Row
from mlmodels.ml.evaluation.labelled_cell import place_of_labelled
from mlmodels.ml.inference.crops import CropRule, cut_crop, cut_square
from mlmodels.ml.inference.finding.field import Field
from mlmodels.ml.inference.finding.localize import locate
from mlmodels.ml.inference.finding.stained import stain_score
from mlmodels.ml.inference.preprocess import apply_gains
from mlmodels.ml.pictures.reading import decode_image
from mlmodels.ml.whole_files import write_text_whole, written_whole

LAYOUT = "4"
NO_CELL = "no_cell"
# A cell that is none of the classes; the network is to be unsure of it.
UNLIKE = "unlike"
NEGATIVE_SIDES = (28.0, 95.0)
_FIELDS = ("path", "label", "source", "split", "kind", "sha256", "set")


@dataclass(frozen=True)
class Crop:
    """What is known of one kept crop.

    Args:
        path: of its picture, relative to the data folder.
        label: its class, `UNLIKE` or `NO_CELL`.
        source, split, kind: as the manifest has them.
        sha256: of the picture's bytes.
        set: name of the set it comes from.
    """

    path: str
    label: str
    source: str
    split: str
    kind: str
    sha256: str
    set: str

    @property
    def is_named(self) -> bool:
        """Whether it shows a cell of one of the classes."""
        return self.label not in (NO_CELL, UNLIKE)


@dataclass(frozen=True)
class CropCache:
    """Kept crops.

    Args:
        crops: what is known of each.
        pixels: uint8 array, shape (N, W, W, 3), white-balanced wide crops.
    """

    crops: tuple[Crop, ...]
    pixels: np.ndarray


def open_crop_cache(
    rows: list[Row], *, name: str, root: Path, wide: CropRule, folder: Path
) -> CropCache:
    """Open the kept crops of a set, cutting them first where they are not there yet.

    Args:
        rows: training rows; none may be of a test split.
        name: of the set.
        root: what the rows' paths are relative to.
        wide: scale and size of the kept crops.
        folder: where they are kept; the file's name is a hash of all of the above.
    """
    text = json.dumps([LAYOUT, name, str(root), wide.scale, wide.side_px, *map(str, rows)])
    key = hashlib.sha256(text.encode()).hexdigest()[:16]
    pixels_file, table_file = folder / f"{name}-{key}.npy", folder / f"{name}-{key}.csv"
    if not table_file.is_file():
        _build(rows, name, root, wide, pixels_file, table_file)
    with table_file.open(newline="", encoding="utf-8") as stream:
        crops = tuple(Crop(**record) for record in csv.DictReader(stream))
    return CropCache(crops, np.load(pixels_file, mmap_mode="r"))


def _build(
    rows: list[Row], name: str, root: Path, wide: CropRule, pixels_file: Path, table_file: Path
) -> None:
    """Cut all crops on two threads; the table is written last and says that all is there."""
    cv2.setNumThreads(1)
    crops: list[Crop] = []
    squares: list[np.ndarray] = []
    with ThreadPoolExecutor(2) as pool:
        for found in pool.map(lambda row: list(_crops_of(row, name, root, wide)), rows):
            for crop, square in found:
                crops.append(crop)
                squares.append(square)
    with written_whole(pixels_file) as stream:
        np.save(stream, np.stack(squares))
    table = io.StringIO(newline="")
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(_FIELDS)
    writer.writerows([getattr(crop, f) for f in _FIELDS] for crop in crops)
    write_text_whole(table_file, table.getvalue())


def _crops_of(row: Row, name: str, root: Path, wide: CropRule) -> Iterator[tuple[Crop, np.ndarray]]:
    data = row.file(root).read_bytes()
    rgb = decode_image(data)
    seen = locate(rgb)
    digest = hashlib.sha256(data).hexdigest()
    crop = Crop(row.path, row.label, row.source, row.split, row.kind, digest, name)
    if seen.nuclei:
        centres = [nucleus.centre for nucleus in seen.nuclei]
        nucleus = seen.nuclei[place_of_labelled(centres, (rgb.shape[1], rgb.shape[0]), name)]
        yield crop, cut_crop(rgb, seen, nucleus, wide)
    rng = np.random.default_rng(int(digest[:8], 16))
    wanted = 5 if row.kind == "photograph" else int(rng.random() < 0.12)
    for square in _no_cells(rgb, seen, wide, wanted, rng):
        yield replace(crop, label=NO_CELL), square


def _no_cells(
    rgb: np.ndarray, seen: Field, wide: CropRule, wanted: int, rng: np.random.Generator
) -> Iterator[np.ndarray]:
    """Squares centred on red cells (now and then on background), clear of every nucleus."""
    scale = max(rgb.shape[:2]) / 360.0
    size = (round(rgb.shape[1] / scale), round(rgb.shape[0] / scale))
    small = apply_gains(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), seen.gains)
    calm = stain_score(small, np.zeros(small.shape[:2], np.uint8)) < 60
    red = calm & (small[..., 1] < 205) & (small[..., 0] > 90)
    for _ in range(wanted * 8):
        ys, xs = np.nonzero(red if rng.random() < 0.9 else calm)
        if wanted == 0 or ys.size == 0:
            return
        k = int(rng.integers(ys.size))
        x, y = (xs[k] + 0.5) * scale, (ys[k] + 0.5) * scale
        side = rng.uniform(*NEGATIVE_SIDES) * scale
        gaps = [
            max(abs(x - n.centre[0]), abs(y - n.centre[1])) - 0.9 * n.side_px for n in seen.nuclei
        ]
        if min(gaps, default=side) < 0.6 * side:
            continue
        wanted -= 1
        whole = round(wide.scale * side)
        corner = (round(x - whole / 2), round(y - whole / 2))
        yield cut_square(rgb, seen, corner, whole, wide.side_px)
