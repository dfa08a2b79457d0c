"""Fits the head of attributes of a finished version. Loads TensorFlow or LiteRT."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from mlmodels.ml.errors import ManifestInvalid
from mlmodels.ml.inference.attributes import ATTRIBUTES
from mlmodels.ml.inference.engine import CARD, load_engine, verify_folder
from mlmodels.ml.training.attribute_fitting import fit_for_run
from mlmodels.ml.training.export import write_card
from mlmodels.services.training.finished_versions import data_of, recipe_of, working_copy


def fit_attributes(
    directory: Path,
    *,
    data: Path,
    cache: Path,
    runtime: str,
    recipe: str | None = None,
    output: Path | None = None,
) -> dict[str, Any]:
    """Give a version that is finished a head of attributes; its network stays as it is.

    Args:
        directory: the version's folder.
        data: the data folder that the version was trained on.
        cache: where crops and features are kept.
        runtime: "keras" or "litert".
        recipe: name or file of the recipe; else the one beside the version, or the one that
            its card names.
        output: where the new version goes; else it replaces the old one.

    Returns:
        What the card says of the head.

    Raises:
        ArtifactDamaged: the version is not whole, or its data or recipe are others.
        ManifestInvalid: none of its training pictures carries attributes.
    """
    verify_folder(directory)
    card = json.loads((directory / CARD).read_text(encoding="utf-8"))
    training_data = data_of(card, recipe_of(directory, card, recipe), data, cache)
    engine = load_engine(directory, runtime=runtime)
    fitted = fit_for_run(engine, training_data, data, cache=cache / "features")
    if fitted is None:
        raise ManifestInvalid("No training picture of this version is in a table of attributes.")
    head, about = fitted
    target = working_copy(directory, output)
    head.save(target / ATTRIBUTES)
    write_card({**card, "attributes": about}, target)
    return about
