"""What work on a finished version begins with: its recipe, its pictures, a copy of its folder."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from mlmodels.ml.errors import ArtifactDamaged
from mlmodels.ml.inference.engine import CARD
from mlmodels.ml.inference.version_files import copy_version
from mlmodels.ml.training.data import TrainingData, load_training_data
from mlmodels.ml.training.recipe import Recipe, load_recipe, parse_recipe


def recipe_of(directory: Path, card: dict[str, Any], named: str | None = None) -> Recipe:
    """The recipe that was named, else the one beside a version's folder or on its card."""
    beside = directory.parent / "recipe.toml"
    if named is None and beside.is_file():
        return parse_recipe(beside.read_text(encoding="utf-8"))
    return load_recipe(named or card["recipe"]["name"])


def data_of(card: dict[str, Any], recipe: Recipe, data: Path, cache: Path) -> TrainingData:
    """The pictures that trained and calibrated a version, in the same two parts.

    Args:
        card: the version's.
        recipe: with the sets and the calibration share of its training.
        data, cache: the data folder, and where crops are kept.

    Raises:
        ArtifactDamaged: the data folder or the recipe gives others.
    """
    found = load_training_data(
        recipe,
        data,
        hold_out=card["hold_out"],
        cache=cache,
        classes=tuple(card["engine"]["classes"]),
    )
    if found.sha256 != card["dataset_sha256"]:
        raise ArtifactDamaged(
            "These are not the pictures that the version was trained on. Name its data folder "
            "with --data and its recipe with --recipe."
        )
    return found


def working_copy(directory: Path, output: Path | None) -> Path:
    """The folder to write to: a copy of a version in `output`, or the version itself.

    A version that lies in `output` is replaced.

    Raises:
        ArtifactDamaged: `output` holds something else, or one folder lies in the other.
    """
    if output is None or output.resolve() == directory.resolve():
        return directory
    old, new = directory.resolve(), output.resolve()
    nested = old in new.parents or new in old.parents
    if nested or (output.exists() and not (output / CARD).is_file()):
        raise ArtifactDamaged(
            f"The folder {output.name} holds, or lies in, something else than a version. Name a "
            "new one with --output; nothing was written."
        )
    shutil.rmtree(output, ignore_errors=True)
    return copy_version(directory, output)
