"""What of a version is chosen after its training: temperature, thresholds, familiarity, sizes.

Everything is chosen on the calibration split of the training sources and on training cells,
never on a test. It writes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from mlmodels.ml.datasets.manifest import read_manifest
from mlmodels.ml.evaluation.labelled_cell import place_of_labelled
from mlmodels.ml.inference.calibration import Thresholds, sigmoid, softmax
from mlmodels.ml.inference.crops import cut_crop
from mlmodels.ml.inference.engine import Engine
from mlmodels.ml.inference.familiarity import Familiarity
from mlmodels.ml.inference.finding.localize import locate
from mlmodels.ml.inference.finding.red_cells import sizes_in_red_cells
from mlmodels.ml.inference.size_evidence import weigh_sizes
from mlmodels.ml.pictures.reading import decode_image
from mlmodels.ml.training.augment import augment
from mlmodels.ml.training.calibration import alarm_choice, safe_acceptance
from mlmodels.ml.training.calibration.alarm_choice import AlarmChosen
from mlmodels.ml.training.calibration.alarm_films import CellAnswers
from mlmodels.ml.training.calibration.fitting import (
    accept_threshold,
    fit_familiarity,
    fit_size_limits,
    fit_temperature,
    objectness_threshold,
)
from mlmodels.ml.training.data import TrainingData
from mlmodels.ml.training.recipe import Alarm, Calibration, Recipe, Safety

FAMILIAR_CELLS = 1600


@dataclass(frozen=True)
class Answers:
    """What the network says of pictures cut as in use.

    Args:
        truth: int array (N,), the class's place.
        logits: float32 (N, K); cell: float32 (N,); features: float32 (N, F).
        crops: uint8 (N, side, side, 3).
        sets: name of the set of each, str array (N,).
        sizes: of the nuclei in red cells, float64 (N,), NaN where unknown.
    """

    truth: np.ndarray
    logits: np.ndarray
    cell: np.ndarray
    features: np.ndarray
    crops: np.ndarray
    sets: np.ndarray
    sizes: np.ndarray


@dataclass(frozen=True)
class Calibrated:
    """What was chosen, and by which answers.

    Args:
        calibration: answers for the calibration cells, their logits weighed by size.
        temperature, thresholds, familiarity: of the version.
        size_limits: float64 (K,), see `weigh_sizes`; None where sizes do not count.
        safety: what is accepted of dangerous cells, see `measured_on_others`; None where the
            recipe asks for no safety.
        alarm: its rule with what it was measured by; None where the recipe asks for none.
    """

    calibration: Answers
    temperature: float
    thresholds: Thresholds
    familiarity: Familiarity
    size_limits: np.ndarray | None
    safety: dict[str, Any] | None = None
    alarm: AlarmChosen | None = None

    def settings(self, classes: tuple[str, ...]) -> dict[str, Any]:
        """Plain numbers, for the card's engine; `classes` in the order of the logits."""
        found: dict[str, Any] = {
            "temperature": self.temperature,
            "thresholds": self.thresholds.as_dict(),
        }
        if self.size_limits is not None:
            named = zip(classes, self.size_limits.tolist(), strict=True)
            found["size_limits"] = {name: limit for name, limit in named if np.isfinite(limit)}
        return found

    def figures(self) -> dict[str, Any]:
        """How many calibration cells are right, in all and of each set, for the card."""
        p = softmax(self.calibration.logits, self.temperature)
        right = p.argmax(axis=1) == self.calibration.truth
        of = {str(s): self.calibration.sets == s for s in np.unique(self.calibration.sets)}
        by_set = {s: {"n": int(m.sum()), "right": int(right[m].sum())} for s, m in of.items()}
        found: dict[str, Any] = {"n": len(right), "right": int(right.sum()), "by_set": by_set}
        if self.alarm is not None:
            found["alarm"] = self.alarm.measured
        return found if self.safety is None else {**found, "safety": self.safety}

    def card_parts(self) -> dict[str, Any]:
        """What else stands on the card: the alarm's rule, where there is one."""
        return {} if self.alarm is None else {"alarm": self.alarm.rule.as_dict()}


