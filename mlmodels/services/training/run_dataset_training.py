"""Trains on one dataset, from its manifest to a measured version. Loads TensorFlow."""

from __future__ import annotations

import fcntl
import json
import logging
import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

from mlmodels.artifacts import RUN_PROVENANCE
from mlmodels.ml.datasets.manifest import Row, manifest_sha256, rows_of_folder
from mlmodels.ml.errors import ManifestInvalid
from mlmodels.ml.evaluation.evaluation import (
    load_trained_on,
    predict_rows,
    report,
    write_predictions,
)
from mlmodels.ml.inference.engine import load_engine
from mlmodels.ml.inference.version_files import file_sha256
from mlmodels.ml.training.architecture import weights_file
from mlmodels.ml.training.data import TEST_SPLITS, TrainingData, classes_of
from mlmodels.ml.training.export import PACKAGES, finish_version, write_card
from mlmodels.ml.training.loop import RunPlan, prepare, train, with_overrides
from mlmodels.ml.training.progress import CALIBRATING, MEASURING, PROGRESS, Progress, ProgressFile
from mlmodels.ml.training.provenance import git_revision
from mlmodels.ml.training.recipe import Recipe, load_recipe
from mlmodels.ml.training.reports.run_report import write_data_report, write_report

logger = logging.getLogger(__name__)

RUNTIME = "litert"


def train_on_dataset(
    *,
    recipe: str,
    dataset: Path,
    output: Path,
    cache: Path,
    name: str,
    version: str,
    seed: int | None,
    epochs: int | None,
    threads: int,
    weights: Path,
    frozen_sha256: str = "",
) -> dict[str, Any]:
    """Train a recipe on a dataset's folder and measure the version on the dataset's test split.

    Run again with the same arguments, it goes on after the last whole epoch.

    Args:
        recipe: a name, or a TOML file.
        dataset: the folder with `manifest.csv`, or with class folders.
        output: the run folder.
        cache: where crops are kept.
        name, version: of what is made.
        weights: the folder in which files of base weights may lie.
        frozen_sha256: of the dataset when it was frozen; empty lets any files train.

    Returns:
        The version's card.

    Raises:
        EngineError: the data or the recipe cannot train.
    """
    output.mkdir(parents=True, exist_ok=True)
    rows = rows_of_folder(dataset)
    if frozen_sha256:
        _refuse_other_files(rows, dataset, frozen_sha256)
    plan = RunPlan(
        recipe=with_overrides(load_recipe(recipe), seed=seed, epochs=epochs),
        data_root=dataset,
        output=output,
        cache=cache,
        threads=threads,
        classes=classes_of(rows),
        weights=weights,
        follows_calibration=True,
        repeatable=True,
    )
    with _alone(output):
        return _train(plan, rows, name=name, version=version)


def _train(plan: RunPlan, rows: list[Row], *, name: str, version: str) -> dict[str, Any]:
    tell = ProgressFile(plan.output / PROGRESS)
    made_with = _provenance(plan)
    text = json.dumps(made_with, indent=2) + "\n"
    (plan.output / RUN_PROVENANCE).write_text(text, encoding="utf-8")
    logger.info("base weights: %s", made_with["base_weights"])
    data = prepare(plan, tell)
    write_data_report(rows, data, plan.recipe, plan.output)
    model, data = train(plan, tell, data)
    tell(Progress(CALIBRATING))
    logger.info("calibrating and exporting")
    folder = plan.output / "version"
    card = finish_version(
        model,
        data,
        plan.recipe,
        name=name,
        version=version,
        data_root=plan.data_root,
        output=folder,
        hold_out="",
        git_revision=made_with["git_revision"],
    )
    tell(Progress(MEASURING))
    return _measured(card, folder, _rows_to_measure(rows, data), plan)


def _refuse_other_files(rows: list[Row], folder: Path, frozen_sha256: str) -> None:
    """Let only the dataset train that was frozen, to the byte."""
    listed = ((r.path, file_sha256(r.file(folder)), r.label, r.source, r.split) for r in rows)
    if manifest_sha256(listed) != frozen_sha256:
        raise ManifestInvalid(
            "The dataset's files are not the ones that were frozen. Ask the operator to restore "
            "them, then resume the run."
        )


def _rows_to_measure(rows: list[Row], data: TrainingData) -> tuple[str, list[Row]]:
    """The test split; where there is none, what calibrated, and its name says so."""
    test = [row for row in rows if row.split in TEST_SPLITS]
    if test:
        return "test", test
    calibrating = {data.crops[i].path for i in data.calibration}
    return "validation", [row for row in rows if row.path in calibrating]


def _measured(
    card: dict[str, Any],
    folder: Path,
    to_measure: tuple[str, list[Row]],
    plan: RunPlan,
) -> dict[str, Any]:
    """Measure the version and write the run's report; a test goes onto the card as well."""
    name, rows = to_measure
    engine = load_engine(folder, runtime=RUNTIME, threads=plan.threads)
    logger.info("measuring on %s pictures: %s", len(rows), name)
    predictions = predict_rows(rows, plan.data_root, engine, load_trained_on(folder))
    write_predictions(predictions, plan.output / "predictions.csv")
    write_report(
        predictions,
        plan.data_root,
        classes=engine.classes,
        crop_rule=engine.crop_rule,
        measured_on=name,
        folder=plan.output,
    )
    if name == "test":
        figures = report(predictions, engine.classes, weights_sha256=engine.weights_sha256)
        card["metrics"]["test"] = {"runtime": RUNTIME, **figures}
        write_card(card, folder)
    return card


def _provenance(plan: RunPlan) -> dict[str, Any]:
    """What the numbers depend on, for the run's row and page."""
    file = weights_file(plan.recipe.architecture, plan.weights_folder)
    return {
        "git_revision": git_revision(),
        "packages": _packages(),
        "python": platform.python_version(),
        "threads": plan.threads,
        "cores": os.cpu_count(),
        "base_weights": file.name if file else _without_file(plan.recipe),
        "base_weights_sha256": file_sha256(file) if file else "",
    }


def _packages() -> dict[str, str]:
    there = {d.metadata["Name"].lower().replace("_", "-"): d.version for d in distributions()}
    return {name: there[name] for name in PACKAGES if name in there}


def _without_file(recipe: Recipe) -> str:
    fetched = recipe.architecture.weights == "imagenet"
    return "ImageNet, as Keras fetches them" if fetched else "none: began with random weights"


@contextmanager
def _alone(output: Path) -> Iterator[None]:
    """Let one process at a time write into a run folder; a second one waits for its end."""
    with (output / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            logger.info("another process still writes into this run's folder; waiting for its end")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
