"""Measures versions on perturbed pictures and on pictures that are no blood film."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mlmodels.artifacts import model_directory
from mlmodels.ml.evaluation.evaluation import Prediction, load_trained_on
from mlmodels.ml.inference.engine import load_engine
from mlmodels.research.evaluation import Pictures, parts_by_fold
from mlmodels.research.robustness.measures import (
    AS_IS,
    measure_out_of_distribution,
    predict_perturbed,
    report_perturbed,
    stratified_rows,
)
from mlmodels.research.robustness.out_of_distribution import all_out_of_distribution

logger = logging.getLogger(__name__)


def evaluate_perturbed(
    pictures: Pictures,
    *,
    model: str | None,
    runs: Path | None,
    runtime: str,
    limit: int,
    seed: int,
) -> dict[str, Any]:
    """Measure a set as it is and under each perturbation.

    Args:
        pictures: the set.
        model: a shipped version or a folder; None is the newest.
        runs: where given, each fold is read by the version in it that left the fold out.
        runtime: "keras" or "litert".
        limit: of pictures, drawn with their classes' shares; 0 reads all.
        seed: of the draw and of the perturbations.

    Raises:
        ArtifactDamaged: there is no such version, or none that left a fold out.
    """
    drawn = Pictures(tuple(stratified_rows(pictures.rows, limit, seed=seed)), pictures.root)
    parts = parts_by_fold(drawn, runs) if runs else {"": (drawn, model_directory(model))}
    pooled: dict[str, list[Prediction]] = defaultdict(list)
    shas: dict[str, str] = {}
    names: list[str] = []
    for fold, (part, directory) in parts.items():
        engine = load_engine(directory, runtime=runtime)
        known = load_trained_on(directory)
        logger.info("%s: %s pictures", fold or engine.version, len(part.rows))
        for way, answers in predict_perturbed(
            part.rows, part.root, engine, known, seed=seed
        ).items():
            pooled[way] += answers
        shas[fold], classes = engine.weights_sha256, engine.classes
        names.append(f"{engine.name}-{engine.version}")
    return {
        "model": names[0] if not runs else names,
        "runtime": runtime,
        "weights_sha256": shas[""] if not runs else shas,
        "drawn": len(drawn.rows),
        "of": len(pictures.rows),
        "seed": seed,
        "trained_on_left_out": len(drawn.rows) - len(pooled[AS_IS]),
        **report_perturbed(pooled, classes),
    }


def evaluate_out_of_distribution(directory: Path, *, runtime: str) -> dict[str, Any]:
    """Measure what a version accepts in pictures that are no blood film."""
    engine = load_engine(directory, runtime=runtime)
    named = {"model": f"{engine.name}-{engine.version}", "runtime": runtime}
    return {**named, **measure_out_of_distribution(all_out_of_distribution(), engine)}


def lines_of_perturbed(figures: dict[str, Any]) -> Iterator[str]:
    """The table that a person reads: one line a perturbation."""
    as_is = figures[AS_IS]
    n, left_out = figures["n"], figures["trained_on_left_out"]
    yield f"{n} pictures of {figures['sources']} sources; trained on and left out: {left_out}"
    if not n:
        return
    yield f"{AS_IS:18} accuracy {as_is['accuracy']:7.2%}, accepted {as_is['coverage']:7.2%}"
    for name, table in figures["perturbed"].items():
        low, high = table["points_lost_interval"]
        yield (
            f"{name:18} accuracy {table['accuracy']:7.2%}, accepted {table['coverage']:7.2%}, "
            f"points lost {table['points_lost']:6.2f} ({low:.2f} to {high:.2f})"
        )


def lines_of_out_of_distribution(figures: dict[str, Any]) -> Iterator[str]:
    """The table that a person reads: one line a kind, then the worst pictures."""
    for kind, table in {**figures["by_kind"], "all": figures}.items():
        low, high = table["interval"]
        yield (
            f"{kind:16} no accepted white cell in {table['without_accepted_white_cell']:3} of "
            f"{table['n']:3} ({low:.1%} to {high:.1%}), no cell at all in "
            f"{table['without_any_cell']:3}"
        )
    for p in figures["worst"]:
        yield f"{p['name']}: {p['accepted_white']} accepted, {p['labels']}, up to {p['surest']:.3f}"
