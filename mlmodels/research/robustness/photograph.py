"""Measuring what bad photographs do to an engine, and which of them it refuses to accept from.

Real pictures are blurred, shrunk and given wrong light by steps. Each is read without limits to
the photograph, its measures are kept, and limits are laid over both: so limits can be chosen by
the very figures that are told.
"""

from __future__ import annotations

import logging
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from mlmodels.ml.datasets.manifest import Row, read_manifest
from mlmodels.ml.evaluation.labelled_cell import labelled_cell
from mlmodels.ml.evaluation.metrics import wilson_interval
from mlmodels.ml.inference.calibration import ACCEPTED
from mlmodels.ml.inference.engine import Engine
from mlmodels.ml.inference.finding.localize import locate
from mlmodels.ml.inference.finding.photograph import (
    Measures,
    PhotographLimits,
    fault_of,
    judge_photograph,
)
from mlmodels.ml.inference.pipeline import read_pixels
from mlmodels.ml.pictures.reading import decode_image
from mlmodels.research.robustness.measures import stratified_rows
from mlmodels.research.robustness.perturbations import brightness, scaled

logger = logging.getLogger(__name__)

Change = Callable[[np.ndarray], np.ndarray]
AS_IS = "as it is"
UNLIMITED = PhotographLimits(
    most_blur=np.inf,
    most_blur_of_cell=np.inf,
    least_detail_px=0.0,
    most_white=1.0,
    most_white_share=1.0,
    most_clipped=1.0,
    least_levels=-np.inf,
    least_ground=0.0,
)
Sets = tuple[str, Callable[[Row], bool]]
CHOSEN_BY: dict[str, Sets] = {
    "PBC train": ("pbc", lambda row: row.split == "train"),
    "four-class photographs": ("kaggle", lambda row: row.kind == "photograph"),
    "MLL train": ("mll", lambda row: row.split == "train"),
}
MEASURED: dict[str, Sets] = {
    "leukaemia films": ("deepapl", lambda row: True),
    "PBC test": ("pbc", lambda row: row.split == "test"),
}
FIELDS = {"BCCD": "bccd", "Raabin": "raabin"}
# Of a picture whose longer side is 360 px; others in proportion.
SIGMAS_PX = (2.0, 3.0, 4.0, 6.0, 8.0)
MOTIONS_PX = (8.0, 16.0)
SIDES_PX = (128, 90, 64)
ENLARGED_FROM_PX = (64,)
GAINS = (1.3, 1.6, 2.0, 0.5, 0.3)
GAMMAS = (0.4, 2.5)


@dataclass(frozen=True)
class Reading:
    """What became of one picture, read without limits to its photograph.

    Args:
        set_name, change: which picture it is, and what was done to it.
        label: its class; empty where the set tells none that the model knows.
        predicted: class of the principal cell; empty where none was found.
        accepted: whether that cell is accepted, as far as anything but the photograph goes.
        picture, cell: measures of the picture, and of its largest nucleus.
    """

    set_name: str
    change: str
    label: str
    predicted: str
    accepted: bool
    picture: Measures
    cell: Measures | None


def changes() -> dict[str, Change]:
    """What is done to a picture, by name: from uint8 (H, W, 3) to uint8 (H', W', 3)."""
    made: dict[str, Change] = {AS_IS: lambda rgb: rgb}
    for sigma in SIGMAS_PX:
        made[f"Gaussian, {sigma:g} px of 360"] = partial(blurred, sigma_px=sigma)
    for length in MOTIONS_PX:
        made[f"motion, {length:g} px of 360"] = partial(moved, length_px=length)
    for side in SIDES_PX:
        made[f"shrunk to {side} px"] = partial(shrunk, side_px=side)
    for side in ENLARGED_FROM_PX:
        made[f"shrunk to {side} px and enlarged"] = partial(enlarged, side_px=side)
    for gain in GAINS:
        made[f"light × {gain:g}"] = partial(brightness, factor=gain)
    for gamma in GAMMAS:
        made[f"gamma {gamma:g}"] = partial(curved, gamma=gamma)
    return made


def blurred(rgb: np.ndarray, sigma_px: float) -> np.ndarray:
    """Blur by a Gaussian, its deviation in px of a picture with a longer side of 360 px."""
    return cv2.GaussianBlur(rgb, (0, 0), sigma_px * max(rgb.shape[:2]) / 360)


