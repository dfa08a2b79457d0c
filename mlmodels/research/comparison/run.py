"""Trains and measures the compared recipes at a stated scale. Loads TensorFlow and LiteRT."""

from __future__ import annotations

import csv
import hashlib
import json
import logging
import os
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from mlmodels.ml.classes import CLASSES
from mlmodels.ml.datasets.manifest import Row, read_manifest, write_manifest
from mlmodels.ml.errors import RecipeInvalid
from mlmodels.ml.evaluation.evaluation import TrainedOn, predict_rows
from mlmodels.ml.evaluation.metrics import Answer
from mlmodels.ml.inference.engine import Engine
from mlmodels.ml.inference.runtimes.choose import FILES, open_runtime
from mlmodels.ml.inference.version_files import file_sha256
from mlmodels.ml.training.architecture import build_network
from mlmodels.ml.training.export import write_litert
from mlmodels.ml.training.loop import RunPlan, train
from mlmodels.ml.training.recipe import Recipe, load_recipe
from mlmodels.ml.training.uncalibrated import uncalibrated_engine
from mlmodels.research.comparison.scales import (
    CORE_SET,
    SCALES,
    Scale,
    at_scale,
    compared_figures,
    measured_rows,
    rows_at_scale,
)
from mlmodels.research.comparison.text import comparison_markdown

logger = logging.getLogger(__name__)

PBC = "pbc"
TIMED_CALLS = 30
KERAS_BATCH = 8


def compare_recipes(
    *,
    recipes: Sequence[str],
    data: Path,
    scale_name: str,
    work: Path,
    page: Path | None,
    command: str,
    scale: Scale | None = None,
) -> list[dict[str, Any]]:
    """Train and measure recipes one after the other; the page is written after each.

    A recipe that is done is not done again; one that was stopped goes on after its last epoch.

    Args:
        recipes: names, in the order of the table.
        data: the data folder.
        scale_name: a key of `SCALES`, or the name of `scale`.
        work: where crops, runs and figures are kept.
        page: the Markdown file; None for none.
        command: as it stands on the page.
        scale: instead of one of `SCALES`.

    Returns:
        The figures of each recipe.

    Raises:
        RecipeInvalid: there is no such recipe or scale.
    """
    if scale is None and scale_name not in SCALES:
        raise RecipeInvalid(f"There is no scale {scale_name}. There are: {', '.join(SCALES)}.")
    chosen = scale or SCALES[scale_name]
    scaled = [at_scale(load_recipe(name), chosen) for name in recipes]
    folder = work / scale_name
    pictures = _data_at_scale(scaled, data, chosen, folder / "data")
    found: list[dict[str, Any]] = []
    for name, recipe in zip(recipes, scaled, strict=True):
        found.append(_figures_of(name, recipe, data, pictures, chosen, folder))
        if page:
            missing = list(recipes)[len(found) :]
            page.parent.mkdir(parents=True, exist_ok=True)
            text = comparison_markdown(
                found, name=scale_name, scale=chosen, command=command, missing=missing
            )
            page.write_text(text, encoding="utf-8")
    return found


def _data_at_scale(recipes: Sequence[Recipe], data: Path, scale: Scale, folder: Path) -> Path:
    """A data folder whose manifests hold only the scale's pictures, where they lie."""
    for name in sorted({s for r in recipes for stage in r.stages for s in stage.shares}):
        rows = rows_at_scale(read_manifest(data / "cells" / name / "manifest.csv"), scale)
        there = [replace(row, path=str(row.file(data).resolve())) for row in rows]
        write_manifest(there, folder / "cells" / name / "manifest.csv")
    link = folder / "weights"
    if (data / "weights").is_dir() and not link.exists():
        link.symlink_to((data / "weights").resolve(), target_is_directory=True)
    return folder


