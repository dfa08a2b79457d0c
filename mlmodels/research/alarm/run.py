"""How many films a version's alarm is raised for: healthy ones of several sets, and with blasts.

Films are drawn of single cells. Those of patients, and with their blasts, are judged by the rules
that other patients chose (`calibration.alarm.rules` of the card); all other healthy films by the
rule of the card itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mlmodels.ml.datasets.manifest import Row, read_manifest
from mlmodels.ml.errors import ArtifactDamaged
from mlmodels.ml.inference.alarm import AlarmRule
from mlmodels.ml.inference.engine import Engine, load_engine
from mlmodels.ml.training.calibration.alarm_choice import DOSES, folds_of, patient_rows
from mlmodels.ml.training.calibration.alarm_films import (
    FILM_CELLS,
    CellAnswers,
    alarmed,
    blasts_by_patient,
    mix_of,
)
from mlmodels.ml.training.calibration.safe_acceptance import FOLDS
from mlmodels.ml.training.recipe import Alarm, load_recipe
from mlmodels.research.alarm.answers import kept_answers

# Healthy, too, yet far from the mix that the rule was chosen on: a child, or a virus.
MANY_LYMPHOCYTES: Mapping[str, int] = {
    "neutrophil": 32,
    "lymphocyte": 55,
    "monocyte": 8,
    "eosinophil": 4,
    "basophil": 1,
}
# Of 100 cells; the rule is chosen by the first of them. Films of leukaemia hold up to all blasts.
MEASURED = (*DOSES, 30, 50, 100)
SMALL_FILMS = (10, 20, 50)


@dataclass(frozen=True)
class Plan:
    """What is drawn.

    Args:
        films: of each set, and of each dose in each set.
        seed: of the draws.
    """

    films: int = 500
    seed: int = 7


def measure_alarm(
    *, data: Path, directory: Path, runtime: str, cache: Path, plan: Plan
) -> dict[str, Any]:
    """Count the films that are alarmed.

    Args:
        data: the data folder.
        directory: the version's folder.
        runtime: "keras" or "litert".
        cache: where answers are kept.
        plan: what is drawn.

    Raises:
        ArtifactDamaged: the card holds no alarm, or not the rules of the folds.
    """
    engine = load_engine(directory, runtime=runtime, threads=1)
    rule, by_fold = _rules_of(engine)
    alarm = _alarm_of(engine)
    healthy = {
        name: kept_answers(engine, name, rows, data, cache)
        for name, rows in _healthy_rows(data).items()
    }
    patients = kept_answers(engine, alarm.set, patient_rows(alarm, data), data, cache)
    folds = folds_of(patients)
    own = [patients.part(folds == fold) for fold in range(FOLDS)]
    grave = [part.part(np.isin(part.truth, alarm.grave)) for part in own]
    sets: dict[str, Sequence[CellAnswers]] = {
        **{name: [answers] * FOLDS for name, answers in healthy.items()},
        alarm.set: own,
    }
    return {
        "model": f"{engine.name} {engine.version}",
        "weights_sha256": engine.weights_sha256,
        "runtime": runtime,
        "rule": rule.as_dict(),
        "films": plan.films,
        "film_cells": FILM_CELLS,
        "seed": plan.seed,
        "patients": len(np.unique(patients.source)),
        "patients_with_blasts": sum(len(_people(part)) for part in grave),
        "blasts": sum(len(places) for part in grave for places in _people(part).values()),
        "sets": {
            name: _of_set(
                [rule] * FOLDS if name in healthy else by_fold, by_fold, parts, grave, plan
            )
            for name, parts in sets.items()
        },
        "by_patient": _by_patient(by_fold, healthy["pbc"], grave, plan),
    }


def _of_set(
    rules: Sequence[AlarmRule],
    by_fold: Sequence[AlarmRule],
    parts: Sequence[CellAnswers],
    grave: Sequence[CellAnswers],
    plan: Plan,
) -> dict[str, Any]:
    rng = np.random.default_rng(plan.seed)
    films = plan.films
    return {
        "cells": _distinct(parts),
        "healthy": alarmed(rules, parts, grave, 0, films, rng),
        "many_lymphocytes": alarmed(rules, parts, grave, 0, films, rng, mix=MANY_LYMPHOCYTES),
        "small": {
            str(cells): alarmed(rules, parts, grave, 0, films, rng, cells=cells)
            for cells in SMALL_FILMS
        },
        "blasts": {
            str(dose): alarmed(by_fold, parts, grave, dose, films, rng) for dose in MEASURED
        },
    }


def _by_patient(
    rules: Sequence[AlarmRule], healthy: CellAnswers, grave: Sequence[CellAnswers], plan: Plan
) -> list[dict[str, Any]]:
    """Of each patient's blasts, by dose, the share of films that are alarmed."""
    rng = np.random.default_rng(plan.seed)
    return [
        {
            "blasts": len(places),
            "alarmed": {
                str(dose): alarmed([rule], [healthy], [part.part(places)], dose, 50, rng)
                for dose in DOSES
            },
        }
        for rule, part in zip(rules, grave, strict=True)
        for places in _people(part).values()
    ]


def _people(grave: CellAnswers) -> dict[str, np.ndarray]:
    return blasts_by_patient(grave, np.ones(len(grave.truth), bool))


def _distinct(parts: Sequence[CellAnswers]) -> dict[str, int]:
    """How many cells of each class there are to draw from."""
    found: dict[str, int] = {}
    for part in {id(part): part for part in parts}.values():
        for label, places in mix_of(part).items():
            found[label] = found.get(label, 0) + len(places)
    return found


def _healthy_rows(data: Path) -> dict[str, list[Row]]:
    """The mature cells that no version was calibrated by: tests, and whole photographs."""
    rows = {name: read_manifest(data / "cells" / name / "manifest.csv") for name in _KEPT}
    return {
        name: [row for row in rows[name] if kept(row) and row.label in MANY_LYMPHOCYTES]
        for name, kept in _KEPT.items()
    }


_KEPT: Mapping[str, Callable[[Row], bool]] = {
    "pbc": lambda row: row.split == "test",
    "mll": lambda row: row.split == "test",
    # Their copies are drawn with black corners, which no film has.
    "kaggle": lambda row: row.kind == "photograph",
}


def _rules_of(engine: Engine) -> tuple[AlarmRule, list[AlarmRule]]:
    rule = AlarmRule.of_card(engine.card)
    stored = engine.card["calibration"].get("alarm", {}).get("rules", [])
    by_fold = [found for each in stored if (found := AlarmRule.of_card({"alarm": each}))]
    if rule is None or len(by_fold) != FOLDS:
        raise ArtifactDamaged(
            "The card of this version holds no alarm. Calibrate it by a recipe that asks for one: "
            "manage.py recalibrate_model."
        )
    return rule, by_fold


def _alarm_of(engine: Engine) -> Alarm:
    alarm = load_recipe(engine.card["recipe"]["name"]).alarm
    if alarm is None:
        raise ArtifactDamaged("The recipe of this version asks for no alarm.")
    return alarm
