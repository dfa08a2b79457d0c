"""Trains on one dataset, from its manifest to a measured version. Loads TensorFlow."""

from __future__ import annotations

import fcntl
import json
import os
import platform
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

from mlmodels.artifacts import RUN_PROVENANCE
from mlmodels.ml.architecture import weights_file
from mlmodels.ml.engine import file_sha256, load_engine
from mlmodels.ml.evaluation import load_trained_on, predict_rows, report, write_predictions
from mlmodels.ml.export import PACKAGES, finish_version, write_card
from mlmodels.ml.manifest import Row, rows_of_folder
from mlmodels.ml.progress import CALIBRATING, MEASURING, PROGRESS, Progress, ProgressFile
from mlmodels.ml.recipe import Recipe, load_recipe
from mlmodels.ml.training import RunPlan, prepare, train, with_overrides
from mlmodels.ml.training_data import TEST_SPLITS, classes_of
from mlmodels.services.run_training import git_revision

Say = Callable[[str], None]
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
    say: Say,
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
        say: told a line now and then.

    Returns:
        The version's card.

    Raises:
        EngineError: the data or the recipe cannot train.
    """
    output.mkdir(parents=True, exist_ok=True)
    rows = rows_of_folder(dataset)
    plan = RunPlan(
        recipe=with_overrides(load_recipe(recipe), seed=seed, epochs=epochs),
        data_root=dataset,
        output=output,
        cache=cache,
        threads=threads,
        classes=classes_of(rows),
        weights=weights,
        follows_inner=True,
        repeatable=True,
    )
    with _alone(output, say):
        return _train(plan, rows, name=name, version=version, say=say)


def _train(plan: RunPlan, rows: list[Row], *, name: str, version: str, say: Say) -> dict[str, Any]:
    tell = ProgressFile(plan.output / PROGRESS)
    made_with = _provenance(plan)
    text = json.dumps(made_with, indent=2) + "\n"
    (plan.output / RUN_PROVENANCE).write_text(text, encoding="utf-8")
    say(f"base weights: {made_with['base_weights']}")
    data = prepare(plan, say, tell)
    model, data = train(plan, say, tell, data)
    tell(Progress(CALIBRATING))
    say("calibrating and exporting")
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
    return _measured(card, folder, rows, plan, say)


def _measured(
    card: dict[str, Any], folder: Path, rows: list[Row], plan: RunPlan, say: Say
) -> dict[str, Any]:
    """The card with the figures of the test split, if the dataset has one."""
    test = [row for row in rows if row.split in TEST_SPLITS]
    engine = load_engine(folder, runtime=RUNTIME, threads=plan.threads)
    say(f"measuring on {len(test)} pictures of the test split")
    predictions = predict_rows(test, plan.data_root, engine, load_trained_on(folder), say)
    write_predictions(predictions, plan.output / "test_predictions.csv")
    if predictions:
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
def _alone(output: Path, say: Say) -> Iterator[None]:
    """Let one process at a time write into a run folder; a second one waits for its end."""
    with (output / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            say("another process still writes into this run's folder; waiting for its end")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
