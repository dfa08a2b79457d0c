"""Measuring an engine on pictures with known classes, by the very function that is in use.

Pictures the version was trained on are counted and reported apart.
"""

from __future__ import annotations

import csv
import hashlib
import logging
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from mlmodels.ml.classes import told_as
from mlmodels.ml.datasets.manifest import Row
from mlmodels.ml.errors import RejectedImage
from mlmodels.ml.evaluation.labelled_cell import is_named_in_the_middle, labelled_cell
from mlmodels.ml.evaluation.metrics import Answer, summarise
from mlmodels.ml.inference.engine import Engine
from mlmodels.ml.inference.pipeline import read_image
from mlmodels.ml.pictures.reading import decode_image

logger = logging.getLogger(__name__)

PREDICTION_COLUMNS = (
    "path",
    "true",
    "predicted",
    "confidence",
    "disposition",
    "cells_found",
    "trained_on",
)

DRAWS = 4000


@dataclass(frozen=True)
class Prediction:
    """What the engine said of one picture of a manifest.

    Args:
        row: the manifest's.
        predicted: most probable class of the labelled cell, empty where none was found.
        confidence: 0 to 1.
        disposition: of the labelled cell, empty where none was found.
        cells_found: how many cells.
        milliseconds: from bytes to findings.
        trained_on: its hash or source was in the version's training.
        problem: why the picture could not be read, else empty.
    """

    row: Row
    predicted: str
    confidence: float
    disposition: str
    cells_found: int
    milliseconds: float
    trained_on: bool
    problem: str = ""

    @property
    def answer(self) -> Answer:
        """Truth and answer alone."""
        return Answer(self.row.label, self.predicted, self.confidence, self.disposition)


@dataclass(frozen=True)
class TrainedOn:
    """Hashes and sources a version was trained on."""

    hashes: frozenset[str]
    sources: frozenset[str]


def load_trained_on(directory: Path) -> TrainedOn:
    """Read a version's `trained_on.csv`; empty where there is none."""
    file = directory / "trained_on.csv"
    if not file.is_file():
        return TrainedOn(frozenset(), frozenset())
    with file.open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    return TrainedOn(frozenset(r["sha256"] for r in rows), frozenset(r["source"] for r in rows))


def predict_rows(
    rows: Sequence[Row],
    root: Path,
    engine: Engine,
    trained_on: TrainedOn,
) -> list[Prediction]:
    """Let the engine read every picture of a manifest.

    Args:
        rows: the manifest's.
        root: what their paths are relative to.
        engine: a loaded version.
        trained_on: what it was trained on.
    """
    predictions = []
    for number, row in enumerate(rows, start=1):
        predictions.append(_predict(row, root, engine, trained_on))
        if number % 200 == 0:
            logger.info("%s of %s pictures read", number, len(rows))
    return predictions


def report(
    predictions: Sequence[Prediction], classes: Sequence[str], *, weights_sha256: str
) -> dict[str, Any]:
    """All figures, with the pictures the model was trained on apart.

    Args:
        predictions: of one set.
        classes: the model's.
        weights_sha256: of the model file that answered.

    Returns:
        The table of `metrics.summarise` for the pictures not trained on, with
        `ms_per_image`, `weights_sha256`, `unreadable`, and under `trained_on` the same table
        for the others. Where all were trained on, the figures stand under `trained_on` only
        and the main ones have n = 0. `sources` and `accuracy_interval_by_source` count
        photographs, not pictures: six copies of one photograph are not six trials.
    """
    predictions = in_shared_classes(predictions, classes)
    fresh = [p for p in predictions if not p.trained_on]
    known = [p for p in predictions if p.trained_on]
    times = [p.milliseconds for p in predictions]
    return {
        **summarise([p.answer for p in fresh], classes),
        "ms_per_image": sum(times) / len(times) if times else None,
        "weights_sha256": weights_sha256,
        "unreadable": [p.row.path for p in predictions if p.problem],
        "trained_on": summarise([p.answer for p in known], classes),
        "sources": len({p.row.source for p in fresh}),
        "accuracy_interval_by_source": interval_by_source(fresh),
    }


