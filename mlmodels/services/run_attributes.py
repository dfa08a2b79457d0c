"""Fits and measures the head of attributes of whole versions. Loads TensorFlow or LiteRT."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from mlmodels.ml.attribute_evaluation import read_described_pictures, report_attributes
from mlmodels.ml.errors import ManifestInvalid
from mlmodels.ml.evaluation.evaluation import load_trained_on
from mlmodels.ml.inference.attributes import ATTRIBUTES, read_attribute_table
from mlmodels.ml.inference.engine import CARD, load_engine, verify_folder
from mlmodels.ml.training.attribute_fitting import fit_for_run
from mlmodels.ml.training.export import write_card
from mlmodels.services.finished_versions import data_of, recipe_of, working_copy
from mlmodels.services.run_evaluation import Pictures, Say


def fit_attributes(
    directory: Path,
    *,
    data: Path,
    cache: Path,
    runtime: str,
    recipe: str | None = None,
    output: Path | None = None,
    say: Say = print,
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
        say: told how far it is.

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
    fitted = fit_for_run(engine, training_data, data, cache=cache / "features", say=say)
    if fitted is None:
        raise ManifestInvalid("No training picture of this version is in a table of attributes.")
    head, about = fitted
    target = working_copy(directory, output)
    head.save(target / ATTRIBUTES)
    write_card({**card, "attributes": about}, target)
    return about


def evaluate_attributes(
    pictures: Pictures, *, table: Path, directory: Path, runtime: str, say: Say
) -> dict[str, Any]:
    """Measure a version's attributes on the pictures of a manifest that a table describes."""
    sums = verify_folder(directory)
    engine = load_engine(directory, runtime=runtime)
    answers, left_out = read_described_pictures(
        pictures.rows,
        read_attribute_table(table),
        pictures.root,
        engine,
        load_trained_on(directory),
        say,
    )
    return {
        "model": f"{engine.name}-{engine.version}",
        "runtime": runtime,
        "weights_sha256": engine.weights_sha256,
        "attributes_sha256": sums[ATTRIBUTES],
        "trained_on": left_out,
        **report_attributes(answers),
    }


def lines_of_attributes(figures: dict[str, Any]) -> list[str]:
    """The figures as lines to print."""
    lines = [
        f"{name}: macro-F1 {f['macro_f1']:.3f} (class alone {f['usual_macro_f1']:.3f}), "
        f"{f['right']} of {f['n']} right; told of {f['told']}, {f['told_right']} right"
        for name, f in figures["per_attribute"].items()
    ]
    low, high = figures["told_interval"]
    return [
        *lines,
        f"mean macro-F1 {figures['mean_macro_f1']:.3f}; words right {figures['told_right']} of "
        f"{figures['told']} ({low:.2%} to {high:.2%}); {figures['cells_with_words']} of "
        f"{figures['n']} cells have words; left out as trained on {figures['trained_on']}",
    ]
