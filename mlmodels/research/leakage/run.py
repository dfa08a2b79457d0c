"""Scores the same networks on the public four-class set under four splits: what group
leakage, one photograph on both sides of a split, adds to a figure. Loads TensorFlow.
"""

from __future__ import annotations

import json
import logging
import os
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from mlmodels.ml.datasets.manifest import Row, read_manifest, write_manifest
from mlmodels.ml.errors import ManifestInvalid
from mlmodels.ml.evaluation.evaluation import TrainedOn, predict_rows
from mlmodels.ml.pictures.reading import decode_image
from mlmodels.ml.training.architecture import backbone
from mlmodels.ml.training.linear_head import fit_linear_head
from mlmodels.ml.training.loop import RunPlan, train, with_overrides
from mlmodels.ml.training.recipe import Architecture, Recipe, load_recipe
from mlmodels.ml.training.uncalibrated import uncalibrated_engine
from mlmodels.research.leakage.rounds import (
    WAYS,
    Round,
    rounds_of,
    siblings_share,
    units_of,
    way_figures,
)

logger = logging.getLogger(__name__)

SET = "kaggle"
RULER = Architecture(alpha=0.35, input_px=224)
RULER_C = 0.01
RECIPE = "four_class_small"
BATCH = 32


def measure_leakage(
    *, data: Path, networks: Sequence[str], work: Path, epochs: int | None
) -> dict[str, Any]:
    """Score each network under every way of splitting the copies of the four-class set.

    Args:
        data: the data folder, with `cells/kaggle/manifest.csv` and `weights/`.
        networks: of "linear" (frozen features, linear head) and "trained" (our recipe, small).
        work: where crops and finished rounds of "trained" are kept; run again, it goes on.
        epochs: at most so many for "trained"; None for the recipe's.

    Returns:
        The figures that `leakage_markdown` writes down, without the command.

    Raises:
        ManifestInvalid: the set is missing or holds no copies.
    """
    rows = [
        row
        for row in read_manifest(data / "cells" / SET / "manifest.csv")
        if row.kind == "augmented"
    ]
    if not rows:
        raise ManifestInvalid(f"The set {SET} holds no copies of photographs.")
    classes = sorted({row.label for row in rows})
    truth = np.array([classes.index(row.label) for row in rows])
    rounds = {way: rounds_of(rows, way) for way in WAYS}
    found = {}
    if "linear" in networks:
        found["linear"] = _linear(rows, rounds, truth, classes, data)
    if "trained" in networks:
        found["trained"] = _trained(rows, rounds, classes, data, work, epochs)
    shared = {way: siblings_share(rows, rounds[way]) for way in WAYS}
    return {"set": _counts(rows, rounds), "shared_photographs": shared, "networks": found}


def _linear(
    rows: Sequence[Row],
    rounds: dict[str, list[Round]],
    truth: np.ndarray,
    classes: list[str],
    data: Path,
) -> dict[str, Any]:
    start = time.monotonic()
    features = whole_picture_features(rows, data)
    ways = {}
    for way, parts in rounds.items():
        asked = np.concatenate([r.test for r in parts])
        said = []
        for r in parts:
            head = fit_linear_head(features[r.train], truth[r.train], len(classes), c=RULER_C)
            said.append(head.logits(features[r.test]).argmax(axis=1))
        ways[way] = way_figures(truth[asked], np.concatenate(said), classes)
        logger.info("linear, %s: %s of %s", WAYS[way], ways[way]["right"], ways[way]["n"])
    return {
        "title": "frozen features, linear head",
        "what": (
            f"MobileNetV2, width {RULER.alpha}, ImageNet, frozen, on the whole picture at "
            f"{RULER.input_px} px; standardised features; logistic regression, C {RULER_C}, "
            "classes balanced; nothing random."
        ),
        "machine": _machine(),
        "minutes": (time.monotonic() - start) / 60,
        "ways": ways,
    }


def whole_picture_features(rows: Sequence[Row], root: Path) -> np.ndarray:
    """Pooled features of the frozen base for whole pictures, float64 array (N, 1280)."""
    import tensorflow as tf

    base = backbone(RULER, root / "weights")
    call = tf.function(lambda x: tf.reduce_mean(base(x / 127.5 - 1.0, training=False), [1, 2]))
    side = (RULER.input_px, RULER.input_px)
    parts = []
    for first in range(0, len(rows), BATCH):
        pictures = [
            cv2.resize(decode_image(row.file(root).read_bytes()), side)
            for row in rows[first : first + BATCH]
        ]
        parts.append(call(tf.constant(np.stack(pictures), tf.float32)).numpy())
        if first // BATCH % 10 == 9:
            logger.info("features of %s of %s pictures", first + BATCH, len(rows))
    return np.concatenate(parts).astype(np.float64)


