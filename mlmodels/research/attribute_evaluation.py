"""Measuring the head of attributes on pictures that carry them, read as in use.

Pictures the version was trained on are counted and left out.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from mlmodels.ml.datasets.manifest import Row
from mlmodels.ml.errors import ArtifactDamaged, ManifestInvalid, RejectedImage
from mlmodels.ml.evaluation.evaluation import TrainedOn, load_trained_on, was_trained_on
from mlmodels.ml.evaluation.metrics import wilson_interval
from mlmodels.ml.inference.attributes import ATTRIBUTES, belongs, read_attribute_table
from mlmodels.ml.inference.engine import Engine, load_engine, verify_folder
from mlmodels.ml.inference.pipeline import read_image
from mlmodels.ml.training.attribute_fitting import macro_f1
from mlmodels.research.evaluation import Pictures

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class AttributeAnswer:
    """What is true of one cell, and what was said of it; all by attribute.

    Args:
        truth: what the table has.
        read: the most probable values; nothing where no cell was found.
        told: the values that a person is shown.
        usual: the commonest values of the class that the cell was given.
    """

    truth: Mapping[str, str]
    read: Mapping[str, str] = field(default_factory=dict)
    told: Mapping[str, str] = field(default_factory=dict)
    usual: Mapping[str, str] = field(default_factory=dict)


def read_described_pictures(
    rows: Sequence[Row],
    known: Mapping[str, Mapping[str, str]],
    root: Path,
    engine: Engine,
    trained_on: TrainedOn,
) -> tuple[list[AttributeAnswer], int]:
    """Let the engine read every picture whose attributes are known.

    Args:
        rows: of a manifest.
        known: value by attribute, by path.
        root: what the rows' paths are relative to.
        engine: a loaded version with a head of attributes.
        trained_on: what it was trained on.

    Returns:
        The answers, and how many pictures were left out because they were trained on.

    Raises:
        ArtifactDamaged: the version has no such head.
        ManifestInvalid: no row's attributes are known, or all of them were trained on.
    """
    if engine.attributes is None:
        raise ArtifactDamaged(
            f"Version {engine.version} names no attributes. Fit them with fit_attributes."
        )
    described = [row for row in rows if known.get(row.path)]
    if not described:
        raise ManifestInvalid("No picture of the manifest is in the table of attributes.")
    answers, left_out = [], 0
    for number, row in enumerate(described, start=1):
        data = row.file(root).read_bytes()
        if was_trained_on(data, row, trained_on):
            left_out += 1
        else:
            answers.append(_answer(data, known[row.path], engine))
        if number % 200 == 0:
            logger.info("%s of %s pictures read", number, len(described))
    if not answers:
        raise ManifestInvalid("All pictures with attributes trained this version. Name others.")
    return answers, left_out


def report_attributes(answers: Sequence[AttributeAnswer]) -> dict[str, Any]:
    """All figures of a set.

    Args:
        answers: one for each picture.

    Returns:
        n, no_cell_found, mean_macro_f1, cells_with_words, told and told_right over all
        attributes, and per_attribute: n, right, macro_f1, usual_macro_f1 (of the commonest
        value of the class the cell was given: what the class alone is worth), told,
        told_right, told_interval (Wilson), per_value counts (n of the truth, said, right), and
        per_word counts (told, right). A family that is told is right if the value is of it.
    """
    names = sorted({name for answer in answers for name in answer.truth})
    table = {name: _figures([a for a in answers if name in a.truth], name) for name in names}
    told, right = (sum(f[key] for f in table.values()) for key in ("told", "told_right"))
    return {
        "n": len(answers),
        "no_cell_found": sum(not a.read for a in answers),
        "mean_macro_f1": float(np.mean([f["macro_f1"] for f in table.values()])) if table else None,
        "cells_with_words": sum(bool(a.told) for a in answers),
        "told": told,
        "told_right": right,
        "told_interval": wilson_interval(right, told),
        "per_attribute": table,
    }


def _answer(data: bytes, truth: Mapping[str, str], engine: Engine) -> AttributeAnswer:
    try:
        cells = read_image(data, engine).cells
    except RejectedImage:
        return AttributeAnswer(truth)
    if not cells or engine.attributes is None:
        return AttributeAnswer(truth)
    first = cells[0]
    read = engine.attributes.read(first.features[None])[0]
    return AttributeAnswer(
        truth,
        {name: told.value for name, told in read.items()},
        {name: told.value for name, told in first.attributes.items()},
        engine.attributes.usual(first.label),
    )


def _figures(answers: Sequence[AttributeAnswer], name: str) -> dict[str, Any]:
    truth = np.array([a.truth[name] for a in answers])
    read = np.array([a.read.get(name, "") for a in answers])
    usual = np.array([a.usual.get(name, "") for a in answers])
    told = [a for a in answers if name in a.told]
    told_right = sum(belongs(a.truth[name], a.told[name]) for a in told)
    return {
        "n": len(answers),
        "right": int((truth == read).sum()),
        "macro_f1": macro_f1(truth, read),
        "usual_macro_f1": macro_f1(truth, usual),
        "told": len(told),
        "told_right": told_right,
        "told_interval": wilson_interval(told_right, len(told)),
        "per_value": {
            str(value): {
                "n": int((truth == value).sum()),
                "said": int((read == value).sum()),
                "right": int(((truth == value) & (read == value)).sum()),
            }
            for value in np.unique(np.concatenate([truth, read[read != ""]]))
        },
        "per_word": {
            word: {
                "told": sum(a.told[name] == word for a in told),
                "right": sum(a.told[name] == word and belongs(a.truth[name], word) for a in told),
            }
            for word in sorted({a.told[name] for a in told})
        },
    }


def evaluate_attributes(
    pictures: Pictures, *, table: Path, directory: Path, runtime: str
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
