"""Comparing recipes at a scale that fits a CPU: the scales, and recipes brought to one.

Changes numbers of recipes and chooses pictures; it trains nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from mlmodels.ml.datasets.manifest import Row
from mlmodels.ml.datasets.splits import source_order
from mlmodels.ml.evaluation.metrics import Answer, summarise, wilson_interval
from mlmodels.ml.training.data import TEST_SPLITS
from mlmodels.ml.training.recipe import Recipe

RECIPES = ("mobilenet_v2", "variant_a", "variant_b", "variant_c", "variant_d", "vgg16")
CORE_SET = "kaggle"


@dataclass(frozen=True)
class Scale:
    """How much of everything a comparison uses; the same for every recipe.

    Args:
        crops_per_epoch, epochs: every recipe sees their product in crops, shared out over
            its stages; 0 leaves both to the recipe.
        sources_a_class: so many sources of each class train or calibrate in every set; 0 for all.
        tests_a_class: so many pictures of each class of pbc `test` are measured; 0 for all.
        scratch_px: side of the crop at most, for networks that learn from random weights (they
            compute every layer forwards and backwards); 0 for the recipe's own.
        hold_out: the fold that is left out of training, and measured.
    """

    crops_per_epoch: int
    epochs: int
    sources_a_class: int
    tests_a_class: int
    scratch_px: int
    hold_out: str


SCALES = {
    "small": Scale(960, 4, 150, 50, 48, "fold0"),
    "full": Scale(0, 0, 0, 0, 0, "fold0"),
}


def at_scale(recipe: Recipe, scale: Scale) -> Recipe:
    """A recipe brought to a scale; its text, and so its hash, stays that of the file.

    Stages share the epochs evenly, each at least one; the warm-up is a tenth of a stage at most.
    """
    a = recipe.architecture
    if scale.scratch_px and a.weights == "none":
        a = replace(a, input_px=min(a.input_px, scale.scratch_px))
    stages = recipe.stages
    if scale.epochs:
        each = max(1, scale.epochs // len(stages))
        steps = [each * scale.crops_per_epoch // s.batch for s in stages]
        stages = tuple(
            replace(
                s,
                epochs=each,
                crops_per_epoch=scale.crops_per_epoch,
                warmup_steps=min(s.warmup_steps, n // 10),
            )
            for s, n in zip(stages, steps, strict=True)
        )
    return replace(recipe, architecture=a, stages=stages)


def rows_at_scale(rows: Sequence[Row], scale: Scale) -> list[Row]:
    """The training rows of a set at a scale: so many sources of each class, held-out folds whole.

    Args:
        rows: of one set; those of a test split are passed over.
        scale: how many sources, and which fold is held out.

    Returns:
        Rows in their order, chosen by the fixed shuffle of sources.
    """
    rows = [row for row in rows if row.split not in TEST_SPLITS]
    if not scale.sources_a_class:
        return rows
    by_class: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        if row.split != scale.hold_out:
            by_class[row.label].add(row.source)
    chosen: set[str] = set()
    for sources in by_class.values():
        chosen.update(sorted(sources, key=source_order)[: scale.sources_a_class])
    return [row for row in rows if row.split == scale.hold_out or row.source in chosen]


def measured_rows(rows: Sequence[Row], scale: Scale) -> list[Row]:
    """The measured rows of a test split: so many of each class, by the fixed shuffle."""
    by_class: dict[str, list[Row]] = defaultdict(list)
    for row in sorted(rows, key=lambda r: source_order(r.source)):
        if row.split in TEST_SPLITS:
            by_class[row.label].append(row)
    most = scale.tests_a_class or None
    return [row for label in sorted(by_class) for row in by_class[label][:most]]


def compared_figures(answers: Sequence[Answer], classes: Sequence[str]) -> dict[str, Any]:
    """What the table shows of a set: n, right, accuracy, interval, balanced and macro F1.

    Macro F1 is the mean F1 of the true classes present, while all the model's classes compete.
    """
    figures = summarise(answers, classes)
    f1 = [f["f1"] for f in figures["per_class"].values() if f["n"]]
    right = sum(a.true == a.predicted for a in answers)
    return {
        "n": len(answers),
        "right": right,
        "accuracy": right / len(answers),
        "interval": wilson_interval(right, len(answers)),
        "balanced_accuracy": figures["balanced_accuracy"],
        "macro_f1": float(np.mean(f1)),
        "recall": {n: [f["recall"], f["n"]] for n, f in figures["per_class"].items() if f["n"]},
    }