def in_shared_classes(
    predictions: Sequence[Prediction], classes: Sequence[str]
) -> list[Prediction]:
    """Truth and answer in the classes that both the set and the version tell apart.

    A promyelocyte that a set calls an immature granulocyte is named rightly by either name, and
    so is one that the set tells apart and the version does not.

    Args:
        predictions: of one whole set.
        classes: the version's.
    """
    truths = [told_as(p.row.label, classes) for p in predictions]
    told = frozenset(truths)
    return [
        replace(p, row=replace(p.row, label=true), predicted=told_as(p.predicted, told))
        for p, true in zip(predictions, truths, strict=True)
    ]


def interval_by_source(predictions: Sequence[Prediction]) -> tuple[float, float] | None:
    """The 95 % interval of the accuracy when whole sources are drawn anew.

    Args:
        predictions: of one set.

    Returns:
        Lower and upper bound, 0 to 1; None for no predictions.

    Source: cluster bootstrap, percentiles of 4,000 draws with a fixed seed (Davison and
    Hinkley 1997, section 3.8).
    """
    if not predictions:
        return None
    tally: dict[str, list[int]] = {}
    for p in predictions:
        counts = tally.setdefault(p.row.source, [0, 0])
        counts[0] += p.answer.true == p.answer.predicted
        counts[1] += 1
    table = np.array(list(tally.values()))
    rng = np.random.default_rng(7)
    shares = np.empty(DRAWS)
    for k in range(DRAWS):
        right, n = table[rng.integers(len(table), size=len(table))].sum(axis=0)
        shares[k] = right / n
    low, high = np.quantile(shares, (0.025, 0.975))
    return float(low), float(high)


def by_kind(predictions: Sequence[Prediction], classes: Sequence[str]) -> dict[str, Any]:
    """Figures of pictures not trained on, apart for each `kind` that the manifest names."""
    predictions = in_shared_classes(predictions, classes)
    kinds = sorted({p.row.kind for p in predictions if p.row.kind})
    return {
        kind: summarise(
            [p.answer for p in predictions if p.row.kind == kind and not p.trained_on], classes
        )
        for kind in kinds
    }


def write_predictions(predictions: Iterable[Prediction], file: Path) -> None:
    """Write a CSV, one row a picture."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(PREDICTION_COLUMNS)
        for p in predictions:
            writer.writerow(
                (
                    p.row.path,
                    p.row.label,
                    p.predicted,
                    f"{p.confidence:.6f}",
                    p.disposition,
                    p.cells_found,
                    int(p.trained_on),
                )
            )


def was_trained_on(data: bytes, row: Row, trained_on: TrainedOn) -> bool:
    """Whether a version was trained on these bytes, or on another picture of their source."""
    if row.source in trained_on.sources:
        return True
    return hashlib.sha256(data).hexdigest() in trained_on.hashes


def predict_picture(data: bytes, row: Row, engine: Engine, *, trained_on: bool) -> Prediction:
    """Let the engine read one picture file.

    Args:
        data: the whole file.
        row: the manifest's.
        engine: a loaded version.
        trained_on: goes into the prediction.
    """
    start = time.perf_counter()
    try:
        cells = read_image(data, engine).cells
    except RejectedImage as refusal:
        return Prediction(row, "", 0.0, "", 0, 0.0, trained_on, refusal.message)
    spent = 1000 * (time.perf_counter() - start)
    size = _size(data) if is_named_in_the_middle(row.source) else (0, 0)
    cell = labelled_cell(cells, size, row.source)
    if cell is None:
        return Prediction(row, "", 0.0, "", 0, spent, trained_on)
    return Prediction(
        row, cell.label, cell.confidence, cell.disposition, len(cells), spent, trained_on
    )


def _size(data: bytes) -> tuple[int, int]:
    height, width = decode_image(data).shape[:2]
    return width, height


def _predict(row: Row, root: Path, engine: Engine, trained_on: TrainedOn) -> Prediction:
    data = row.file(root).read_bytes()
    return predict_picture(data, row, engine, trained_on=was_trained_on(data, row, trained_on))
