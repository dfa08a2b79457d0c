"""Films drawn of single cells: healthy ones, and some with blasts of one patient.

What a version says of the cells is asked once and drawn from as often as wanted. Which films a
rule raises its alarm for is counted here; no rule is chosen.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from mlmodels.ml.classes import class_among
from mlmodels.ml.datasets.manifest import Row
from mlmodels.ml.evaluation.labelled_cell import labelled_cell
from mlmodels.ml.evaluation.metrics import wilson_interval
from mlmodels.ml.inference.alarm import AlarmRule, Film
from mlmodels.ml.inference.engine import Engine
from mlmodels.ml.inference.pipeline import read_pixels
from mlmodels.ml.pictures.reading import decode_image

# A film of 100 white cells of a healthy person; classes that a set lacks, or names roughly, are
# left out and the others drawn more often. Within the reference intervals of adults.
HEALTHY_MIX: Mapping[str, int] = {
    "neutrophil": 60,
    "lymphocyte": 30,
    "monocyte": 6,
    "eosinophil": 3,
    "basophil": 1,
}
FILM_CELLS = 100
# Of a patient with fewer, repeats would say little.
LEAST_BLASTS = 4


@dataclass(frozen=True)
class CellAnswers:
    """What a version says of cells, as it is stored of them.

    Args:
        classes: the version's, in the order of `probabilities`.
        truth: str array, shape (N,), what people called each cell.
        source: str array, shape (N,), what it is of: a patient where one is known.
        probabilities: float64 array, shape (N, K), calibrated.
        percentile: float64 array, shape (N,), of out-of-distribution scores, 0 to 100.
        objectness: float64 array, shape (N,), 0 to 1.
    """

    classes: tuple[str, ...]
    truth: np.ndarray
    source: np.ndarray
    probabilities: np.ndarray
    percentile: np.ndarray
    objectness: np.ndarray

    def part(self, kept: np.ndarray) -> CellAnswers:
        """Those that a bool array, shape (N,), keeps, or places, in their order."""
        arrays = {name: value[kept] for name, value in vars(self).items() if name != "classes"}
        return replace(self, **arrays)

    def suspicions(self, rule: AlarmRule) -> np.ndarray:
        """Of each cell, float64 array, shape (N,); NaN for what is not judged."""
        found = [
            rule.suspicion(dict(zip(self.classes, p, strict=True)), percentile, objectness)
            for p, percentile, objectness in zip(
                self.probabilities.tolist(),
                self.percentile.tolist(),
                self.objectness.tolist(),
                strict=True,
            )
        ]
        return np.array(found, dtype=np.float64)

    def foreignness(self, rule: AlarmRule) -> np.ndarray:
        """How foreign each cell makes its film, float64 array, shape (N,); NaN as above."""
        suspicions = self.suspicions(rule)
        judged = ~np.isnan(suspicions)
        pairs = zip(self.percentile.tolist(), suspicions.tolist(), strict=True)
        found = np.array([rule.foreignness(*pair) for pair in pairs], dtype=np.float64)
        return np.where(judged, found, np.nan)


def ask(engine: Engine, rows: Iterable[Row], root: Path) -> CellAnswers:
    """Read pictures of one cell each, as in use.

    Args:
        engine: a loaded version.
        rows: of a set.
        root: the data folder.

    Returns:
        The labelled cells. A picture in which none is found is left out.
    """
    found = []
    for row in rows:
        rgb = decode_image(row.file(root).read_bytes())
        size = rgb.shape[1], rgb.shape[0]
        cell = labelled_cell(read_pixels(rgb, engine).cells, size, row.source)
        if cell is not None:
            p = [cell.probabilities[name] for name in engine.classes]
            found.append((row.label, row.source, p, cell.familiarity_percentile, cell.objectness))
    columns = [np.array(column) for column in zip(*found, strict=True)]
    return CellAnswers(engine.classes, *columns)


def mix_of(answers: CellAnswers) -> dict[str, np.ndarray]:
    """The places of a set's mature cells by the class of `HEALTHY_MIX` that they are of."""
    named = np.array([class_among(str(name), tuple(HEALTHY_MIX)) for name in answers.truth])
    places = {name: np.flatnonzero(named == name) for name in HEALTHY_MIX}
    return {name: found for name, found in places.items() if len(found)}


