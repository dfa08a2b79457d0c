"""The numbers of a version's alarm rule, chosen on healthy cells and on films with blasts.

Of patients with leukaemia, which trained nothing, only scalars are chosen: by how foreign a film is
as a whole, from which score on a cell is suspicious, and how many such cells healthy films hold.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from mlmodels.ml.classes import class_among
from mlmodels.ml.datasets.manifest import Row, read_manifest
from mlmodels.ml.inference.alarm import AlarmRule, Band, Film
from mlmodels.ml.inference.engine import Engine
from mlmodels.ml.training.calibration.alarm_films import (
    FILM_CELLS,
    HEALTHY_MIX,
    CellAnswers,
    alarmed,
    ask,
    blasts_by_patient,
    draw_films,
    mix_of,
)
from mlmodels.ml.training.calibration.safe_acceptance import FOLDS, fold_of
from mlmodels.ml.training.recipe import Alarm

# Blasts among them by which a score is judged.
DOSES = (5, 10, 20)
SCORES = tuple(float(score) for score in np.arange(-6.0, 14.01, 0.25))
# Of scores by which as many films are alarmed but for this, the highest one is taken: fewer cells
# of healthy films that nobody has seen yet come near it.
SLACK = 0.01
# Films of each set that are drawn to see how far their medians reach.
FILMS = 200


@dataclass(frozen=True)
class AlarmChosen:
    """A version's rule, and how it does on patients that did not choose it."""

    rule: AlarmRule
    measured: dict[str, Any]


def choose_alarm(
    engine: Engine, healthy: Mapping[str, CellAnswers], alarm: Alarm, root: Path
) -> AlarmChosen:
    """Choose a version's rule by all patients; what is told of it is pooled over their folds.

    Args:
        engine: calibrated.
        healthy: answers for cells that calibrated it, by set.
        alarm: what is looked for.
        root: the data folder.
    """
    patients = ask(engine, patient_rows(alarm, root), root)
    others = {
        name: ask(engine, healthy_rows(name, alarm, root), root)
        for name in alarm.healthy
        if name not in healthy
    }
    healthy = {**healthy, **others}
    objectness = engine.thresholds.objectness
    rule = choose_rule(healthy, patients, alarm, objectness)
    rules = rules_by_fold(healthy, patients, alarm, objectness)
    measured = measured_on_others(rules, healthy, patients, alarm, films=FILMS)
    return AlarmChosen(rule, measured)


def patient_rows(alarm: Alarm, root: Path) -> list[Row]:
    """The cells of the patients, without those that are named roughly."""
    rows = read_manifest(root / "cells" / alarm.set / "manifest.csv")
    return [row for row in rows if row.label not in alarm.doubtful]


def healthy_rows(name: str, alarm: Alarm, root: Path) -> list[Row]:
    """The mature cells of a set that is no part of a test."""
    rows = read_manifest(root / "cells" / name / "manifest.csv")
    mature = (class_among(row.label, tuple(HEALTHY_MIX)) in HEALTHY_MIX for row in rows)
    return [
        row
        for row, is_mature in zip(rows, mature, strict=True)
        if is_mature and row.split != "test"
    ]


def choose_rule(
    healthy: Mapping[str, CellAnswers], patients: CellAnswers, alarm: Alarm, objectness: float
) -> AlarmRule:
    """The rule by which most films with blasts are alarmed.

    Args:
        healthy: by set; only its mature cells are used. Each counts by itself: the rule must hold
            for every one.
        patients: cells of patients with leukaemia, blasts among them. Their mature cells count as
            a set, too.
        alarm: what is looked for.
        objectness: below it a find is most likely no cell; the version's.
    """
    rule = _unchosen(patients.classes, alarm, objectness)
    rng = np.random.default_rng(alarm.seed)
    known = [answers for answers in (*healthy.values(), patients) if mix_of(answers)]
    sets = [_HealthySet.of(answers, rule, rng) for answers in known]
    blasts = _by_patient(patients, alarm, rule)
    bands: list[Band] = []
    above = -np.inf
    for to in alarm.bands or _edges(sets):
        within = [each for each in sets if each.reaches(above, to)]
        # A band that no set knows is taken for the one before it.
        bands.append(_band(rule, to, within or sets, blasts, alarm.least_share))
        above = to
    return replace(rule, bands=tuple(bands))


def _edges(sets: Sequence[_HealthySet]) -> tuple[float, ...]:
    """A band for each set: up to where nearly all of its films lie, and half of the gap to the next
    set's, for blasts move a film's median; the last one for all others."""
    reaches = sorted(tuple(np.quantile(each.medians, (0.99, 0.01)).tolist()) for each in sets)
    edges = [max(upper, (upper + lower) / 2) for (upper, _), (_, lower) in pairwise(reaches)]
    return (*sorted(set(edges)), 100.0)


@dataclass(frozen=True)
class _HealthySet:
    """Films of a set's mature cells.

    Args:
        beyond: float64 (films, cells), suspicions beyond what the film's median adds; NaN where a
            cell is not judged.
        medians: float64 (films,), see `Film`.
    """

    beyond: np.ndarray
    medians: np.ndarray

    @classmethod
    def of(cls, answers: CellAnswers, rule: AlarmRule, rng: np.random.Generator) -> _HealthySet:
        films = draw_films(mix_of(answers), FILMS, rng)
        suspicions = answers.suspicions(rule)[films]
        medians = np.nanmedian(answers.foreignness(rule)[films], axis=1)
        return cls(suspicions - rule.strangeness * medians[:, None], medians)

    def share(self, score: float) -> float:
        """Of its judged cells that are suspicious from this score on."""
        judged = ~np.isnan(self.beyond)
        return float((self.beyond[judged] >= score).mean())

    def reaches(self, above: float, to: float) -> bool:
        """Whether more than a few of its films lie in a band."""
        return bool(((self.medians > above) & (self.medians <= to)).mean() > 0.01)


