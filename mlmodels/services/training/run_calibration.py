"""Calibrates a finished version again by another recipe; its network stays as it is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from mlmodels.ml.errors import ArtifactDamaged
from mlmodels.ml.inference.engine import CARD, load_engine, verify_folder
from mlmodels.ml.training.calibration.version_calibration import calibrate
from mlmodels.ml.training.eight_bits import add_eight_bits, drop_eight_bits
from mlmodels.ml.training.export import write_card
from mlmodels.ml.training.provenance import git_revision
from mlmodels.ml.training.recipe import Recipe, deciding, load_recipe
from mlmodels.services.training.finished_versions import data_of, recipe_of, working_copy


def recalibrate(
    directory: Path,
    *,
    recipe: str,
    data: Path,
    cache: Path,
    output: Path,
    version: str,
    runtime: str = "litert",
) -> dict[str, Any]:
    """Write a version with the network, familiarity and words of another, calibrated anew.

    Args:
        directory: the finished version's folder.
        recipe: name or file. Its stages must be those that the version was trained by.
        data: the data folder that the version was trained on.
        cache: where crops are kept.
        output: the new folder; replaced where there is one.
        version: the number that the new version gets.
        runtime: "keras" or "litert".

    Returns:
        The new card; under `recalibrated` the version whose training made the network, and its
        recipe.

    Raises:
        ArtifactDamaged: the version is not whole or an adapted one, its recipe is not the one on
            its card, or its data or stages are others.
    """
    verify_folder(directory)
    card = json.loads((directory / CARD).read_text(encoding="utf-8"))
    new = load_recipe(recipe)
    if "adaptation" in card:
        raise ArtifactDamaged(
            "This version was adapted to a microscope by reviewed cells; its thresholds are "
            "theirs. Calibrate the version that it was adapted from, and adapt that one anew."
        )
    _refuse_other_training(recipe_of(directory, card), card, new)
    training_data = data_of(card, new, data, cache)
    engine = load_engine(directory, runtime=runtime)
    chosen = calibrate(engine, training_data, new, data, familiarity=engine.familiarity)
    card.setdefault(
        "recalibrated",
        {
            "from": f"{card['name']} {card['version']}",
            "recipe": card["recipe"],
            "git_revision": card["git_revision"],
        },
    )
    card["engine"].pop("size_limits", None)
    card.pop("alarm", None)
    card["engine"] |= chosen.settings(training_data.classes)
    card |= {
        "version": version,
        "recipe": {"name": new.name, "version": new.version, "sha256": new.sha256},
        "calibration": chosen.figures(),
        "git_revision": git_revision(),
        "metrics": {},
        **chosen.card_parts(),
    }
    folder = working_copy(directory, output)
    # What was chosen for the network of eight bits was chosen by the other recipe.
    drop_eight_bits(folder)
    card.pop("eight_bits", None)
    write_card(card, folder)
    if new.eight_bits:
        card["eight_bits"] = add_eight_bits(folder, training_data, new, data)
        write_card(card, folder)
    return card


def _refuse_other_training(old: Recipe, card: dict[str, Any], new: Recipe) -> None:
    """Let pass only a recipe that would have trained the same network."""
    if card["recipe"]["sha256"] != old.sha256:
        raise ArtifactDamaged(
            f"The recipe found for this version is not the {card['recipe']['name']} that its card "
            "names: the files differ. Put that recipe back, or name the folder of the version as "
            "it was first written."
        )
    if _trained_by(old) != _trained_by(new):
        raise ArtifactDamaged(
            f"The recipe {new.name} trains otherwise than {card['recipe']['name']}, by which this "
            "version was trained. Name one that differs in its calibration alone."
        )


def _trained_by(recipe: Recipe) -> list[Any]:
    """What decides the network, which cells it never saw, and how it is asked."""
    stages = [deciding(stage) for stage in recipe.stages]
    rest = (deciding(recipe.architecture), deciding(recipe.crop), deciding(recipe.augmentation))
    named = [recipe.classes, recipe.unlike, recipe.average_from, recipe.average_share]
    return [*rest, *stages, *named, recipe.seed, recipe.views, recipe.calibration.inner_share]
