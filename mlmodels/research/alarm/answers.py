"""What a version says of single cells, read once and kept, so that rules are tried in seconds.

It reads pictures as in use and decides nothing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from mlmodels.ml.datasets.manifest import Row
from mlmodels.ml.inference.engine import Engine
from mlmodels.ml.training.calibration.alarm_films import CellAnswers, ask

_ARRAYS = ("truth", "source", "probabilities", "percentile", "objectness")


def kept_answers(
    engine: Engine, name: str, rows: Sequence[Row], root: Path, cache: Path
) -> CellAnswers:
    """What a version says of cells; from the folder of kept answers where it was asked before.

    Args:
        engine: a loaded version.
        name: of the set, for the file.
        rows: its pictures.
        root: the data folder.
        cache: the folder.
    """
    file = cache / f"{name}-{_asked(engine, rows)}.npz"
    if file.is_file():
        with np.load(file, allow_pickle=False) as kept:
            return CellAnswers(engine.classes, **{key: kept[key] for key in _ARRAYS})
    answers = ask(engine, rows, root)
    cache.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(file, **{key: getattr(answers, key) for key in _ARRAYS})
    return answers


def _asked(engine: Engine, rows: Sequence[Row]) -> str:
    """A word for what decides the answers: weights, what turns logits into them, and pictures."""
    limits = None if engine.size_limits is None else engine.size_limits.tolist()
    parts = [
        "the labelled cell",
        engine.weights_sha256,
        engine.views,
        engine.temperature,
        limits,
        engine.familiarity.quantiles.tolist(),
        [(row.path, row.label) for row in rows],
    ]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]
