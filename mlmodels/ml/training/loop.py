"""Training: a recipe and data in, a run folder out. Resumes where a kill left it.

A run folder holds the recipe, `metrics.csv` (a row per epoch), `checkpoint.npz` (weights and
optimizer after the last whole epoch, replaced in one step) and, at the end, the version.
"""

from __future__ import annotations

import csv
import hashlib
import json
import logging
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from mlmodels.ml.classes import CLASSES
from mlmodels.ml.errors import RecipeInvalid
from mlmodels.ml.training.architecture import build_network
from mlmodels.ml.training.checkpoints import put_weights, weights_of, write_arrays
from mlmodels.ml.training.data import (
    TrainingData,
    epoch_batches,
    load_training_data,
    rows_sha256,
)
from mlmodels.ml.training.early_stopping import (
    calibration_figures,
    is_over,
    keep_if_better,
    put_best,
    read_best,
)
from mlmodels.ml.training.fused_normalization import fused_normalization
from mlmodels.ml.training.progress import PREPARING, TRAINING, Progress, Tell, tell_nobody
from mlmodels.ml.training.recipe import Recipe, Stage, deciding

logger = logging.getLogger(__name__)

# Taken from the logits of classes that a crop says nothing of: their share of a softmax is nought.
UNTOLD = 1e4

METRICS = (
    "stage",
    "epoch",
    "steps",
    "loss",
    "accuracy",
    "cell_accuracy",
    "seconds",
    "inner_loss",
    "inner_accuracy",
)


@dataclass(frozen=True)
class RunPlan:
    """One run: recipe, data, seed and overrides; nothing else may influence it.

    Args:
        recipe: with seed and epochs already overridden.
        data_root: the data folder.
        output: the run folder.
        cache: kept crops and finished shared stages.
        hold_out: a split left out, or empty.
        threads: of TensorFlow; 1 makes runs equal to the bit.
        classes: what the network tells apart, in the order of its logits.
        weights: a folder with files of base weights; none for `weights` of the data folder.
        follows_calibration: measure the calibration split after each epoch, also where no
            patience asks.
        repeatable: the same numbers for the same seed on several threads too; a little slower.
    """

    recipe: Recipe
    data_root: Path
    output: Path
    cache: Path
    hold_out: str = ""
    threads: int = 2
    classes: tuple[str, ...] = CLASSES
    weights: Path | None = None
    follows_calibration: bool = False
    repeatable: bool = False

    @property
    def weights_folder(self) -> Path | None:
        """Where base weights lie, if there is such a folder."""
        folder = self.weights or self.data_root / "weights"
        return folder if folder.is_dir() else None


def with_overrides(
    recipe: Recipe, *, seed: int | None, epochs: int | None, without: str = ""
) -> Recipe:
    """The recipe with another seed, at most `epochs` epochs a stage, and one set left out.

    Args:
        recipe: as written.
        seed, epochs: none keeps the recipe's.
        without: name of a set that no stage draws from; a stage that held nothing else goes.

    Raises:
        RecipeInvalid: nothing is left to train on.
    """
    kept = [set(s.shares) != {without} for s in recipe.stages]
    stages = tuple(
        _stage_without(s, without)
        for s, is_kept in zip(recipe.stages, kept, strict=True)
        if is_kept
    )
    if not stages:
        raise RecipeInvalid(f"Without the set {without} the recipe has nothing to train on.")
    # Counted among the stages that are left.
    average_from = sum(kept[: recipe.average_from])
    if epochs is not None:
        stages = tuple(replace(s, epochs=min(s.epochs, epochs)) for s in stages)
    seed = recipe.seed if seed is None else seed
    return replace(recipe, seed=seed, stages=stages, average_from=average_from)


def _stage_without(stage: Stage, name: str) -> Stage:
    """A stage whose other sets share what one set had, each in its proportion."""
    if name not in stage.shares:
        return stage
    rest = {s: share for s, share in stage.shares.items() if s != name}
    total = sum(rest.values())
    return replace(stage, shares={s: share / total for s, share in rest.items()})


