"""Shows what onboarding a microscope is worth, on a set of known classes. Loads TensorFlow."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import numpy as np

from mlmodels.ml.adaptation.adaptation import adapt
from mlmodels.ml.adaptation.adapted_version import adapted_engine, open_network
from mlmodels.ml.adaptation.reviewed_cells import ReviewedCell, cut_reviewed
from mlmodels.ml.datasets.manifest import Row, read_manifest
from mlmodels.ml.errors import ManifestInvalid
from mlmodels.ml.evaluation.evaluation import TrainedOn, predict_rows
from mlmodels.ml.evaluation.metrics import summarise
from mlmodels.ml.inference.engine import Engine, load_engine
from mlmodels.ml.training.provenance import git_revision

logger = logging.getLogger(__name__)

MANIFEST = "manifest.csv"


def demonstrate(
    *, base: Path, data: Path, name: str, cells: int, draws: int, output: Path
) -> dict[str, Any]:
    """Adapt to some cells of a set and measure on all others of it, several times.

    Sources stay together: none is on both sides. Nothing is chosen by the set: the settings are
    those of `mlmodels.ml.adaptation.adaptation`. Nothing is registered.

    Args:
        base: a version's folder.
        data: the data folder.
        name: of the set, e.g. "jtsc".
        cells: how many are reviewed in each draw.
        draws: how many draws, with the seeds 0, 1, …
        output: a folder for the figures.

    Returns:
        A JSON-ready table: before and after of each draw, mean and spread over the draws.

    Raises:
        ManifestInvalid: the set has too few cells.
    """
    engine = load_engine(base, runtime="keras")
    rows = read_manifest(data / "cells" / name / MANIFEST)
    rows = [row for row in rows if row.kind != "augmented"]
    if len(rows) <= cells:
        raise ManifestInvalid(f"The set {name} has {len(rows)} pictures; more are needed.")
    output.mkdir(parents=True, exist_ok=True)
    file = output / f"{name}-{cells}-{draws}.json"
    drawn: list[dict[str, Any]] = []
    result: dict[str, Any] = {
        "set": name,
        "model": f"{engine.name} {engine.version}",
        "weights_sha256": engine.weights_sha256,
        "git_revision": git_revision(),
        "cells": cells,
        "pictures": len(rows),
        "asked_draws": draws,
        "draws": drawn,
    }
    for seed in range(draws):
        figures = _one_draw(engine, base, rows, data, cells, seed)
        logger.info(
            "draw %s: %s; accuracy %.3f -> %.3f",
            seed,
            figures["chosen"],
            figures["before"]["accuracy"],
            figures["after"]["accuracy"],
        )
        drawn.append(figures)
        result["summary"] = _summary(drawn)
        # After each draw: what was measured is not lost with the process.
        file.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    logger.info("figures: %s", file)
    return result


def draw_reviewed(rows: list[Row], cells: int, seed: int) -> tuple[list[Row], list[Row]]:
    """Rows to adapt on, and all others; whole sources, so at least `cells` of them."""
    sources = sorted({row.source for row in rows})
    np.random.default_rng(seed).shuffle(sources)
    taken: set[str] = set()
    count = 0
    for source in sources:
        if count >= cells:
            break
        taken.add(source)
        count += sum(row.source == source for row in rows)
    return [r for r in rows if r.source in taken], [r for r in rows if r.source not in taken]


def _one_draw(
    engine: Engine, base: Path, rows: list[Row], data: Path, cells: int, seed: int
) -> dict[str, Any]:
    reviewed, others = draw_reviewed(rows, cells, seed)
    asked = [ReviewedCell(row.path, row.label, row.source) for row in reviewed]
    crops = cut_reviewed(asked, data, engine.classes, engine.crop_rule)
    network = open_network(base)
    fitted = adapt(engine, network, crops)
    adapted = adapted_engine(engine, network, fitted)
    return {
        "seed": seed,
        "reviewed": len(reviewed),
        "adapted_on": len(crops.truth),
        "measured_on": len(others),
        "chosen": fitted.setting.in_words(),
        "before": _measured(engine, others, data),
        "after": _measured(adapted, others, data),
    }


def _measured(engine: Engine, rows: list[Row], data: Path) -> dict[str, Any]:
    """Figures of an engine on pictures, by the very function that is in use."""
    nothing = TrainedOn(frozenset(), frozenset())
    answers = [p.answer for p in predict_rows(rows, data, engine, nothing)]
    return summarise(answers, engine.classes)


def _summary(drawn: list[dict[str, Any]]) -> dict[str, Any]:
    """Mean, standard deviation, lowest and highest of each figure over the draws."""
    table: dict[str, Any] = {}
    for when in ("before", "after"):
        for figure in ("accuracy", "balanced_accuracy", "coverage", "accuracy_accepted", "ece"):
            values = [draw[when][figure] for draw in drawn if draw[when][figure] is not None]
            if values:
                table[f"{figure}_{when}"] = {
                    "mean": float(np.mean(values)),
                    "deviation": float(np.std(values, ddof=1)) if len(values) > 1 else 0.0,
                    "lowest": min(values),
                    "highest": max(values),
                }
    return table
