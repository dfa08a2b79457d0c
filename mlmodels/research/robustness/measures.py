"""Measuring what an engine loses on perturbed pictures, and what it accepts that is no blood.

The whole engine reads the changed picture's bytes. It measures only: nothing is chosen by it.
"""

from __future__ import annotations

import hashlib
import logging
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from mlmodels.ml.datasets.manifest import Row
from mlmodels.ml.errors import RejectedImage
from mlmodels.ml.evaluation.evaluation import (
    Prediction,
    TrainedOn,
    predict_picture,
    was_trained_on,
)
from mlmodels.ml.evaluation.metrics import paired_difference_interval, summarise, wilson_interval
from mlmodels.ml.inference.calibration import ACCEPTED
from mlmodels.ml.inference.engine import Engine
from mlmodels.ml.inference.pipeline import read_image
from mlmodels.research.robustness.out_of_distribution import OutOfDistributionPicture
from mlmodels.research.robustness.perturbations import PERTURBATIONS, Perturbation, perturbed_bytes

logger = logging.getLogger(__name__)

AS_IS = "as_is"
# Classes that are no white cell.
NOT_WHITE = frozenset({"erythroblast", "platelet"})
WORST_SHOWN = 20


def stratified_rows(rows: Sequence[Row], limit: int, *, seed: int = 0) -> list[Row]:
    """A fixed draw in which classes keep their shares and sources come before their copies.

    Args:
        rows: of a set.
        limit: how many to draw; 0, or more than there are, draws all.
        seed: another one draws others.

    Returns:
        The rows, in the set's order. A second picture of a source is drawn only where its
        class has no source left without one.
    """
    if limit <= 0 or limit >= len(rows):
        return list(rows)

    def shuffled(text: str) -> str:
        return hashlib.sha256(f"{seed} {text}".encode()).hexdigest()

    by_class: dict[str, list[tuple[int, str, int]]] = defaultdict(list)
    seen: Counter[tuple[str, str]] = Counter()
    for place in sorted(range(len(rows)), key=lambda i: shuffled(rows[i].path)):
        row = rows[place]
        turn = seen[row.label, row.source]
        seen[row.label, row.source] += 1
        by_class[row.label].append((turn, shuffled(row.source), place))
    # Each class's pictures spread evenly over 0 to 1; the first ones of all keep the shares.
    spread = [
        ((number + 0.5) / len(drawn), label, place)
        for label, drawn in by_class.items()
        for number, (_, _, place) in enumerate(sorted(drawn))
    ]
    return [rows[place] for place in sorted(place for _, _, place in sorted(spread)[:limit])]


def predict_perturbed(
    rows: Iterable[Row],
    root: Path,
    engine: Engine,
    trained_on: TrainedOn,
    *,
    seed: int = 0,
) -> dict[str, list[Prediction]]:
    """Let the engine read each picture as it is and under each perturbation.

    Args:
        rows: of a set; those the version was trained on are passed over.
        root: what their paths are relative to.
        engine: a loaded version.
        trained_on: what it was trained on.
        seed: of the random perturbations.

    Returns:
        Predictions in the same order under "as_is" and under each perturbation's name.
    """
    answers: dict[str, list[Prediction]] = {AS_IS: [], **{p.name: [] for p in PERTURBATIONS}}
    for row in rows:
        data = row.file(root).read_bytes()
        if was_trained_on(data, row, trained_on):
            continue
        answers[AS_IS].append(predict_picture(data, row, engine, trained_on=False))
        for perturbation in PERTURBATIONS:
            changed = _changed(data, perturbation, seed)
            answers[perturbation.name].append(
                predict_picture(changed, row, engine, trained_on=False)
            )
        if len(answers[AS_IS]) % 50 == 0:
            logger.info("%s pictures read in %s ways", len(answers[AS_IS]), len(answers))
    return answers


