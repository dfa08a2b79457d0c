"""Which crops train, which calibrate, and how batches are drawn from them.

Reads the sets of a data folder. Rows of a test split, and of the held-out fold, never enter.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from mlmodels.ml.classes import CLASSES, class_among
from mlmodels.ml.datasets.manifest import Row, read_manifest, rows_of_folder
from mlmodels.ml.datasets.splits import calibration_sources, check_no_straddling
from mlmodels.ml.errors import ManifestInvalid
from mlmodels.ml.inference.crops import CropRule
from mlmodels.ml.training.augment import augment
from mlmodels.ml.training.crop_cache import NO_CELL, UNLIKE, Crop, CropCache, open_crop_cache
from mlmodels.ml.training.recipe import Augmentation, Recipe, Stage

TEST_SPLITS = {"test"}
# Rows of these calibrate instead of a part of the training sources; of the set `own` alone.
CALIBRATION_SPLITS = {"validation", "valid", "val"}
OWN = "own"
NEVER_TRAINED = {"jtsc", "raabin", "deepapl"}
AHEAD = 4
Batch = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


@dataclass(frozen=True)
class TrainingData:
    """The crops of one run.

    Args:
        crops: of all sets, in a fixed order.
        crop_caches: of each set.
        places: (set, place in that set's cache) of each crop.
        training: places in `crops` that train.
        calibration: places in `crops` that calibrate; whole sources, none of them in `training`.
        classes: in the order of the logits.
    """

    crops: tuple[Crop, ...]
    crop_caches: dict[str, CropCache]
    places: tuple[tuple[str, int], ...]
    training: np.ndarray
    calibration: np.ndarray
    classes: tuple[str, ...]

    @property
    def sha256(self) -> str:
        """Of the sorted rows that train or calibrate; see `rows_sha256`."""
        used = np.concatenate([self.training, self.calibration])
        return rows_sha256([self.crops[i] for i in used])


def rows_sha256(crops: list[Crop]) -> str:
    """SHA-256 of crops' sorted rows; crops of one picture count once for each class."""
    lines = {f"{c.path},{c.sha256},{c.label},{c.source},{c.split}" for c in crops}
    return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()


def classes_of(rows: Iterable[Row]) -> tuple[str, ...]:
    """The classes that a dataset teaches: those of its training rows.

    Returns:
        In the order of `CLASSES`, then the others by name.

    Raises:
        ManifestInvalid: fewer than two, or a class that is only calibrated with.
    """
    listed = list(rows)
    taught = {row.label for row in listed if row.split not in TEST_SPLITS | CALIBRATION_SPLITS}
    if len(taught) < 2:
        raise ManifestInvalid("A training needs pictures of at least two classes.")
    untaught = {row.label for row in listed if row.split in CALIBRATION_SPLITS} - taught
    if untaught:
        raise ManifestInvalid(
            f"The class {min(untaught)} has pictures for validation and none for training. "
            "Give it some, or leave it out."
        )
    return (*(c for c in CLASSES if c in taught), *sorted(taught - set(CLASSES)))


def load_training_data(
    recipe: Recipe,
    root: Path,
    *,
    hold_out: str,
    cache: Path,
    classes: tuple[str, ...] = CLASSES,
) -> TrainingData:
    """Gather the crops of every set that the recipe's stages name.

    Args:
        recipe: names the sets (folders of `root/cells`), the crop rule and the calibration share.
        root: the data folder. One without `cells/` is a single set, `own`.
        hold_out: a split that is left out, e.g. "fold0"; empty for none.
        cache: where crops are kept.
        classes: what the network is to tell apart, in the order of its logits.

    Raises:
        ManifestInvalid: a set is missing or may not train, a source straddles splits, or no
            cell is left to train or to calibrate with.
    """
    a, c = recipe.architecture, recipe.crop
    wide = CropRule(c.wide_scale, round(a.input_px * c.wide_scale / c.scale))
    crop_caches: dict[str, CropCache] = {}
    crops: list[Crop] = []
    places: list[tuple[str, int]] = []
    for name in sorted({s for stage in recipe.stages for s in stage.shares}):
        rows = [r for r in _rows_of_set(name, root) if r.split not in TEST_SPLITS]
        rows = [_as_taught(row, classes, recipe.unlike) for row in rows]
        check_no_straddling(rows)
        _refuse_absent(rows, name, recipe.absent.get(name, []))
        crop_caches[name] = open_crop_cache(
            rows, name=name, root=root, wide=wide, folder=cache / "crops"
        )
        crops += crop_caches[name].crops
        places += [(name, i) for i in range(len(crop_caches[name].crops))]
    kept = [i for i, crop in enumerate(crops) if not hold_out or crop.split != hold_out]
    if hold_out and len(kept) == len(crops):
        raise ManifestInvalid(f"No picture is in the split {hold_out} that is to be held out.")
    calibration = _calibration_sources_of(recipe, [crops[i] for i in kept])
    calibrates = np.array([crops[i].source in calibration for i in kept])
    _refuse_empty([crops[i] for i in kept], calibrates)
    order = np.array(kept)
    return TrainingData(
        tuple(crops), crop_caches, tuple(places), order[~calibrates], order[calibrates], classes
    )


def _as_taught(row: Row, classes: tuple[str, ...], unlike: tuple[str, ...]) -> Row:
    """The row with the class that the network learns it as: the finest that it tells apart."""
    if row.label in unlike:
        return replace(row, label=UNLIKE)
    label = row.subtype if row.subtype in classes else class_among(row.label, classes)
    if label not in classes:
        raise ManifestInvalid(
            f"The class {row.label} of {row.path} is none of those that the network tells apart. "
            "Name it among the recipe's classes, or as unlike them."
        )
    return replace(row, label=label)


def _refuse_absent(rows: list[Row], name: str, absent: list[str]) -> None:
    """Let no cell pass of a class of which its set is said to hold none."""
    for row in rows:
        if row.label in absent:
            raise ManifestInvalid(
                f"The set {name} holds cells of the class {row.label}, as {row.path}. "
                "The recipe says that it holds none: correct one of them."
            )


def _refuse_empty(crops: list[Crop], calibrates: np.ndarray) -> None:
    """Let pass only crops with a cell that trains and a cell that calibrates."""
    parts = {bool(i) for crop, i in zip(crops, calibrates, strict=True) if crop.is_named}
    if False not in parts:
        raise ManifestInvalid("No cell was found in the pictures that are to train.")
    if True not in parts:
        raise ManifestInvalid(
            "No cell is left to calibrate with. Give the data a split named validation, or "
            "pictures of at least four sources in one class."
        )


def _rows_of_set(name: str, root: Path) -> list[Row]:
    if name in NEVER_TRAINED:
        raise ManifestInvalid(f"The set {name} is for measuring only; no recipe may train on it.")
    if name == OWN:
        return rows_of_folder(root)
    return read_manifest(root / "cells" / name / "manifest.csv")


def _calibration_sources_of(recipe: Recipe, crops: list[Crop]) -> frozenset[str]:
    """Calibration sources of each set apart, so that a small set has its share too."""
    chosen: set[str] = set()
    for name in {crop.set for crop in crops}:
        of_set = [crop for crop in crops if crop.set == name]
        validation = {c.source for c in of_set if name == OWN and c.split in CALIBRATION_SPLITS}
        cells = [crop for crop in of_set if crop.is_named]
        chosen |= validation or calibration_sources(cells, recipe.calibration.inner_share)
    return frozenset(chosen)


def stage_pool(data: TrainingData, stage: Stage) -> tuple[np.ndarray, np.ndarray]:
    """The crops a stage draws from, and the probability of each.

    Args:
        data: of the run.
        stage: names the sets, their shares, the power of the class sizes and the negatives.

    Returns:
        places in `data.crops` int (M,), and probabilities float64 (M,) that add up to 1.
    """
    pool = np.array([i for i in data.training if data.crops[i].set in stage.shares])
    names = [(data.crops[i].set, data.crops[i].label) for i in pool]
    counts = Counter(names)
    cells = {n: v**stage.class_power for n, v in counts.items() if n[1] != NO_CELL}
    by_set = Counter({s: sum(v for n, v in cells.items() if n[0] == s) for s in stage.shares})
    negatives = sum(v for n, v in counts.items() if n[1] == NO_CELL)
    share = stage.negatives if negatives else 0.0
    weight = {n: (1 - share) * stage.shares[n[0]] * v / by_set[n[0]] for n, v in cells.items()}
    p = np.array([weight[n] / counts[n] if n in weight else share / negatives for n in names])
    return pool, p / p.sum()


def epoch_batches(
    data: TrainingData, recipe: Recipe, stage_index: int, epoch: int, steps: int
) -> Iterator[Batch]:
    """The batches of one epoch, prepared ahead on a thread, the same for the same seed.

    Args:
        data, recipe: of the run.
        stage_index, epoch: which stretch.
        steps: how many batches.

    Yields:
        crops uint8 (B, side, side, 3), classes int32 (B,) with -1 for none of them, is-cell
        float32 (B,), and told float32 (B, K): 0 for the classes of which a crop says nothing,
        since its set can hold none.
    """
    stage = recipe.stages[stage_index]
    pool, p = stage_pool(data, stage)
    changes = stage.augmentation or recipe.augmentation

    def make(step: int) -> Batch:
        rng = np.random.default_rng([recipe.seed, stage_index, epoch, step])
        return _batch(data, recipe, changes, rng.choice(pool, stage.batch, p=p), rng)

    with ThreadPoolExecutor(1) as thread:
        waiting: list[Future[Batch]] = [thread.submit(make, s) for s in range(min(AHEAD, steps))]
        for step in range(steps):
            batch = waiting.pop(0).result()
            if step + AHEAD < steps:
                waiting.append(thread.submit(make, step + AHEAD))
            yield batch


def _batch(
    data: TrainingData,
    recipe: Recipe,
    changes: Augmentation,
    drawn: np.ndarray,
    rng: np.random.Generator,
) -> Batch:
    ratio = recipe.crop.scale / recipe.crop.wide_scale
    rule = recipe.crop_rule
    pixels = np.empty((len(drawn), rule.side_px, rule.side_px, 3), np.uint8)
    labels = np.full(len(drawn), -1, np.int32)
    is_cell = np.array([data.crops[i].label != NO_CELL for i in drawn], np.float32)
    told = np.ones((len(drawn), len(data.classes)), np.float32)
    for k, i in enumerate(drawn):
        name, place = data.places[i]
        wide = data.crop_caches[name].pixels[place]
        pixels[k] = augment(wide, ratio, rule, changes, rng)
        if data.crops[i].is_named:
            labels[k] = data.classes.index(data.crops[i].label)
        told[k, [data.classes.index(c) for c in recipe.absent.get(name, ())]] = 0
    return pixels, labels, is_cell, told