def _figures_of(
    name: str, recipe: Recipe, data: Path, pictures: Path, scale: Scale, folder: Path
) -> dict[str, Any]:
    """Figures of one recipe: kept ones if they are of the same recipe, scale and pictures."""
    run = folder / recipe.name
    kept, of = run / "figures.json", _key(recipe, scale, pictures)
    if kept.is_file():
        figures: dict[str, Any] = json.loads(kept.read_text(encoding="utf-8"))
        if figures["of"] == of:
            logger.info("%s: done before", name)
            return figures
    logger.info("%s: training", name)
    plan = RunPlan(recipe, pictures, run, folder / "kept", hold_out=scale.hold_out)
    model, training_data = train(plan)
    logger.info("%s: measuring", name)
    engine = uncalibrated_engine(model, recipe, training_data.classes)
    figures = {
        "of": of,
        "recipe": recipe.name,
        "recipe_sha256": recipe.sha256,
        "machine": f"{os.cpu_count()} cores under a load of {os.getloadavg()[0]:.0f}",
        "sets": _right_answers(engine, data, scale),
        **_training_cost(run),
        **_cost_of_use(model, name, recipe, run),
    }
    kept.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    return figures


def _key(recipe: Recipe, scale: Scale, pictures: Path) -> str:
    manifests = sorted(pictures.glob("cells/*/manifest.csv"))
    parts = [recipe.sha256, json.dumps(asdict(scale)), *map(file_sha256, manifests)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def _right_answers(engine: Engine, data: Path, scale: Scale) -> dict[str, Any]:
    """Figures of the held-out fold, its photographs and copies apart, and of pbc's test."""

    def answers(rows: list[Row]) -> list[Answer]:
        nothing_known = TrainedOn(frozenset(), frozenset())
        return [p.answer for p in predict_rows(rows, data, engine, nothing_known)]

    core = read_manifest(data / "cells" / CORE_SET / "manifest.csv")
    fold = [row for row in core if row.split == scale.hold_out]
    said = answers(fold)
    by_kind = {
        kind: [a for a, row in zip(said, fold, strict=True) if row.kind == kind]
        for kind in ("photograph", "augmented")
    }
    pbc = measured_rows(read_manifest(data / "cells" / PBC / "manifest.csv"), scale)
    parts = {
        "fold": said,
        "photographs": by_kind["photograph"],
        "copies": by_kind["augmented"],
        "pbc": answers(pbc),
    }
    return {name: compared_figures(part, engine.classes) for name, part in parts.items()}


def _training_cost(run: Path) -> dict[str, Any]:
    """Seconds and epochs of the whole run, also where it was stopped in between."""
    with (run / "metrics.csv").open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    return {"training_seconds": sum(float(r["seconds"]) for r in rows), "epochs": len(rows)}


def _cost_of_use(model: Any, name: str, recipe: Recipe, run: Path) -> dict[str, Any]:
    """Parameters, sizes of both files, and milliseconds a crop at the recipe's own input."""
    own = load_recipe(name).architecture
    network = model
    if own.input_px != recipe.architecture.input_px:
        # Pooling makes the weights independent of the input's size.
        network = build_network(replace(own, weights="none"), len(CLASSES), None)
        network.set_weights(model.get_weights())
    with tempfile.TemporaryDirectory(dir=run) as place:
        files = {kind: Path(place) / file for kind, file in FILES.items()}
        network.save(files["keras"])
        write_litert(network, files["litert"])
        one = np.zeros((1, own.input_px, own.input_px, 3), np.uint8)
        eight = np.repeat(one, KERAS_BATCH, axis=0)
        learning = sum(int(np.prod(v.shape)) for v in network.trainable_variables)
        return {
            "input_px": own.input_px,
            "trained_px": recipe.architecture.input_px,
            "parameters": network.count_params(),
            "learning": learning,
            "keras_bytes": files["keras"].stat().st_size,
            "litert_bytes": files["litert"].stat().st_size,
            "weights_sha256": file_sha256(files["keras"]),
            "litert_ms": _median_ms(open_runtime(Path(place), "litert"), one),
            "keras_ms": _median_ms(open_runtime(Path(place), "keras"), eight) / KERAS_BATCH,
        }


def _median_ms(runtime: Any, crops: np.ndarray) -> float:
    runtime.run(crops)
    spent = []
    for _ in range(TIMED_CALLS):
        start = time.perf_counter()
        runtime.run(crops)
        spent.append(1000 * (time.perf_counter() - start))
    return float(np.median(spent))
