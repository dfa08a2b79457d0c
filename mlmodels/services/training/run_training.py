"""Trains models from recipes and puts versions together to be shipped. Loads TensorFlow."""

from __future__ import annotations

import json
import logging
import shutil
from pathlib import Path
from typing import Any

from mlmodels.ml.classes import CLASSES
from mlmodels.ml.errors import ArtifactDamaged
from mlmodels.ml.inference.engine import CARD, verify_folder
from mlmodels.ml.inference.runtimes.choose import FILES, INT8_FILE
from mlmodels.ml.inference.version_files import copy_version, share_weights
from mlmodels.ml.training.export import finish_version, write_card
from mlmodels.ml.training.loop import RunPlan, train, with_overrides
from mlmodels.ml.training.provenance import REPOSITORY, git_revision
from mlmodels.ml.training.recipe import load_recipe
from mlmodels.ml.training.reports.card_text import card_markdown

logger = logging.getLogger(__name__)

SHIPPED = REPOSITORY / "mlmodels" / "shipped"
CARD_PAGE = REPOSITORY / "docs" / "model" / "card.md"
NAME = "hematovision"


def run_training(
    *,
    recipe: str,
    data: Path,
    output: Path,
    cache: Path,
    version: str,
    hold_out: str = "",
    seed: int | None = None,
    epochs: int | None = None,
    without: str = "",
    threads: int = 2,
) -> dict[str, Any]:
    """Train a recipe to its end and write the version into `output/version`.

    Run again with the same arguments, it goes on after the last whole epoch.

    Returns:
        The version's card.
    """
    prepared = with_overrides(load_recipe(recipe), seed=seed, epochs=epochs, without=without)
    plan = RunPlan(
        recipe=prepared,
        data_root=data,
        output=output,
        cache=cache,
        hold_out=hold_out,
        threads=threads,
        classes=prepared.classes or CLASSES,
    )
    model, training_data = train(plan)
    logger.info("calibrating and exporting")
    return finish_version(
        model,
        training_data,
        plan.recipe,
        name=NAME,
        version=version,
        data_root=data,
        output=output / "version",
        hold_out=hold_out,
        git_revision=git_revision(),
    )


def ship(run: Path, *, version: str, about: Path | None, metrics: dict[str, Path]) -> Path:
    """Copy a run's version into `mlmodels/shipped`, with its measured figures on the card.

    Its weights go to `mlmodels/shipped/weights`, where versions of one network share them.

    Args:
        run: the run folder.
        version: the number it is shipped under.
        about: a JSON file with what only people know: intended use, licences, known failures.
        metrics: JSON files of `evaluate_model`, by the name they get on the card.

    Returns:
        The shipped folder.

    Raises:
        ArtifactDamaged: the run's version is not whole, or figures are of other weights.
    """
    source, target = run / "version", SHIPPED / f"{NAME}-{version}"
    sums = verify_folder(source)
    card = json.loads((source / CARD).read_text(encoding="utf-8"))
    card |= {"version": version}
    if about:
        card |= json.loads(about.read_text(encoding="utf-8"))
    for name, file in metrics.items():
        figures = json.loads(file.read_text(encoding="utf-8"))
        measured = [figures["weights_sha256"], figures.get("attributes_sha256")]
        if any(isinstance(m, str) and m not in sums.values() for m in measured):
            raise ArtifactDamaged(f"The figures in {file.name} are of other weights.")
        card["metrics"][name] = figures
    weights = tuple(name for name in (*FILES.values(), INT8_FILE) if name in sums)
    card["weights_sha256"] = {name: sums[name] for name in weights}
    part = target.with_name(target.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    copy_version(source, part)
    write_card(card, part)
    share_weights(part, weights)
    shutil.rmtree(target, ignore_errors=True)
    part.rename(target)
    if metrics:
        CARD_PAGE.parent.mkdir(parents=True, exist_ok=True)
        CARD_PAGE.write_text(card_markdown(card), encoding="utf-8")
    return target
