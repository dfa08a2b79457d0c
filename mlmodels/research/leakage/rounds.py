"""What a split is worth: one set, split in four ways, and the page that shows it.

Names the units of each way and writes the page. It runs no network.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

import numpy as np

from mlmodels.ml.datasets.manifest import Row
from mlmodels.ml.datasets.splits import assign_folds
from mlmodels.ml.errors import ManifestInvalid
from mlmodels.ml.evaluation.metrics import wilson_interval

FOLDS = 5
WAYS = {
    "file": "at random by file",
    "number": "by the number in the file's name",
    "photograph": "by true source photograph",
    "own_test": "trained on the set's TRAIN, measured on its TEST",
}
_NUMBER = re.compile(r"_(\d+)$")


@dataclass(frozen=True)
class Round:
    """One training and one measuring.

    Args:
        train, test: places of the rows, int arrays.
    """

    train: np.ndarray
    test: np.ndarray


def units_of(rows: Sequence[Row], way: str) -> list[str]:
    """What a way of splitting keeps together.

    Args:
        rows: copies of photographs.
        way: a key of `WAYS`.

    Returns:
        For each row its own path, the number in its name, or its source.

    Raises:
        ManifestInvalid: a file's name holds no number.
    """
    if way == "file":
        return [row.path for row in rows]
    if way == "number":
        return [f"number {number_in_name(row.path)}" for row in rows]
    return [row.source for row in rows]


def number_in_name(path: str) -> int:
    """The last number of a file's name: 207 of `_0_207.jpeg`.

    Raises:
        ManifestInvalid: there is none.
    """
    found = _NUMBER.search(PurePosixPath(path).stem)
    if not found:
        raise ManifestInvalid(f"The name of {path} ends in no number.")
    return int(found[1])


def rounds_of(rows: Sequence[Row], way: str) -> list[Round]:
    """The rounds of a way: five folds, or one from TRAIN to TEST.

    Args:
        rows: of the four-class set; the split of each is its fold by photograph.
        way: a key of `WAYS`.

    Raises:
        ManifestInvalid: a round has nothing on one side.
    """
    if way == "own_test":
        is_test = np.array(["TEST" in PurePosixPath(row.path).parts for row in rows])
        rounds = [_round(is_test)]
    elif way == "photograph":
        splits = np.array([row.split for row in rows])
        rounds = [_round(splits == name) for name in sorted(set(splits.tolist()))]
    else:
        fold = assign_folds(units_of(rows, way), [row.label for row in rows], FOLDS)
        rounds = [_round(fold == k) for k in range(FOLDS)]
    if any(len(r.train) == 0 or len(r.test) == 0 for r in rounds):
        raise ManifestInvalid(f"Split {WAYS[way]}, the set has nothing on one side.")
    return rounds


def siblings_share(rows: Sequence[Row], rounds: Sequence[Round]) -> float:
    """The share of measured pictures whose photograph has another copy in training."""
    shared = 0
    for r in rounds:
        known = {rows[i].source for i in r.train}
        shared += sum(rows[i].source in known for i in r.test)
    return shared / sum(len(r.test) for r in rounds)


def way_figures(truth: np.ndarray, answers: np.ndarray, classes: Sequence[str]) -> dict[str, Any]:
    """Pooled figures of one way: n, right, accuracy, interval, balanced, right by class.

    Args:
        truth, answers: int arrays (N,), places in `classes`; an answer may be anything else.
        classes: of the set.
    """
    right = truth == answers
    by_class = {
        name: {"n": int((truth == k).sum()), "right": int(right[truth == k].sum())}
        for k, name in enumerate(classes)
        if (truth == k).any()
    }
    hits, n = int(right.sum()), len(truth)
    return {
        "n": n,
        "right": hits,
        "accuracy": hits / n,
        "interval": wilson_interval(hits, n),
        "balanced_accuracy": float(np.mean([c["right"] / c["n"] for c in by_class.values()])),
        "per_class": by_class,
    }


def _round(is_test: np.ndarray) -> Round:
    return Round(np.flatnonzero(~is_test), np.flatnonzero(is_test))
