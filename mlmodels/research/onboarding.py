"""Shows what onboarding a microscope is worth, on a set of known classes. Loads TensorFlow."""

from __future__ import annotations

import json
import logging
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mlmodels.ml.adaptation.adaptation import adapt
from mlmodels.ml.adaptation.adapted_version import adapted_engine, open_network
from mlmodels.ml.adaptation.reviewed_cells import ReviewedCell, cut_reviewed
from mlmodels.ml.datasets.manifest import Row, read_manifest
from mlmodels.ml.errors import ManifestInvalid
from mlmodels.ml.evaluation.evaluation import TrainedOn, predict_rows
from mlmodels.ml.evaluation.metrics import Answer, summarise
from mlmodels.ml.inference.calibration import ACCEPTED
from mlmodels.ml.inference.engine import Engine, load_engine
from mlmodels.ml.training.provenance import git_revision

logger = logging.getLogger(__name__)

MANIFEST = "manifest.csv"


@dataclass(frozen=True)
class Asked:
    """What is to be shown.

    Args:
        name: of the set, e.g. "jtsc".
        cells: how many are reviewed in each draw.
        draws: how many draws, with the seeds 0, 1, …
        classes: that the profile declares; none where every class may occur.
        reviewed, measured: splits that cells are drawn from and measured on; both empty where they
            are drawn from all, and all others are measured.
        at_most: so many pictures of each class are measured, drawn by a seed of its own; none for
            all.
    """

    name: str
    cells: int = 50
    draws: int = 5
    classes: tuple[str, ...] | None = None
    reviewed: str = ""
    measured: str = ""
    at_most: int | None = None


def demonstrate(*, base: Path, data: Path, asked: Asked, output: Path) -> dict[str, Any]:
    """Adapt to some cells of a set and measure on others of it, several times.

    Sources stay together: none is on both sides. Nothing is chosen by the set: the settings are
    those of `mlmodels.ml.adaptation`. Nothing is registered. Pictures of classes that the version
    does not name, or that the profile says do not occur, are measured apart: how many of them are
    accepted as something else.

    Args:
        base: a version's folder.
        data: the data folder.
        asked: what is to be shown.
        output: a folder for the figures.

    Returns:
        A JSON-ready table: before and after of each draw, mean and spread over the draws.

    Raises:
        ManifestInvalid: the set has too few cells.
    """
    engine = load_engine(base, runtime="keras").of_classes(asked.classes)
    rows = read_manifest(data / "cells" / asked.name / MANIFEST)
    rows = [row for row in rows if row.kind != "augmented"]
    known = [row for row in rows if row.label in engine.classes_that_occur]
    others = [row for row in rows if row.label not in engine.classes_that_occur]
    if len(known) <= asked.cells:
        raise ManifestInvalid(f"The set {asked.name} has {len(known)} pictures; more are needed.")
    output.mkdir(parents=True, exist_ok=True)
    masked = "-masked" if asked.classes else ""
    file = output / f"{asked.name}-{asked.cells}-{asked.draws}{masked}.json"
    drawn: list[dict[str, Any]] = []
    result: dict[str, Any] = {
        "set": asked.name,
        "model": f"{engine.name} {engine.version}",
        "weights_sha256": engine.weights_sha256,
        "git_revision": git_revision(),
        "cells": asked.cells,
        "classes": list(asked.classes) if asked.classes else None,
        "reviewed_split": asked.reviewed,
        "measured_split": asked.measured,
        "at_most": asked.at_most,
        "pictures": len(known),
        "asked_draws": asked.draws,
        "draws": drawn,
    }
    measure = _Measure(engine, data)
    for seed in range(asked.draws):
        figures = _one_draw(measure, base, known, others, asked, seed)
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


class _Measure:
    """Figures of a version and of what is adapted from it; the version reads a picture once."""

    def __init__(self, base: Engine, data: Path) -> None:
        self.base, self.data = base, data
        self._known: dict[Row, Answer] = {}

    def before(self, rows: list[Row]) -> list[Answer]:
        """What the version itself says."""
        new = [row for row in rows if row not in self._known]
        self._known |= dict(zip(new, self.of(self.base, new), strict=True))
        return [self._known[row] for row in rows]

    def of(self, engine: Engine, rows: list[Row]) -> list[Answer]:
        """What an engine says of pictures, by the very function that is in use."""
        nothing = TrainedOn(frozenset(), frozenset())
        return [p.answer for p in predict_rows(rows, self.data, engine, nothing)]


def _one_draw(
    measure: _Measure, base: Path, known: list[Row], others: list[Row], asked: Asked, seed: int
) -> dict[str, Any]:
    engine = measure.base
    offered = [row for row in known if not asked.reviewed or row.split == asked.reviewed]
    reviewed, rest = draw_reviewed(offered, asked.cells, seed)
    if asked.measured:
        rest = [row for row in known if row.split == asked.measured]
        others = [row for row in others if row.split == asked.measured]
    measured, strangers = _some_of_each(rest, asked.at_most), _some_of_each(others, asked.at_most)
    cells = [ReviewedCell(row.path, row.label, row.source) for row in reviewed]
    crops = cut_reviewed(cells, measure.data, engine.classes, engine.crop_rule, engine.occurring)
    network = open_network(base)
    fitted = adapt(engine, network, crops)
    adapted = adapted_engine(engine, network, fitted)
    figures: dict[str, Any] = {
        "seed": seed,
        "reviewed": len(reviewed),
        "reviewed_by_class": dict(Counter(row.label for row in reviewed)),
        "adapted_on": len(crops.truth),
        "measured_on": len(measured),
        "chosen": fitted.setting.in_words(),
        "acceptance": fitted.acceptable.as_dict(),
    }
    for when, answers in (
        ("before", measure.before([*measured, *strangers])),
        ("after", measure.of(adapted, [*measured, *strangers])),
    ):
        own, strange = answers[: len(measured)], answers[len(measured) :]
        figures[when] = {
            **summarise(own, engine.classes),
            "accepted_by_class": _accepted(own),
            "strangers": _accepted(strange),
        }
    return figures


def _some_of_each(rows: list[Row], at_most: int | None) -> list[Row]:
    """At most so many rows of each class, the same for every draw."""
    if at_most is None:
        return rows
    shuffled = list(rows)
    np.random.default_rng(len(rows)).shuffle(shuffled)
    taken: Counter[str] = Counter()
    kept = []
    for row in shuffled:
        if taken[row.label] < at_most:
            taken[row.label] += 1
            kept.append(row)
    return kept


def _accepted(answers: list[Answer]) -> dict[str, dict[str, int]]:
    """By true class: how many pictures, how many accepted, how many of these rightly."""
    table: dict[str, dict[str, int]] = {}
    for answer in answers:
        row = table.setdefault(answer.true, {"n": 0, "accepted": 0, "right": 0})
        is_accepted = answer.disposition == ACCEPTED
        row["n"] += 1
        row["accepted"] += is_accepted
        row["right"] += is_accepted and answer.is_right
    return table


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