def calibrate(
    engine: Engine,
    data: TrainingData,
    recipe: Recipe,
    root: Path,
    *,
    familiarity: Familiarity | None = None,
) -> Calibrated:
    """Choose all that the training itself does not.

    Args:
        engine: only its runtime, views and crop rule are used.
        data, recipe: of the training.
        root: the data folder.
        familiarity: one that stays as it is; none fits it.
    """
    calibration = ask(engine, data, data.calibration, root)
    changed = replace(ask_changed(engine, data, data.calibration, recipe), sizes=calibration.sizes)
    known = ask(engine, data, _some_training_cells(data), root)
    if familiarity is None:
        familiarity = fit_familiarity(known.features, known.truth, calibration.features)
    limits = _size_limits(known, recipe, data.classes)
    if limits is not None:
        calibration, changed = (
            replace(a, logits=weigh_sizes(a.logits, a.sizes, limits))
            for a in (calibration, changed)
        )
    temperature, thresholds = choose_thresholds(calibration, changed, familiarity, recipe)
    chosen = Calibrated(calibration, temperature, thresholds, familiarity, limits)
    if recipe.safety is not None:
        chosen = _made_safe(chosen, engine, recipe.safety, root)
    return chosen if recipe.alarm is None else _alarmed(chosen, engine, recipe.alarm, root)


def _calibrated(chosen: Calibrated, engine: Engine) -> Engine:
    return replace(
        engine,
        temperature=chosen.temperature,
        thresholds=chosen.thresholds,
        familiarity=chosen.familiarity,
        size_limits=chosen.size_limits,
    )


def _alarmed(chosen: Calibrated, engine: Engine, alarm: Alarm, root: Path) -> Calibrated:
    """The same with the rule of the alarm."""
    answers = chosen.calibration
    cells = CellAnswers(
        classes=engine.classes,
        truth=np.array(engine.classes)[answers.truth],
        source=answers.sets,
        probabilities=softmax(answers.logits, chosen.temperature),
        percentile=chosen.familiarity.percentiles(answers.features),
        objectness=sigmoid(answers.cell),
    )
    healthy = {str(name): cells.part(answers.sets == name) for name in np.unique(answers.sets)}
    return replace(
        chosen,
        alarm=alarm_choice.choose_alarm(_calibrated(chosen, engine), healthy, alarm, root),
    )


def _made_safe(chosen: Calibrated, engine: Engine, safety: Safety, root: Path) -> Calibrated:
    """The same with acceptance by class, chosen on a set that trains nothing."""
    calibrated = _calibrated(chosen, engine)
    rows = read_manifest(root / "cells" / safety.set / "manifest.csv")
    answers = safe_acceptance.ask(calibrated, rows, root)
    by_class = safe_acceptance.choose_acceptance(answers, safety)
    return replace(
        chosen,
        thresholds=replace(
            chosen.thresholds,
            by_class=by_class,
            identify_rival=safe_acceptance.choose_identify_rival(answers, safety),
        ),
        safety=safe_acceptance.measured_on_others(answers, safety),
    )


def ask(engine: Engine, data: TrainingData, places: np.ndarray, root: Path) -> Answers:
    """Let the network answer for pictures of the run, located and cut as in use.

    Args:
        engine: only its runtime, views and crop rule are used.
        data: of the run.
        places: in `data.crops`; those of no named cell are passed over.
        root: the data folder.
    """
    crops, truth, sets, sizes = [], [], [], []
    for i in places:
        crop = data.crops[i]
        if not crop.is_named:
            continue
        rgb = decode_image((root / crop.path).read_bytes())
        seen = locate(rgb)
        centres = [nucleus.centre for nucleus in seen.nuclei]
        place = place_of_labelled(centres, (rgb.shape[1], rgb.shape[0]), crop.set)
        crops.append(cut_crop(rgb, seen, seen.nuclei[place], engine.crop_rule))
        truth.append(data.classes.index(crop.label))
        sets.append(crop.set)
        sizes.append(sizes_in_red_cells(seen)[place])
    stacked = np.stack(crops)
    return Answers(
        np.array(truth),
        *engine.run(stacked),
        crops=stacked,
        sets=np.array(sets),
        sizes=np.array(sizes),
    )