def _trained(
    rows: list[Row],
    rounds: dict[str, list[Round]],
    classes: list[str],
    data: Path,
    work: Path,
    epochs: int | None,
) -> dict[str, Any]:
    """Our recipe, small, once a round; each way's units are what it believes to be sources."""
    recipe = with_overrides(load_recipe(RECIPE), seed=None, epochs=epochs)
    ways, minutes = {}, 0.0
    for way, parts in rounds.items():
        truth, said = [], []
        for k, r in enumerate(parts):
            folder = work / f"{way}-{k}"
            answers = _answers_of_round(rows, way, r, folder, data, recipe)
            truth += [classes.index(rows[i].label) for i in r.test]
            said += [classes.index(a) if a in classes else -1 for a in answers["predicted"]]
            minutes += answers["minutes"]
        ways[way] = way_figures(np.array(truth), np.array(said), classes)
        logger.info("trained, %s: %s of %s", WAYS[way], ways[way]["right"], ways[way]["n"])
    a, stage = recipe.architecture, recipe.stages[0]
    return {
        "title": "our recipe, small",
        "what": (
            f"Recipe `{RECIPE}`: MobileNetV2, width {a.alpha}, ImageNet, every layer trained on "
            f"located crops of {a.input_px} px, {stage.epochs} epochs of "
            f"{stage.crops_per_epoch} crops, our augmentation, seed {recipe.seed}; one training "
            "a round."
        ),
        "machine": _machine(),
        "minutes": minutes,
        "ways": ways,
    }


def _answers_of_round(
    rows: list[Row], way: str, r: Round, folder: Path, data: Path, recipe: Recipe
) -> dict[str, Any]:
    """Train and measure one round, or read what an earlier run of it left."""
    done, wanted = folder / "answers.json", [recipe.sha256, recipe.stages[0].epochs, len(rows)]
    if done.is_file():
        answers = json.loads(done.read_text(encoding="utf-8"))
        if answers["of"] == wanted:
            return answers
    start = time.monotonic()
    seen = _as_this_way_sees(rows, way, r, data)
    pictures = folder / "data"
    write_manifest(seen, pictures / "manifest.csv")
    _link(data / "weights", pictures / "weights")
    plan = RunPlan(recipe, pictures, folder / "run", folder, hold_out="measured")
    model, training_data = train(plan)
    engine = uncalibrated_engine(model, recipe, training_data.classes)
    nothing_known = TrainedOn(frozenset(), frozenset())
    predictions = predict_rows([seen[i] for i in r.test], data, engine, nothing_known)
    answers = {
        "of": wanted,
        "predicted": [p.predicted for p in predictions],
        "minutes": (time.monotonic() - start) / 60,
    }
    done.write_text(json.dumps(answers), encoding="utf-8")
    logger.info("%s: %.1f minutes", folder.name, answers["minutes"])
    return answers


def _as_this_way_sees(rows: list[Row], way: str, r: Round, data: Path) -> list[Row]:
    """The rows as this way of splitting sees them, with absolute paths."""
    measured = set(r.test.tolist())
    return [
        replace(
            row,
            path=str(row.file(data).resolve()),
            source=unit,
            split="measured" if i in measured else "training",
        )
        for i, (row, unit) in enumerate(zip(rows, units_of(rows, way), strict=True))
    ]


def _link(target: Path, link: Path) -> None:
    if target.is_dir() and not link.exists():
        link.symlink_to(target.resolve(), target_is_directory=True)


def _counts(rows: Sequence[Row], rounds: dict[str, list[Round]]) -> dict[str, Any]:
    table = {}
    for name in sorted({row.label for row in rows}):
        of = [row for row in rows if row.label == name]
        table[name] = {"copies": len(of), "photographs": len({row.source for row in of})}
    own = rounds["own_test"][0]
    return {
        "classes": table,
        "copies": len(rows),
        "photographs": len({row.source for row in rows}),
        "train": len(own.train),
        "test": len(own.test),
    }


def _machine() -> str:
    return f"{os.cpu_count()} cores"