def draw_films(
    places: Mapping[str, np.ndarray],
    films: int,
    rng: np.random.Generator,
    *,
    cells: int = FILM_CELLS,
    mix: Mapping[str, int] = HEALTHY_MIX,
) -> np.ndarray:
    """Films of mature cells, drawn with repeats: int array, shape (films, cells), of places.

    Args:
        places: by class, see `mix_of`.
        films: how many.
        rng: draws.
        cells: of each film.
        mix: how many of each class to 100, rounded so that the first class fills up.
    """
    total = sum(mix[name] for name in places)
    counts = {name: round(cells * mix[name] / total) for name in places}
    first = next(iter(counts))
    counts[first] += cells - sum(counts.values())
    drawn = [rng.choice(places[name], (films, count)) for name, count in counts.items()]
    return np.concatenate(drawn, axis=1)


def blasts_by_patient(patients: CellAnswers, grave: np.ndarray) -> dict[str, np.ndarray]:
    """The places of the grave cells of each patient who has at least `LEAST_BLASTS`."""
    found = {
        str(name): np.flatnonzero(grave & (patients.source == name))
        for name in np.unique(patients.source[grave])
    }
    return {name: places for name, places in found.items() if len(places) >= LEAST_BLASTS}


def alarmed(
    rules: Sequence[AlarmRule],
    healthy: Sequence[CellAnswers],
    grave: Sequence[CellAnswers],
    dose: int,
    films: int,
    rng: np.random.Generator,
    *,
    cells: int = FILM_CELLS,
    mix: Mapping[str, int] = HEALTHY_MIX,
) -> dict[str, Any]:
    """Films with so many blasts, and how many of them are alarmed.

    Args:
        rules, healthy, grave: of each fold: what judges, and what films are drawn of.
        dose: blasts in each film; 0 draws none of `grave`.
        films: over all folds.
        rng, cells, mix: as in `draw_films`.
    """
    drawn = raised = 0
    for fold, rule in enumerate(rules):
        count = films // len(rules) + (fold < films % len(rules))
        parts = healthy[fold], grave[fold]
        for film in films_with_blasts(*parts, rule, dose, count, rng, cells=cells, mix=mix):
            drawn += 1
            raised += is_alarmed(rule, *film)
    return {"n": drawn, "alarmed": raised, "interval": list(wilson_interval(raised, drawn))}


def films_with_blasts(
    healthy: CellAnswers,
    grave: CellAnswers,
    rule: AlarmRule,
    dose: int,
    films: int,
    rng: np.random.Generator,
    *,
    cells: int = FILM_CELLS,
    mix: Mapping[str, int] = HEALTHY_MIX,
) -> Iterable[tuple[np.ndarray, np.ndarray]]:
    """Films of mature cells, `dose` of them replaced by blasts.

    Of each film the suspicions of its cells, and how foreign they make it. The patients follow
    each other from film to film. Where there is no mature cell, or no patient with enough blasts,
    there is no film.
    """
    people = list(blasts_by_patient(grave, np.ones(len(grave.truth), bool)).values())
    known = mix_of(healthy)
    if not known or (dose and not people):
        return
    places = draw_films(known, films, rng, cells=cells, mix=mix)
    mature, blast = (np.stack([c.suspicions(rule), c.foreignness(rule)]) for c in (healthy, grave))
    for number, film in enumerate(places):
        if not dose:
            yield mature[0, film], mature[1, film]
            continue
        kept = rng.permutation(film)[dose:]
        own = rng.choice(people[number % len(people)], dose)
        mixed = np.concatenate([mature[:, kept], blast[:, own]], axis=1)
        yield mixed[0], mixed[1]


def is_alarmed(rule: AlarmRule, suspicions: np.ndarray, foreignness: np.ndarray) -> bool:
    """Whether a film raises an alarm.

    Args:
        suspicions: of its cells, float array, shape (N,); NaN for what is not judged.
        foreignness: of the same cells, see `AlarmRule.foreign_by`.
    """
    judged = ~np.isnan(suspicions)
    film = Film(int(judged.sum()), float(np.median(foreignness[judged])) if judged.any() else 0.0)
    suspicious = int((suspicions[judged] >= rule.least_suspicion(film)).sum())
    return rule.judge(suspicious, film).is_raised