def ask_changed(engine: Engine, data: TrainingData, places: np.ndarray, recipe: Recipe) -> Answers:
    """Let the network answer for pictures as another microscope might have shown them.

    Args:
        engine: only its runtime and views are used.
        data: of the run.
        places: in `data.crops`; those of no named cell are passed over.
        recipe: each picture is changed once by its augmentation, the same with every run.
    """
    rng = np.random.default_rng(recipe.seed)
    ratio = recipe.crop.scale / recipe.crop.wide_scale
    cells = [i for i in places if data.crops[i].is_named]
    crops = []
    for i in cells:
        name, place = data.places[i]
        wide = np.asarray(data.crop_caches[name].pixels[place])
        crops.append(augment(wide, ratio, recipe.crop_rule, recipe.augmentation, rng))
    stacked = np.stack(crops)
    truth = np.array([data.classes.index(data.crops[i].label) for i in cells])
    sets = np.array([data.crops[i].set for i in cells])
    unknown = np.full(len(cells), np.nan)
    return Answers(truth, *engine.run(stacked), crops=stacked, sets=sets, sizes=unknown)


def _size_limits(known: Answers, recipe: Recipe, classes: tuple[str, ...]) -> np.ndarray | None:
    """The largest size of each class, where the recipe lets sizes count."""
    percentile = recipe.calibration.size_percentile
    if not percentile:
        return None
    return fit_size_limits(
        known.sizes, known.truth, known.sets, classes=len(classes), percentile=percentile
    )


def choose_thresholds(
    calibration: Answers, changed: Answers, familiarity: Familiarity, recipe: Recipe
) -> tuple[float, Thresholds]:
    """Temperature and thresholds from the calibration split alone.

    Args:
        calibration: answers for the calibration cells.
        changed: answers for the same cells in changed colours, light and sharpness.
        familiarity: its percentiles are those of the calibration cells as they are, so that
            cells of another microscope lie beyond them.
        recipe: what is wanted of them.

    Returns:
        The temperature, and the thresholds. A cell is accepted from the confidence on that
        keeps enough right among the familiar cells, of those as they are and of the changed
        ones; a set counts as much as another, however many pictures it has. A cell is
        unidentified below half of it.
    """
    c = recipe.calibration
    temperature = fit_temperature(
        calibration.logits, calibration.truth, _set_weights(calibration.sets)
    )
    accept = max(
        _accept_threshold(answers, temperature, familiarity, c)
        for answers in (calibration, changed)
    )
    return temperature, Thresholds(
        accept_probability=accept,
        identify_probability=accept / 2,
        objectness=objectness_threshold(sigmoid(calibration.cell), c.lost_cells),
        unusual_percentile=c.unusual_percentile,
        unfamiliar_percentile=c.unfamiliar_percentile,
    )


def _accept_threshold(
    answers: Answers, temperature: float, familiarity: Familiarity, c: Calibration
) -> float:
    near = familiarity.percentiles(answers.features) <= c.unusual_percentile
    p = softmax(answers.logits[near], temperature)
    right = p.argmax(axis=1) == answers.truth[near]
    weights = _set_weights(answers.sets[near])
    lowest = accept_threshold(p.max(axis=1), right, c.accepted_accuracy, weights)
    return max(lowest, c.least_accepted)


def _set_weights(sets: np.ndarray) -> np.ndarray:
    """The weight of each cell with which every set counts alike; shape (N,)."""
    names, counts = np.unique(sets, return_counts=True)
    return (1 / counts)[np.searchsorted(names, sets)]


def _some_training_cells(data: TrainingData) -> np.ndarray:
    """Some `FAMILIAR_CELLS` training cells, about as many of each set and class."""
    groups: dict[tuple[str, str], list[int]] = {}
    for i in data.training:
        if data.crops[i].is_named:
            groups.setdefault((data.crops[i].set, data.crops[i].label), []).append(int(i))
    each = max(2, FAMILIAR_CELLS // len(groups))
    chosen = [p for places in groups.values() for p in places[:: max(1, len(places) // each)]]
    return np.array(sorted(chosen))