def report_perturbed(
    answers: dict[str, list[Prediction]], classes: Sequence[str]
) -> dict[str, Any]:
    """Figures of each perturbation beside those of the same pictures as they are.

    Args:
        answers: of `predict_perturbed`, also pooled over folds.
        classes: the model's.

    Returns:
        A JSON-ready table: n, sources (where they are fewer than n, copies of one photograph
        are among the pictures and the intervals are too narrow), the figures `as_is`, and
        `perturbed` by name: accuracy, points_lost (100 times the accuracy as it is minus the
        perturbed one) with its paired interval, pictures newly wrong and newly right,
        coverage, selective accuracy.
    """
    as_is = answers[AS_IS]
    return {
        "n": len(as_is),
        "sources": len({p.row.source for p in as_is}),
        "unreadable": [p.row.path for p in as_is if p.problem],
        AS_IS: _figures(as_is, classes),
        "perturbed": {
            p.name: {
                "what": p.what,
                **_figures(answers[p.name], classes),
                **_loss(as_is, answers[p.name]),
            }
            for p in PERTURBATIONS
        },
    }


def measure_out_of_distribution(
    asked: Iterable[OutOfDistributionPicture], engine: Engine
) -> dict[str, Any]:
    """Let the engine read pictures that are no blood film.

    Args:
        asked: the pictures.
        engine: a loaded version.

    Returns:
        A JSON-ready table: over all and by kind the pictures, and how many of them give no
        accepted white cell (with its interval), no accepted cell and no cell at all; the
        worst ones (most accepted white cells first), and every picture with its SHA-256.
    """
    pictures = [_read_picture(picture, engine) for picture in asked]
    kinds = sorted({p["kind"] for p in pictures})
    worst = sorted(
        (p for p in pictures if p["accepted_white"]),
        key=lambda p: (-p["accepted_white"], -p["surest"], p["name"]),
    )
    return {
        **_share_without(pictures),
        "by_kind": {k: _share_without([p for p in pictures if p["kind"] == k]) for k in kinds},
        "worst": worst[:WORST_SHOWN],
        "pictures": pictures,
        "weights_sha256": engine.weights_sha256,
    }


def _changed(data: bytes, perturbation: Perturbation, seed: int) -> bytes:
    """The perturbed picture; what cannot be decoded stays, and the engine refuses it too."""
    try:
        return perturbed_bytes(data, perturbation, seed=seed)
    except RejectedImage:
        return data


def _figures(predictions: Sequence[Prediction], classes: Sequence[str]) -> dict[str, Any]:
    table = summarise([p.answer for p in predictions], classes)
    kept = (
        "accuracy",
        "balanced_accuracy",
        "coverage",
        "accuracy_accepted",
        "no_cell_found",
        "intervals",
    )
    recalls = {name: f["recall"] for name, f in table["per_class"].items() if f["n"]}
    return {**{key: table[key] for key in kept}, "recall": recalls}


def _loss(as_is: Sequence[Prediction], changed: Sequence[Prediction]) -> dict[str, Any]:
    pairs = Counter(
        (a.predicted == a.row.label, b.predicted == b.row.label)
        for a, b in zip(as_is, changed, strict=True)
    )
    both, neither = pairs[True, True], pairs[False, False]
    newly_wrong, newly_right = pairs[True, False], pairs[False, True]
    low, high = paired_difference_interval(both, newly_wrong, newly_right, neither)
    n = len(as_is)
    return {
        "points_lost": 100 * (newly_wrong - newly_right) / n if n else None,
        "points_lost_interval": (100 * low, 100 * high),
        "newly_wrong": newly_wrong,
        "newly_right": newly_right,
    }


def _read_picture(picture: OutOfDistributionPicture, engine: Engine) -> dict[str, Any]:
    data = picture.png()
    cells = read_image(data, engine).cells
    accepted = [c for c in cells if c.disposition == ACCEPTED]
    white = [c for c in accepted if c.label not in NOT_WHITE]
    return {
        "name": picture.name,
        "kind": picture.kind,
        "sha256": hashlib.sha256(data).hexdigest(),
        "cells": len(cells),
        "accepted": len(accepted),
        "accepted_white": len(white),
        "labels": dict(Counter(c.label for c in white)),
        "surest": max((c.confidence for c in white), default=0.0),
    }


def _share_without(pictures: Sequence[dict[str, Any]]) -> dict[str, Any]:
    n = len(pictures)
    calm = sum(not p["accepted_white"] for p in pictures)
    return {
        "n": n,
        "without_accepted_white_cell": calm,
        "share": calm / n if n else None,
        "interval": wilson_interval(calm, n),
        "without_accepted_cell": sum(not p["accepted"] for p in pictures),
        "without_any_cell": sum(not p["cells"] for p in pictures),
    }