def _band(
    rule: AlarmRule,
    to: float,
    sets: Sequence[_HealthySet],
    blasts: Sequence[np.ndarray],
    least_share: float,
) -> Band:
    """The score by which most films of some sets are alarmed for their blasts, with its share.

    The share is that of the set with most suspicious cells, so that the chance of a false alarm
    holds in each.
    """
    bands = [
        Band(to, score, max(least_share, *(each.share(score) for each in sets))) for score in SCORES
    ]
    powers = [_power(replace(rule, bands=(band,)), sets, blasts) for band in bands]
    good = [band for band, power in zip(bands, powers, strict=True) if power >= max(powers) - SLACK]
    return good[-1]


def _by_patient(patients: CellAnswers, alarm: Alarm, rule: AlarmRule) -> list[np.ndarray]:
    """The suspicions of the blasts of each patient who has enough of them."""
    grave = np.isin(patients.truth, alarm.grave)
    suspicions = patients.suspicions(rule)
    return [suspicions[places] for places in blasts_by_patient(patients, grave).values()]


def _power(rule: AlarmRule, sets: Sequence[_HealthySet], blasts: Sequence[np.ndarray]) -> float:
    """The mean chance, over sets, patients and doses, that a film with blasts is alarmed."""
    chances = []
    for healthy in sets:
        median = float(np.median(healthy.medians))
        band = rule.band_of(median)
        share, limit = healthy.share(band.score), rule.limit(FILM_CELLS, band.share)
        for own in blasts:
            suspicious = float((own >= rule.least_suspicion(Film(FILM_CELLS, median))).mean())
            for dose in DOSES:
                p = (share * (FILM_CELLS - dose) + suspicious * dose) / FILM_CELLS
                chances.append(_reaches(limit, FILM_CELLS, p))
    return float(np.mean(chances))


def _reaches(limit: int, n: int, p: float) -> float:
    """The chance of at least `limit` of n draws with p each (binomial distribution)."""
    if p <= 0.0 or p >= 1.0 or limit > n:
        return float(limit <= (n if p >= 1.0 else 0))
    term, below = (1.0 - p) ** n, 0.0
    for k in range(min(limit, n + 1)):
        below += term
        term *= (n - k) / (k + 1) * p / (1.0 - p)
    return 1.0 - below


def _unchosen(classes: tuple[str, ...], alarm: Alarm, objectness: float) -> AlarmRule:
    return AlarmRule(
        classes=tuple(name for name in alarm.classes if name in classes),
        against=alarm.against,
        not_white=alarm.not_white,
        objectness=objectness,
        strangeness=alarm.strangeness,
        bands=(Band(100.0, 0.0, 0.0),),
        chance=alarm.chance,
        least_cells=alarm.least_cells,
        foreign_by=alarm.foreign_by,
    )


def rules_by_fold(
    healthy: Mapping[str, CellAnswers], patients: CellAnswers, alarm: Alarm, objectness: float
) -> list[AlarmRule]:
    """The rule that each fold of patients is measured by: chosen on the cells of all others.

    Args:
        healthy: by set.
        patients, alarm, objectness: as in `choose_rule`.
    """
    folds = folds_of(patients)
    return [
        choose_rule(healthy, patients.part(folds != fold), alarm, objectness)
        for fold in range(FOLDS)
    ]


def folds_of(patients: CellAnswers) -> np.ndarray:
    """The fold of each cell's patient: int array, shape (N,)."""
    return np.array([fold_of(str(source)) for source in patients.source])


def measured_on_others(
    rules: list[AlarmRule],
    healthy: Mapping[str, CellAnswers],
    patients: CellAnswers,
    alarm: Alarm,
    *,
    films: int,
) -> dict[str, Any]:
    """How many films are alarmed, each judged by the rule that its patients did not choose.

    Args:
        rules: of the folds, see `rules_by_fold`.
        healthy: by set.
        patients: cells of patients with leukaemia.
        alarm: what is looked for.
        films: drawn of each set, and for each dose in each set; each fold gets its part.

    Returns:
        For the card: the rules; by set, how many films are alarmed without a blast and with each
        dose of blasts of one patient, with Wilson's interval over films; from how many distinct
        cells and patients the films were drawn.
    """
    folds = folds_of(patients)
    sets = {name: [answers] * FOLDS for name, answers in healthy.items()}
    sets[alarm.set] = [patients.part(folds == fold) for fold in range(FOLDS)]
    grave = [
        patients.part((folds == fold) & np.isin(patients.truth, alarm.grave))
        for fold in range(FOLDS)
    ]
    rng = np.random.default_rng(alarm.seed)
    return {
        "rules": [rule.as_dict() for rule in rules],
        "film_cells": FILM_CELLS,
        "seed": alarm.seed,
        "patients_with_blasts": sum(
            len(blasts_by_patient(each, np.ones(len(each.truth), bool))) for each in grave
        ),
        "sets": {
            name: {
                "cells": _distinct(name, parts, alarm),
                "alarmed": {
                    str(dose): alarmed(rules, parts, grave, dose, films, rng)
                    for dose in (0, *DOSES)
                },
            }
            for name, parts in sets.items()
        },
    }


def _distinct(name: str, parts: list[CellAnswers], alarm: Alarm) -> dict[str, int]:
    """How many cells of each class there are to draw from."""
    counted = parts if name == alarm.set else parts[:1]
    found: dict[str, int] = {}
    for part in counted:
        for label, places in mix_of(part).items():
            found[label] = found.get(label, 0) + len(places)
    return found