def prepare(plan: RunPlan, tell: Tell = tell_nobody) -> TrainingData:
    """Locate and cut the crops of a plan, or open those that were kept.

    Args:
        plan: what to do.
        tell: told how far it is.
    """
    tell(Progress(PREPARING))
    data = load_training_data(
        plan.recipe,
        plan.data_root,
        hold_out=plan.hold_out,
        cache=plan.cache,
        classes=plan.classes,
    )
    logger.info("%s crops train, %s calibrate", len(data.training), len(data.calibration))
    return data


def train(
    plan: RunPlan, tell: Tell = tell_nobody, data: TrainingData | None = None
) -> tuple[Any, TrainingData]:
    """Run all stages of a plan, or the rest of them.

    Args:
        plan: what to do.
        tell: told after each step.
        data: what `prepare` gave; none prepares it now.

    Returns:
        The trained Keras model and the data it was trained on.
    """
    _prepare_tensorflow(plan)
    data = data or prepare(plan, tell)
    _open_run_folder(plan, data)
    model = build_network(plan.recipe.architecture, len(data.classes), plan.weights_folder)
    first = _restore_shared_stages(plan, data, model)
    with fused_normalization(model):
        for index in range(first, len(plan.recipe.stages)):
            _run_stage(plan, data, model, index, tell)
            if index + 1 < len(plan.recipe.stages):
                _keep_shared_stage(plan, data, model, index)
        _average(plan, data, model)
    return model, data


def _open_run_folder(plan: RunPlan, data: TrainingData) -> None:
    """Make the run folder, or refuse one that holds the checkpoints of another run."""
    plan.output.mkdir(parents=True, exist_ok=True)
    key = _stage_key(plan.recipe, data, len(plan.recipe.stages) - 1)
    file = plan.output / "run.txt"
    if file.is_file() and file.read_text(encoding="utf-8") != key:
        raise RecipeInvalid(
            f"The folder {plan.output.name} holds another run (recipe, seed, epochs or data "
            "differ). Name a new one."
        )
    file.write_text(key, encoding="utf-8")
    (plan.output / "recipe.toml").write_text(plan.recipe.text, encoding="utf-8")


def _prepare_tensorflow(plan: RunPlan) -> None:
    import keras
    import tensorflow as tf

    try:
        tf.config.threading.set_intra_op_parallelism_threads(plan.threads)
        tf.config.threading.set_inter_op_parallelism_threads(1)
    except RuntimeError:
        pass  # TensorFlow already runs in this process; its threads stay as they are.
    keras.utils.set_random_seed(plan.recipe.seed)
    if plan.repeatable:
        tf.config.experimental.enable_op_determinism()


def _run_stage(plan: RunPlan, data: TrainingData, model: Any, index: int, tell: Tell) -> None:
    stage = plan.recipe.stages[index]
    steps = steps_of(stage)
    optimizer = _optimizer(stage, steps)
    optimizer.build(model.trainable_variables)
    done = _restore_checkpoint(plan, model, optimizer, index)
    step = training_step(model, optimizer, len(data.classes), stage)
    for epoch in range(done, stage.epochs):
        if is_over(read_best(plan.output, index), epoch, stage.patience):
            logger.info("%s: no better epoch in %s, ended", stage.name, stage.patience)
            break
        start, sums = time.monotonic(), np.zeros(5)
        for k, batch in enumerate(epoch_batches(data, plan.recipe, index, epoch, steps)):
            sums += np.array([float(v) for v in step(*batch)])
            now = _progress(plan.recipe, index, epoch, k + 1, sums, time.monotonic() - start)
            tell(now)
            if k % 25 == 24:
                rate = (k + 1) * stage.batch / (time.monotonic() - start)
                logger.info(
                    "%s %s/%s step %s/%s loss %.3f acc %.3f %.0f/s",
                    stage.name,
                    epoch + 1,
                    stage.epochs,
                    k + 1,
                    steps,
                    now.loss,
                    now.accuracy,
                    rate,
                )
        row: list[Any] = [
            stage.name,
            epoch + 1,
            steps,
            round(sums[0] / steps, 5),
            round(sums[1] / max(sums[2], 1), 5),
            round(sums[3] / sums[4], 5),
            round(time.monotonic() - start, 1),
        ]
        if stage.patience or plan.follows_calibration:
            loss, accuracy = calibration_figures(model, data, plan.recipe)
            row += [round(loss, 5), round(accuracy, 5)]
            if stage.patience:
                keep_if_better(plan.output, model, index, epoch + 1, loss)
        # In this order: a kill in between costs an epoch that is run again, never its row.
        _append_metrics(plan.output / "metrics.csv", row)
        _save_checkpoint(plan, model, optimizer, index, epoch + 1)
        logger.info("%s", " ".join(f"{n}={v}" for n, v in zip(METRICS, row, strict=False)))
    if stage.patience:
        put_best(plan.output, model, index)