def moved(rgb: np.ndarray, length_px: float) -> np.ndarray:
    """Blur along a slanting line, its length in px of a picture with a longer side of 360 px."""
    length = max(2, round(length_px * max(rgb.shape[:2]) / 360))
    kernel = np.zeros((length, length), np.float32)
    cv2.line(kernel, (0, length - 1), (length - 1, length // 3), 1.0)
    return cv2.filter2D(rgb, -1, kernel / kernel.sum(), borderType=cv2.BORDER_REFLECT_101)


def shrunk(rgb: np.ndarray, side_px: int) -> np.ndarray:
    """Bring the longer side to a length."""
    return scaled(rgb, side_px / max(rgb.shape[:2]))


def enlarged(rgb: np.ndarray, side_px: int) -> np.ndarray:
    """Bring the longer side to a length, and back."""
    height, width = rgb.shape[:2]
    return cv2.resize(shrunk(rgb, side_px), (width, height), interpolation=cv2.INTER_CUBIC)


def curved(rgb: np.ndarray, gamma: float) -> np.ndarray:
    """Raise the stored values, as shares of 255, to a power."""
    table = np.rint(255 * (np.arange(256) / 255) ** gamma).astype(np.uint8)
    return cv2.LUT(np.ascontiguousarray(rgb), table)


def pictures_to_choose_by(data: Path, limit: int) -> dict[str, list[Row]]:
    """The sets by which limits are chosen, a fixed draw of each.

    Args:
        data: the data folder.
        limit: pictures of a set; 0 takes all.
    """
    return _drawn(data, limit, CHOSEN_BY)


def pictures_as_they_are(data: Path, limit: int) -> dict[str, list[Row]]:
    """Sets of which hardly a picture should be refused, those that only measure among them."""
    found = _drawn(data, limit, {**CHOSEN_BY, **MEASURED})
    for name, folder in FIELDS.items():
        found[name] = stratified_rows(_files(data / "smears" / folder, data), limit)
    return found


def _drawn(data: Path, limit: int, sets: Mapping[str, Sets]) -> dict[str, list[Row]]:
    return {
        name: stratified_rows(
            [row for row in read_manifest(data / "cells" / folder / "manifest.csv") if is_of(row)],
            limit,
        )
        for name, (folder, is_of) in sets.items()
    }


def _files(folder: Path, data: Path) -> list[Row]:
    paths = sorted(path for path in folder.rglob("*") if path.suffix in {".jpg", ".png", ".jpeg"})
    return [Row(str(path.relative_to(data)), "", path.stem) for path in paths]


def read_pictures(
    sets: Mapping[str, Sequence[Row]],
    data: Path,
    made: Mapping[str, Change],
    engine: Engine | None = None,
) -> Iterator[Reading]:
    """Measure each picture under each change, and let an engine read it.

    Args:
        sets: rows by name of a set.
        data: what their paths are relative to.
        made: of `changes`.
        engine: a loaded version; none where only the photograph is measured.
    """
    for name, rows in sets.items():
        for number, row in enumerate(rows, start=1):
            rgb = decode_image(row.file(data).read_bytes())
            for change, make in made.items():
                yield _reading(name, change, row, make(rgb), engine)
            if number % 10 == 0:
                logger.info("%s: %s of %s pictures", name, number, len(rows))


def _reading(name: str, change: str, row: Row, rgb: np.ndarray, engine: Engine | None) -> Reading:
    judged = judge_photograph(rgb, locate(rgb))
    cells = read_pixels(rgb, engine, limits=UNLIMITED).cells if engine else ()
    cell = labelled_cell(cells, (rgb.shape[1], rgb.shape[0]), row.source)
    return Reading(
        set_name=name,
        change=change,
        label=row.label if engine and row.label in engine.classes else "",
        predicted=cell.label if cell else "",
        accepted=cell is not None and cell.disposition == ACCEPTED,
        picture=judged.measured,
        cell=judged.measured_of_cells[0] if judged.measured_of_cells else None,
    )


def kept(readings: Iterable[Reading]) -> list[dict[str, Any]]:
    """Readings as JSON holds them."""
    return [asdict(reading) for reading in readings]


def from_kept(rows: Iterable[Mapping[str, Any]]) -> list[Reading]:
    """Readings that `kept` wrote."""
    return [
        Reading(
            **{
                **row,
                "picture": Measures(**row["picture"]),
                "cell": Measures(**row["cell"]) if row["cell"] else None,
            }
        )
        for row in rows
    ]


def tabulate(
    readings: Iterable[Reading], limits: PhotographLimits = PhotographLimits()
) -> list[dict[str, Any]]:
    """Lay limits over readings.

    Args:
        readings: of any sets and changes.
        limits: of photographs.

    Returns:
        A row for each set and change, in their order: `n`; `told`, pictures that are to be taken
        again, with the Wilson interval of their share, and by code; `told_of_cell`, those of which
        the largest cell alone is held back; `no_cell`; `accepted` and `right` (of pictures with a
        class) as they were without limits; `accepted_now` and `right_now` with them.
    """
    groups: dict[tuple[str, str], list[Reading]] = defaultdict(list)
    for reading in readings:
        groups[reading.set_name, reading.change].append(reading)
    return [_row(*key, group, limits) for key, group in groups.items()]


def _row(
    set_name: str, change: str, group: Sequence[Reading], limits: PhotographLimits
) -> dict[str, Any]:
    codes = [fault_of(each.picture, limits, most_blur=limits.most_blur) for each in group]
    of_cells = [
        each.cell and fault_of(each.cell, limits, most_blur=limits.most_blur_of_cell)
        for each in group
    ]
    told = sum(map(bool, codes))
    before = [each for each in group if each.label and each.accepted]
    now = [
        each
        for each, code, of_cell in zip(group, codes, of_cells, strict=True)
        if each.label and each.accepted and not code and not of_cell
    ]
    return {
        "set": set_name,
        "change": change,
        "n": len(group),
        "told": told,
        "interval": wilson_interval(told, len(group)),
        "codes": dict(Counter(filter(None, codes))),
        "told_of_cell": sum(
            bool(of_cell) and not code for code, of_cell in zip(codes, of_cells, strict=True)
        ),
        "no_cell": sum(each.cell is None for each in group),
        "with_class": sum(bool(each.label) for each in group),
        "accepted": len(before),
        "right": sum(each.predicted == each.label for each in before),
        "accepted_now": len(now),
        "right_now": sum(each.predicted == each.label for each in now),
    }
