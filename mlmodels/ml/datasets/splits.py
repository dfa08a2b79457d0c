"""Who is in training, who is held out, who calibrates: always whole sources, never pictures.

A source on both sides would be group leakage: the model would be asked what it has seen. Every
choice follows from the source's name, so the same data gives the same split everywhere.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Protocol

import numpy as np

from mlmodels.ml.classes import class_key
from mlmodels.ml.datasets.archive_paths import shown
from mlmodels.ml.errors import ManifestInvalid

# A folder or a cell that says what pictures are for, e.g. "TRAIN", "Test_Simple", "val2017".
_SPLIT_NAMES = {
    "train": re.compile(r"(train|training)_?(set|data|images|[a-z]|\d{1,4})?"),
    "validation": re.compile(r"(val|valid|validation|dev)_?(set|data|images|[a-z]|\d{1,4})?"),
    "test": re.compile(r"(test|testing)_?(set|data|images|simple|[a-z]|\d{1,4})?"),
}


class Sourced(Protocol):
    """What a split needs to know of a picture."""

    @property
    def label(self) -> str: ...
    @property
    def source(self) -> str: ...
    @property
    def split(self) -> str: ...


def split_named(name: str) -> str:
    """The split that a folder or a cell names.

    Args:
        name: as written, in any letter case.

    Returns:
        "train", "validation" or "test"; empty where it names none.
    """
    key = class_key(name)
    return next((split for split, form in _SPLIT_NAMES.items() if form.fullmatch(key)), "")


def refusal_of_split(name: str) -> str:
    """Why what a table says of a row's split cannot be one, as a sentence; else empty.

    Args:
        name: as written; empty where the row says none.
    """
    if not name or split_named(name):
        return ""
    return f"The split {shown(name)[:40]} is unknown. Say train, validation or test."


def source_order(source: str) -> str:
    """A fixed shuffle of sources: the SHA-256 of the name, in hexadecimal."""
    return hashlib.sha256(source.encode()).hexdigest()


def check_no_straddling(rows: Iterable[Sourced]) -> None:
    """Refuse rows in which one source stands in more than one split.

    Raises:
        ManifestInvalid: naming the first such source.
    """
    seen: dict[str, str] = {}
    for row in rows:
        if seen.setdefault(row.source, row.split) != row.split:
            raise ManifestInvalid(
                f"Source {row.source} is in the splits {seen[row.source]} and {row.split}. "
                "All pictures of one source belong in one split."
            )


def calibration_sources(rows: Sequence[Sourced], share: float) -> frozenset[str]:
    """The training sources that calibrate instead of train, chosen class by class.

    Args:
        rows: training rows only; never a test.
        share: part of each class's sources, 0 to 0.5; at least one where there are four.

    Returns:
        Names of sources.
    """
    by_class: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        by_class[row.label].add(row.source)
    chosen: set[str] = set()
    for sources in by_class.values():
        ordered = sorted(sources, key=source_order)
        count = round(share * len(ordered))
        if share > 0 and count == 0 and len(ordered) >= 4:
            count = 1
        chosen.update(ordered[:count])
    return frozenset(chosen)


def assign_folds(units: Sequence[str], labels: Sequence[str], folds: int) -> np.ndarray:
    """Give every unit one of `folds` folds, class by class, in the fixed shuffle's order.

    Args:
        units: what must not be split apart, one for each picture; it need not be a source:
            whoever splits by file says that each file is a unit.
        labels: class of each picture. A unit counts with the class it is first seen with.
        folds: how many, at least 2.

    Returns:
        int array (N,), 0 to `folds` - 1.
    """
    first: dict[str, str] = {}
    for unit, label in zip(units, labels, strict=True):
        first.setdefault(unit, label)
    given: dict[str, int] = {}
    for label in sorted(set(first.values())):
        ordered = sorted((u for u, of in first.items() if of == label), key=source_order)
        given |= {unit: place % folds for place, unit in enumerate(ordered)}
    return np.array([given[unit] for unit in units])