def steps_of(stage: Stage) -> int:
    """How many batches an epoch of a stage has."""
    return max(1, stage.crops_per_epoch // stage.batch)


def _progress(
    recipe: Recipe, index: int, epoch: int, step: int, sums: np.ndarray, seconds: float
) -> Progress:
    """Where a run is, `step` batches into an epoch that began `seconds` ago."""
    stage = recipe.stages[index]
    left = (stage.epochs - epoch) * steps_of(stage) - step
    crops = left * stage.batch
    crops += sum(s.epochs * steps_of(s) * s.batch for s in recipe.stages[index + 1 :])
    return Progress(
        phase=TRAINING,
        stage=stage.name,
        stage_number=index + 1,
        stages=len(recipe.stages),
        epoch=epoch + 1,
        epochs=stage.epochs,
        step=step,
        steps=steps_of(stage),
        loss=round(sums[0] / step, 5),
        accuracy=round(sums[1] / max(sums[2], 1), 5),
        seconds_left=round(crops * seconds / (step * stage.batch), 1),
    )


def _optimizer(stage: Stage, steps: int) -> Any:
    import keras

    total = stage.epochs * steps
    warmup = min(stage.warmup_steps, total // 4)
    rate = keras.optimizers.schedules.CosineDecay(
        1e-6, total - warmup, warmup_target=stage.learning_rate, warmup_steps=warmup
    )
    if stage.optimizer == "sgd":
        return keras.optimizers.SGD(rate, momentum=0.9, clipnorm=5.0)
    if stage.optimizer == "adam":
        return keras.optimizers.Adam(rate, clipnorm=5.0)
    return keras.optimizers.AdamW(rate, weight_decay=stage.weight_decay, clipnorm=5.0)


def training_step(model: Any, optimizer: Any, class_count: int, stage: Stage) -> Any:
    """A traced function that learns from one batch.

    Args:
        model, optimizer: changed in place.
        class_count: K, the number of class logits.
        stage: label smoothing and the weight of the objectness.

    Returns:
        A function of a batch that returns loss, number right, number of named cells, number of
        right cell answers, and size of the batch.
    """
    import tensorflow as tf

    low = stage.label_smoothing / class_count

    @tf.function
    def step(crops: Any, labels: Any, is_cell: Any, told: Any) -> Any:
        # A cell of no class is to look like every class alike (Hendrycks 2019,
        # arXiv 1812.04606).
        evenly = tf.cast(labels < 0, tf.float32)[:, None] / class_count
        sharp = tf.one_hot(labels, class_count) * (1 - stage.label_smoothing) + low
        targets = tf.where(labels[:, None] < 0, evenly, sharp) * told
        targets /= tf.reduce_sum(targets, axis=1, keepdims=True)
        with tf.GradientTape() as tape:
            packed = model(tf.cast(crops, tf.float32), training=True)
            logits, cell = packed[:, :class_count], packed[:, class_count]
            asked = logits - UNTOLD * (1 - told)
            entropy = tf.nn.softmax_cross_entropy_with_logits(targets, asked)
            named = tf.reduce_sum(entropy * is_cell) / tf.maximum(tf.reduce_sum(is_cell), 1.0)
            scored = tf.nn.sigmoid_cross_entropy_with_logits(is_cell, cell)
            loss = named + stage.cell_weight * tf.reduce_mean(scored)
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
        right = tf.cast(tf.argmax(logits, 1, tf.int32) == labels, tf.float32)
        cells_right = tf.cast((cell > 0) == (is_cell > 0.5), tf.float32)
        return (
            loss,
            tf.reduce_sum(right),
            tf.reduce_sum(tf.cast(labels >= 0, tf.float32)),
            tf.reduce_sum(cells_right),
            tf.cast(tf.shape(labels)[0], tf.float32),
        )

    return step


def _save_checkpoint(plan: RunPlan, model: Any, optimizer: Any, stage: int, done: int) -> None:
    """Weights, statistics, dropout's state and the optimizer, replaced in one step."""
    arrays = weights_of(model) | {f"o{i}": v.numpy() for i, v in enumerate(optimizer.variables)}
    write_arrays(plan.output / "checkpoint.npz", stage=stage, done=done, **arrays)


def _restore_checkpoint(plan: RunPlan, model: Any, optimizer: Any, stage: int) -> int:
    """Load the checkpoint if it is of this stage; the number of epochs already done."""
    file = plan.output / "checkpoint.npz"
    if not file.is_file():
        return 0
    with np.load(file, allow_pickle=False) as arrays:
        if int(arrays["stage"]) != stage:
            return 0
        put_weights(model, arrays)
        for i, variable in enumerate(optimizer.variables):
            variable.assign(arrays[f"o{i}"])
        return int(arrays["done"])


def _stage_key(recipe: Recipe, data: TrainingData, index: int) -> str:
    """A hash of all that decides the weights after a stage."""
    stages = recipe.stages[: index + 1]
    sets = {name for stage in stages for name in stage.shares}
    rows = [data.crops[i] for i in data.training if data.crops[i].set in sets]
    decided = [deciding(part) for part in (recipe.architecture, recipe.crop, recipe.augmentation)]
    decided += [deciding(stage) for stage in stages]
    if data.classes != CLASSES:
        decided.append({"classes": data.classes})
    if absent := {s: recipe.absent[s] for s in sorted(sets & set(recipe.absent))}:
        decided.append({"absent": absent})
    text = json.dumps([decided, recipe.seed, rows_sha256(rows)], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _stage_file(plan: RunPlan, data: TrainingData, index: int) -> Path:
    """Where a finished stage is kept for every run that begins in the same way."""
    name = plan.recipe.stages[index].name.replace(" ", "_")
    return plan.cache / "stages" / f"{name}-{_stage_key(plan.recipe, data, index)}.npz"


def _keep_shared_stage(plan: RunPlan, data: TrainingData, model: Any, index: int) -> None:
    write_arrays(_stage_file(plan, data, index), **weights_of(model))


def _average(plan: RunPlan, data: TrainingData, model: Any) -> None:
    """Put the mean of the last weights and those after an earlier stage, if the recipe asks.

    Source: Wortsman 2022 (arXiv 2109.01903): on the way between a network before and after it was
    fitted to a narrower set it is better on others, and no worse on that set.
    """
    stages, share = plan.recipe.average_from, plan.recipe.average_share
    if not 0 < stages < len(plan.recipe.stages):
        return
    last = weights_of(model)
    with np.load(_stage_file(plan, data, stages - 1), allow_pickle=False) as earlier:
        mean = {name: _mean(earlier[name], value, share) for name, value in last.items()}
    put_weights(model, mean)
    logger.info("weights averaged with those after %s", plan.recipe.stages[stages - 1].name)


def _mean(earlier: np.ndarray, last: np.ndarray, share: float) -> np.ndarray:
    """The mean of weights or statistics; a state of random numbers stays as it is."""
    if not np.issubdtype(last.dtype, np.floating):
        return last
    mean = share * earlier.astype(np.float64) + (1 - share) * last
    return mean.astype(last.dtype)


def _restore_shared_stages(plan: RunPlan, data: TrainingData, model: Any) -> int:
    """The first stage that is still to do, with the weights of the one before it loaded."""
    for index in reversed(range(len(plan.recipe.stages) - 1)):
        file = _stage_file(plan, data, index)
        if not file.is_file():
            continue
        with np.load(file, allow_pickle=False) as arrays:
            put_weights(model, arrays)
        logger.info("stage %s is already done: %s", plan.recipe.stages[index].name, file.name)
        return index + 1
    return 0


def _append_metrics(file: Path, row: list[Any]) -> None:
    """Add an epoch; one that stands there already, of a run killed right after it, stays."""
    known = file.read_text(encoding="utf-8").splitlines() if file.is_file() else []
    if any(line.startswith(f"{row[0]},{row[1]},") for line in known):
        return
    with file.open("a", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        if not known:
            writer.writerow(METRICS)
        writer.writerow(row)
