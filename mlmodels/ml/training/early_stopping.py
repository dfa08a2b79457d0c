"""When a stage with patience ends: by the loss on the calibration split, which never trains.

The best epoch's weights lie in `best.npz` of the run folder, so that a killed run remembers.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from mlmodels.ml.inference.crops import shift_colour
from mlmodels.ml.training.checkpoints import put_weights, weights_of, write_arrays
from mlmodels.ml.training.data import TrainingData
from mlmodels.ml.training.recipe import Recipe

BATCH = 64


@dataclass(frozen=True)
class Best:
    """The best epoch so far.

    Args:
        epoch: counted from 1; 0 before the first.
        loss: on the calibration split.
    """

    epoch: int = 0
    loss: float = float("inf")


def is_over(best: Best, done: int, patience: int) -> bool:
    """Whether a stage ends.

    Args:
        best: so far.
        done: epochs done.
        patience: epochs without a better one that it bears; 0 for any number.
    """
    return patience > 0 and best.epoch > 0 and done - best.epoch >= patience


def calibration_figures(model: Any, data: TrainingData, recipe: Recipe) -> tuple[float, float]:
    """Mean cross-entropy and share right of the calibration split's cells, cut as in use."""
    import tensorflow as tf

    cells = [i for i in data.calibration if data.crops[i].is_named]
    total, right, k = 0.0, 0, len(data.classes)
    for first in range(0, len(cells), BATCH):
        chosen = cells[first : first + BATCH]
        crops = np.stack([_middle(data, recipe, i) for i in chosen]).astype(np.float32)
        labels = np.array([data.classes.index(data.crops[i].label) for i in chosen])
        logits = model(crops, training=False)[:, :k]
        entropy = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
        total += float(tf.reduce_sum(entropy))
        right += int((np.argmax(logits, axis=1) == labels).sum())
    return total / max(1, len(cells)), right / max(1, len(cells))


def read_best(folder: Path, stage: int) -> Best:
    """The best epoch of a stage that a run folder remembers."""
    file = folder / "best.npz"
    if not file.is_file():
        return Best()
    with np.load(file, allow_pickle=False) as arrays:
        if int(arrays["stage"]) != stage:
            return Best()
        return Best(int(arrays["epoch"]), float(arrays["loss"]))


def keep_if_better(folder: Path, model: Any, stage: int, epoch: int, loss: float) -> Best:
    """Remember an epoch's weights if its loss is below that of every one before it."""
    best = read_best(folder, stage)
    if loss >= best.loss:
        return best
    write_arrays(folder / "best.npz", stage=stage, epoch=epoch, loss=loss, **weights_of(model))
    return Best(epoch, loss)


def put_best(folder: Path, model: Any, stage: int) -> None:
    """Give a model the weights of the stage's best epoch, if one is remembered."""
    if read_best(folder, stage).epoch:
        with np.load(folder / "best.npz", allow_pickle=False) as arrays:
            put_weights(model, arrays)


def _middle(data: TrainingData, recipe: Recipe, i: int) -> np.ndarray:
    name, place = data.places[i]
    wide = data.crop_caches[name].pixels[place]
    side = round(wide.shape[0] * recipe.crop.scale / recipe.crop.wide_scale)
    edge = (wide.shape[0] - side) // 2
    middle = np.ascontiguousarray(wide[edge : edge + side, edge : edge + side])
    rule = recipe.crop_rule
    crop = cv2.resize(middle, (rule.side_px, rule.side_px), interpolation=cv2.INTER_AREA)
    return crop if rule.mean_lab is None else shift_colour(crop, rule.mean_lab)
