"""What a training run shows to people: figures as JSON, and small pictures that we drew ourselves.

Written into the run folder by the process that trains; it judges nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from mlmodels.ml.datasets.manifest import Row
from mlmodels.ml.errors import RejectedImage
from mlmodels.ml.evaluation.evaluation import Prediction
from mlmodels.ml.evaluation.metrics import summarise
from mlmodels.ml.inference.crops import CropRule, cut_crop
from mlmodels.ml.inference.finding.localize import locate
from mlmodels.ml.pictures.reading import decode_image
from mlmodels.ml.training.augment import augment
from mlmodels.ml.training.crop_cache import NO_CELL
from mlmodels.ml.training.data import TrainingData, stage_pool
from mlmodels.ml.training.recipe import Recipe
from mlmodels.ml.training.reports.names import DATA, PICTURES, REPORT
from mlmodels.ml.whole_files import write_text_whole

SHOWN_PX, GAP_PX, COLUMNS, SHEET = 96, 4, 3, 6
MOUNT = 217
MOST_RIGHT, MOST_WRONG = 12, 24


def write_data_report(
    rows: Sequence[Row], data: TrainingData, recipe: Recipe, folder: Path
) -> dict[str, Any]:
    """Describe what a run trains on, before it does.

    Args:
        rows: of the whole dataset.
        data, recipe: of the run.
        folder: the run folder; sheets of pictures go below it.

    Returns:
        What was written as `data.json`: pictures and sources of each class in each split, crops
        that train, calibrate or show no cell, the share of each class in what an epoch draws,
        and the names of a sheet of samples and of one of changed crops for each class.
    """
    (folder / PICTURES).mkdir(parents=True, exist_ok=True)
    cells = [c for c in data.crops if c.label != NO_CELL]
    used = [row for row in rows if row.split != "test"]
    said = {
        "classes": list(data.classes),
        "pictures": _counted((row.split, row.label) for row in rows),
        "sources": _counted(found[1:] for found in {(r.source, r.split, r.label) for r in rows}),
        "crops": {
            "training": sum(data.crops[i].label != NO_CELL for i in data.training),
            "calibrating": sum(data.crops[i].label != NO_CELL for i in data.calibration),
            "no_cell": len(data.crops) - len(cells),
            "without_cell": len(used) - len(cells),
        },
        "drawn": _drawn(data, recipe),
        "sheets": [_sheets_of(data, recipe, k, folder) for k in range(len(data.classes))],
    }
    _write(said, folder / DATA)
    return said


def write_report(
    predictions: Sequence[Prediction],
    root: Path,
    *,
    classes: Sequence[str],
    crop_rule: CropRule,
    measured_on: str,
    folder: Path,
) -> dict[str, Any]:
    """Describe what a version says of pictures, with examples.

    Args:
        predictions: of these pictures.
        root: what their paths are relative to.
        classes, crop_rule: of the version.
        measured_on: "test", or "validation" where no picture was kept apart for a test.
        folder: the run folder.

    Returns:
        What was written as `report.json`: the table of `metrics.summarise`, and examples right
        and wrong with their pictures.
    """
    right = [p for p in predictions if _is_right(p)]
    wrong = sorted((p for p in predictions if not _is_right(p)), key=lambda p: -p.confidence)
    said = {
        "measured_on": measured_on,
        "figures": summarise([p.answer for p in predictions], classes),
        "accepted": len([p for p in predictions if p.disposition == "accepted"]),
        "wrong_accepted": len([p for p in wrong if p.disposition == "accepted"]),
        "right": _examples(_of_each_class(right, MOST_RIGHT), root, crop_rule, "right", folder),
        "wrong": _examples(wrong[:MOST_WRONG], root, crop_rule, "wrong", folder),
        "wrong_in_all": len(wrong),
    }
    _write(said, folder / REPORT)
    return said


def contact_sheet(crops: Sequence[np.ndarray], side_px: int = SHOWN_PX) -> np.ndarray:
    """Lay crops out in rows of three.

    Args:
        crops: uint8 arrays, shape (S, S, 3), RGB; at least one.
        side_px: side that each is shown at, px.

    Returns:
        uint8 array, shape (H, W, 3), RGB.
    """
    count_rows = -(-len(crops) // COLUMNS)
    step = side_px + GAP_PX
    sheet = np.full((count_rows * step - GAP_PX, COLUMNS * step - GAP_PX, 3), MOUNT, np.uint8)
    for place, crop in enumerate(crops):
        y, x = (place // COLUMNS) * step, (place % COLUMNS) * step
        sheet[y : y + side_px, x : x + side_px] = _shown(crop, side_px)
    return sheet


def _is_right(prediction: Prediction) -> bool:
    return prediction.predicted == prediction.row.label


def _counted(pairs: Iterable[tuple[str, str]]) -> dict[str, dict[str, int]]:
    """How many pairs of split and class there are of each; no split stands for training."""
    counts: dict[str, dict[str, int]] = {}
    for split, label in pairs:
        of_split = counts.setdefault(split or "train", {})
        of_split[label] = of_split.get(label, 0) + 1
    return counts


def _drawn(data: TrainingData, recipe: Recipe) -> dict[str, float]:
    """The share of each class among the cells that an epoch of the last stage draws."""
    pool, p = stage_pool(data, recipe.stages[-1])
    shares: dict[str, float] = {}
    for i, probability in zip(pool, p, strict=True):
        label = data.crops[i].label
        shares[label] = shares.get(label, 0.0) + float(probability)
    cells = 1 - shares.pop(NO_CELL, 0.0)
    return {label: share / cells for label, share in shares.items()}


def _sheets_of(data: TrainingData, recipe: Recipe, k: int, folder: Path) -> dict[str, Any]:
    """A sheet of a class's training cells, and one of the first of them as training sees it."""
    label = data.classes[k]
    places = [int(i) for i in data.training if data.crops[i].label == label]
    if not places:
        return {"label": label, "samples": "", "changed": "", "n": 0}
    chosen = places[:: max(1, len(places) // SHEET)][:SHEET]
    ratio = recipe.crop.scale / recipe.crop.wide_scale
    wides = [data.crop_caches[data.places[i][0]].pixels[data.places[i][1]] for i in chosen]
    plain = [_middle(wide, ratio) for wide in wides]
    rng = np.random.default_rng([recipe.seed, k])
    rule = recipe.crop_rule
    changed = [augment(wides[0], ratio, rule, recipe.augmentation, rng) for _ in range(SHEET - 1)]
    names = {"samples": f"samples-{k}.jpg", "changed": f"changed-{k}.jpg"}
    write_picture(contact_sheet(plain), folder / PICTURES / names["samples"])
    write_picture(contact_sheet([plain[0], *changed]), folder / PICTURES / names["changed"])
    return {"label": label, "n": len(chosen), **names}


def _middle(wide: np.ndarray, ratio: float) -> np.ndarray:
    side = round(wide.shape[0] * ratio)
    edge = (wide.shape[0] - side) // 2
    return np.ascontiguousarray(wide[edge : edge + side, edge : edge + side])


def _of_each_class(predictions: Sequence[Prediction], most: int) -> list[Prediction]:
    """Some of each class in turn, the least confident first: what was only just right."""
    by_class: dict[str, list[Prediction]] = {}
    for p in sorted(predictions, key=lambda p: p.confidence):
        by_class.setdefault(p.row.label, []).append(p)
    chosen: list[Prediction] = []
    while len(chosen) < most and any(by_class.values()):
        chosen += [waiting.pop(0) for waiting in by_class.values() if waiting]
    return chosen[:most]


def _examples(
    predictions: Sequence[Prediction], root: Path, rule: CropRule, kind: str, folder: Path
) -> list[dict[str, Any]]:
    (folder / PICTURES).mkdir(parents=True, exist_ok=True)
    listed = []
    for number, p in enumerate(predictions):
        name = f"{kind}-{number:02}.jpg"
        shown = _picture_of(p.row, root, rule)
        if shown is not None:
            write_picture(_shown(shown, SHOWN_PX), folder / PICTURES / name)
        listed.append(
            {
                "picture": name if shown is not None else "",
                "true": p.row.label,
                "predicted": p.predicted,
                "confidence": p.confidence,
                "disposition": p.disposition,
            }
        )
    return listed


def _picture_of(row: Row, root: Path, rule: CropRule) -> np.ndarray | None:
    """The principal cell as the network saw it, the whole picture where none was found, or none."""
    try:
        rgb = decode_image(row.file(root).read_bytes())
    except RejectedImage:
        return None
    seen = locate(rgb)
    return cut_crop(rgb, seen, seen.nuclei[0], rule) if seen.nuclei else rgb


def _shown(rgb: np.ndarray, side_px: int) -> np.ndarray:
    shrinks = min(rgb.shape[:2]) > side_px
    how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return cv2.resize(rgb, (side_px, side_px), interpolation=how)


def write_picture(rgb: np.ndarray, file: Path) -> None:
    """Write a picture as a JPEG of high quality, without anything that came with the original."""
    done, data = cv2.imencode(".jpg", rgb[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 92])
    if not done:
        raise OSError(f"The picture {file.name} could not be written.")
    file.write_bytes(data.tobytes())


def _write(said: dict[str, Any], file: Path) -> None:
    write_text_whole(file, json.dumps(said) + "\n")
