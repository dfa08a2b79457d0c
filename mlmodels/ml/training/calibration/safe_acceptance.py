"""From where on a class may be accepted without a person, chosen on cells that are dangerous.

A network takes a blast for something else, sometimes surely. On films of patients with leukaemia,
which trained nothing, this looks for the limits of each class that leave such cells to a person:
one number for each sign that a recipe names, and nothing else.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from mlmodels.ml.classes import class_among
from mlmodels.ml.datasets.manifest import Row
from mlmodels.ml.evaluation.labelled_cell import labelled_cell
from mlmodels.ml.evaluation.metrics import wilson_interval
from mlmodels.ml.inference.calibration import ACCEPTED, UNIDENTIFIED, Acceptance
from mlmodels.ml.inference.cell_naming import CellFinding
from mlmodels.ml.inference.engine import Engine
from mlmodels.ml.inference.pipeline import read_pixels
from mlmodels.ml.pictures.reading import decode_image
from mlmodels.ml.training.recipe import Safety

FOLDS = 5
# What is tried, of which the choice that accepts most cells rightly is taken; of two alike the
# stricter one. Percentiles reach below the median, for a cell near the training cells is the
# only one of some classes that is never dangerous.
CONFIDENCES = (0.9, 0.93, 0.95, 0.97, 0.98, 0.99, 0.995, 0.997, 0.998, 0.999, 0.9995, 0.9999)
PERCENTILES = (10.0, 20.0, 30.0, 40.0, 50.0, 60.0, 70.0, 80.0, 85.0, 90.0, 95.0, 97.5)
# The others have no scale of their own: so many of their quantiles among the cells named so.
QUANTILES = 50
NEVER = Acceptance(confidence=1.01, percentile=0.0)


@dataclass(frozen=True)
class Answers:
    """What a version says of the labelled cell of each picture.

    Args:
        truth: str array, shape (N,), what people called the cell.
        patient: str array, shape (N,), of whom it is.
        named: str array, shape (N,), the version's class; empty where nothing was found.
        confidence: float64 array, shape (N,), 0 to 1.
        percentile: float64 array, shape (N,), of out-of-distribution scores, 0 to 100.
        evidence, rival: float64 array, shape (N,), see `Signs`.
        acceptable: bool array, shape (N,): accepted, were no class stricter than all.
        shown: bool array, shape (N,): named as a class that a person always looks at, or as none.
    """

    truth: np.ndarray
    patient: np.ndarray
    named: np.ndarray
    confidence: np.ndarray
    percentile: np.ndarray
    evidence: np.ndarray
    rival: np.ndarray
    acceptable: np.ndarray
    shown: np.ndarray

    def part(self, kept: np.ndarray) -> Answers:
        """Those that a bool array, shape (N,), keeps."""
        return Answers(**{name: value[kept] for name, value in vars(self).items()})


def ask(engine: Engine, rows: Iterable[Row], root: Path) -> Answers:
    """Read pictures of one cell each, as in use.

    Args:
        engine: its thresholds by class, if it has any, play no part.
        rows: of the set.
        root: the data folder.
    """
    found = []
    plain = replace(engine.thresholds, by_class={}, identify_rival=1.0)
    engine = replace(engine, thresholds=plain)
    for row in rows:
        rgb = decode_image(row.file(root).read_bytes())
        size = rgb.shape[1], rgb.shape[0]
        cell = labelled_cell(read_pixels(rgb, engine).cells, size, row.source)
        found.append(
            (
                row.label,
                row.source,
                cell.label if cell else "",
                cell.confidence if cell else 0.0,
                cell.familiarity_percentile if cell else 100.0,
                cell.signs.evidence if cell else -np.inf,
                cell.signs.rival if cell else 1.0,
                cell is not None and cell.disposition == ACCEPTED,
                cell is not None and _is_shown(cell, engine),
            )
        )
    return Answers(*(np.array(column) for column in zip(*found, strict=True)))


def _is_shown(cell: CellFinding, engine: Engine) -> bool:
    is_rival = cell.label in engine.always_reviewed or cell.label == engine.unlike
    return is_rival or cell.disposition == UNIDENTIFIED


def choose_identify_rival(answers: Answers, safety: Safety) -> float:
    """The highest probability of rivals with which a cell may still be named otherwise.

    Args:
        answers: of several patients.
        safety: of which classes what share is to be shown.

    Returns:
        0 to 1; 1 where enough is shown without it, or nothing is asked for.
    """
    asked = np.isin(answers.truth, safety.shown) & (answers.named != "")
    missing = int(np.ceil(safety.least_shown * asked.sum())) - int((asked & answers.shown).sum())
    if missing <= 0:
        return 1.0
    hidden = np.sort(answers.rival[asked & ~answers.shown])[::-1]
    # A little below the last that is needed, so that it lies above.
    return max(0.0, float(np.floor(hidden[missing - 1] * 1e4 - 1e-6) / 1e4))


def accepted(answers: Answers, chosen: dict[str, Acceptance]) -> np.ndarray:
    """Which cells are accepted as one of some classes: bool array, shape (N,)."""
    found = np.zeros(len(answers.truth), bool)
    for label, least in chosen.items():
        found |= _accepted_as(answers, label, least)
    return found


def choose_acceptance(answers: Answers, safety: Safety) -> dict[str, Acceptance]:
    """For each class the limits that accept most cells rightly.

    Args:
        answers: of several patients.
        safety: the limits. They hold for each class by itself.

    Returns:
        By class. Where nothing keeps the limits, a class is never accepted: `NEVER`.
    """
    return {label: _choose(answers, label, safety) for label in safety.classes}


def _choose(answers: Answers, label: str, safety: Safety) -> Acceptance:
    grave = np.isin(answers.truth, safety.grave)
    dangerous = np.isin(answers.truth, safety.dangerous)
    true = np.array([class_among(str(name), safety.classes) for name in answers.truth])
    known = np.isin(true, safety.classes) & ~np.isin(answers.truth, safety.doubtful)
    best, most = NEVER, 0
    tries = [_tried(answers, label, sign) for sign in safety.signs]
    for values in product(*tries):
        tried = Acceptance(**dict(zip(safety.signs, values, strict=True)))
        taken = _accepted_as(answers, label, tried)
        right = int((taken & (true == label)).sum())
        if (
            right > most
            and (taken & grave).sum() <= safety.most_grave * grave.sum()
            and (taken & dangerous).sum() <= safety.most_dangerous * dangerous.sum()
            and (taken & known & (true != label)).sum() <= (1 - safety.least_right) * right
        ):
            best, most = tried, right
    return best


def _tried(answers: Answers, label: str, sign: str) -> list[float]:
    """The limits of a sign that are tried for a class, the strictest first."""
    if sign == "confidence":
        return list(reversed(CONFIDENCES))
    if sign == "percentile":
        return list(PERCENTILES)
    values = getattr(answers, sign)[answers.acceptable & (answers.named == label)]
    values = values[np.isfinite(values)]
    if not len(values):
        return []
    spread = np.quantile(values, np.linspace(0, 1, QUANTILES)).tolist()
    return spread if sign == "rival" else spread[::-1]


def _accepted_as(answers: Answers, label: str, least: Acceptance) -> np.ndarray:
    taken: np.ndarray = (
        answers.acceptable
        & (answers.named == label)
        & (answers.confidence >= least.confidence)
        & (answers.percentile <= least.percentile)
        & (answers.evidence >= least.evidence)
        & (answers.rival <= least.rival)
    )
    return taken


def fold_of(patient: str) -> int:
    """The fold of a patient, 0 to `FOLDS` - 1: always the same, whoever else is there."""
    return int(hashlib.sha256(patient.encode()).hexdigest(), 16) % FOLDS


def measured_on_others(answers: Answers, safety: Safety) -> dict[str, Any]:
    """What is accepted of patients by whom it was not chosen, pooled over the folds.

    Args:
        answers: of all patients.
        safety: the limits.

    Returns:
        For the card: by what people called a cell how many there are, how many are accepted and
        how many of these rightly, each with Wilson's interval; and the number of patients.
    """
    folds = np.array([fold_of(str(patient)) for patient in answers.patient])
    taken, shown = np.zeros(len(folds), bool), answers.shown.copy()
    for fold in range(FOLDS):
        others = answers.part(folds != fold)
        chosen = choose_acceptance(others, safety)
        taken[folds == fold] = accepted(answers.part(folds == fold), chosen)
        shown |= (folds == fold) & (answers.rival > choose_identify_rival(others, safety))
    # What is unidentified is not accepted; a version's limits are far below this one.
    taken &= ~shown
    right = np.array(
        [
            class_among(str(name), safety.classes) == named
            for name, named in zip(answers.truth, answers.named, strict=True)
        ]
    )
    return {
        "set": safety.set,
        "patients": len(np.unique(answers.patient)),
        "folds": FOLDS,
        "by_class": {
            str(name): _counted(
                taken[answers.truth == name],
                right[answers.truth == name],
                shown[answers.truth == name],
            )
            for name in np.unique(answers.truth)
        },
    }


def _counted(taken: np.ndarray, right: np.ndarray, shown: np.ndarray) -> dict[str, Any]:
    n, count = len(taken), int(taken.sum())
    return {
        "shown": int(shown.sum()),
        "shown_interval": list(wilson_interval(int(shown.sum()), n)),
        "n": n,
        "accepted": count,
        "right": int((taken & right).sum()),
        "interval": list(wilson_interval(count, n)),
    }
