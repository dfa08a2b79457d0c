"""Adapting a version to another microscope by a few reviewed cells.

What is changed, and how strongly, is chosen by cross-validation over sources, with no change
among the choices. It reads no picture of a test and registers nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from mlmodels.ml.adaptation.acceptance import Acceptable, least_confidence
from mlmodels.ml.adaptation.adaptable_network import UNCHANGED, AdaptableNetwork
from mlmodels.ml.adaptation.judging import Seen, judge, weighed
from mlmodels.ml.adaptation.moved_familiarity import moved_familiarity
from mlmodels.ml.adaptation.rehearsal import rare_classes, rehearsed_heads
from mlmodels.ml.adaptation.reviewed_cells import FEWEST_CELLS, FEWEST_SOURCES, CellCrops
from mlmodels.ml.datasets.splits import assign_folds
from mlmodels.ml.errors import ManifestInvalid
from mlmodels.ml.evaluation.metrics import Answer
from mlmodels.ml.inference.calibration import (
    ACCEPTED,
    Thresholds,
    sigmoid,
    softer_share,
    softmax,
)
from mlmodels.ml.inference.engine import Engine
from mlmodels.ml.inference.familiarity import Familiarity
from mlmodels.ml.inference.occurring import leave_out
from mlmodels.ml.training.calibration.fitting import fit_temperature, objectness_threshold
from mlmodels.ml.training.linear_head import LinearHead
from mlmodels.ml.training.progress import CALIBRATING, Progress, Tell, tell_nobody

logger = logging.getLogger(__name__)

FOLDS = 5
# What is tried, beside no change. Fixed on other sets than the one that is shown
# (docs/model/onboarding.md).
STATISTICS = (0.0, 0.5, 1.0)
COLOURS = (0.0, 1.0)
HEADS = (0.03, 0.1, 0.3, 1.0)
# Where too few cells of a class that occurs were reviewed, no more than this: with 0.1 a class that
# was left out of the fifty lost up to 10 points, with 0.3 up to 18.
HEAD_WITH_RARE_CLASSES = 0.1
LOST_CELLS = 0.02


@dataclass(frozen=True)
class Setting:
    """One way to adapt.

    Args:
        statistics: share of the profile's own batch-normalisation statistics, 0 to 1.
        colour: share of the way to the colours of training, 0 to 1.
        head: strength of the cells against the old last layer; 0 leaves it as it is.
    """

    statistics: float = 0.0
    colour: float = 0.0
    head: float = 0.0

    def in_words(self) -> str:
        """What it changes, for people."""
        changes = []
        if self.colour:
            changes.append(f"colours moved {self.colour:.0%} of the way to those of training")
        if self.statistics:
            changes.append(f"{self.statistics:.0%} of the statistics taken from these cells")
        if self.head:
            changes.append(f"last layer fitted again with strength {self.head:g}")
        return ", ".join(changes) or "network unchanged"


NO_CHANGE = Setting()


@dataclass(frozen=True)
class Option:
    """How a setting did on cells it was not fitted on.

    Args:
        loss: mean negative log likelihood at the best temperature.
        deviation: standard error of the mean of its differences from the best option's.
        right: how many cells it named rightly.
    """

    setting: Setting
    loss: float
    deviation: float
    right: int


@dataclass(frozen=True)
class Fitted:
    """An adaptation of a version: everything that differs from it.

    Args:
        setting: what was chosen.
        options: every choice, the best first.
        head: added to the logits, of what the last layer looks at; none where it stays.
        temperature: that the base's is multiplied with, at least 1: no answer becomes surer than
            the base's calibration makes it by this alone.
        thresholds, familiarity: of the adapted version.
        acceptable: what the reviewed cells show of the thresholds.
    """

    setting: Setting
    options: tuple[Option, ...]
    head: LinearHead | None
    temperature: float
    thresholds: Thresholds
    familiarity: Familiarity
    acceptable: Acceptable


def refuse_too_little(cells: CellCrops) -> None:
    """Let only cells pass on which an adaptation can be fitted and measured.

    Raises:
        ManifestInvalid: too few cells, sources or classes.
    """
    sources, classes = len(set(cells.sources)), len(set(cells.truth))
    if len(cells.truth) < FEWEST_CELLS:
        raise ManifestInvalid(
            f"{len(cells.truth)} reviewed cells can be used; {FEWEST_CELLS} are needed. "
            "Review more."
        )
    if sources < FEWEST_SOURCES or classes < 2:
        raise ManifestInvalid(
            f"The reviewed cells are of {sources} sources and {classes} classes; at least "
            f"{FEWEST_SOURCES} sources and 2 classes are needed. Review cells of other samples."
        )


def tell_step(tell: Tell, step: str, level: int = logging.INFO) -> None:
    """Tell in the log and on the page of the run what was done now."""
    logger.log(level, "%s", step)
    tell(Progress(CALIBRATING, stage=step))


def adapt(
    engine: Engine, network: AdaptableNetwork, cells: CellCrops, tell: Tell = tell_nobody
) -> Fitted:
    """Choose how to adapt, do it to the network, and fit what follows from it.

    Args:
        engine: the version as it is; its views, thresholds and familiarity are the start.
        network: of that version; changed in place.
        cells: reviewed ones.
        tell: told what is tried.

    Returns:
        The adaptation; the network has it already.
    """
    fitted = _fit(engine, network, cells, tell, logging.INFO)
    if fitted.head is not None:
        weights = engine.temperature * fitted.head.weights / fitted.head.deviation[:, None]
        bias = engine.temperature * fitted.head.bias - fitted.head.mean @ weights
        network.move_head(weights, bias)
    return fitted


def measured_on_others(
    engine: Engine,
    open_network: Callable[[], AdaptableNetwork],
    cells: CellCrops,
    tell: Tell = tell_nobody,
) -> list[Answer]:
    """What adapted versions say of cells they were not adapted on.

    Every fold of sources is left out once; the whole adaptation, its choice too, is made on the
    others. So each cell has one answer of a version that never saw its source.

    Args:
        engine: the version as it is.
        open_network: opens its network anew.
        cells: reviewed ones.
        tell: told of each fold.

    Returns:
        One answer a cell, in their order.
    """
    folds = _folds(cells)
    answers: dict[int, Answer] = {}
    for fold in np.unique(folds):
        rest, left = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
        network = open_network()
        fitted = _fit(engine, network, cells.part(rest), tell_nobody, logging.DEBUG)
        step = f"fold {int(fold) + 1} of {folds.max() + 1}: {fitted.setting.in_words()}"
        tell_step(tell, step)
        others = cells.part(left)
        seen = _look(engine, network, others)
        adapted = replace(
            engine,
            temperature=fitted.temperature,
            thresholds=fitted.thresholds,
            familiarity=fitted.familiarity,
        )
        verdicts = judge(adapted, _corrected(seen, fitted.head), seen, others)
        for place, verdict in zip(left, verdicts, strict=True):
            answers[int(place)] = verdict.answer
    return [answers[i] for i in range(len(cells.truth))]


def answers_as_it_is(engine: Engine, cells: CellCrops) -> list[Answer]:
    """What the version says of the cells without any adaptation."""
    logits, cell, features = engine.run(cells.pixels)
    seen = Seen(*weighed(engine, logits, cells), cell, features)
    as_it_is = replace(engine, temperature=1.0)
    return [verdict.answer for verdict in judge(as_it_is, seen.logits, seen, cells)]


def _fit(
    engine: Engine, network: AdaptableNetwork, cells: CellCrops, tell: Tell, level: int
) -> Fitted:
    """Choose and fit; the network takes colours and statistics, but not yet the last layer."""
    folds = _folds(cells)
    tried, states = _try_all(engine, network, cells, folds, tell, level)
    options = _ranked(engine, tried, cells.truth)
    chosen = options[0].setting
    seen, logits = states[chosen.colour, chosen.statistics], tried[chosen]
    _set_state(network, cells.pixels, chosen)
    temperature = _temperature(engine, logits, cells.truth)
    familiarity = moved_familiarity(
        engine.familiarity, seen.features, cells.truth, folds, class_count=len(engine.classes)
    )
    moved = replace(engine, temperature=temperature, familiarity=familiarity)
    thresholds, acceptable = _acceptance(moved, replace(seen, logits=logits), cells)
    return Fitted(
        setting=chosen,
        options=options,
        head=_head(engine, seen, cells.truth, chosen.head),
        temperature=temperature,
        thresholds=thresholds,
        familiarity=familiarity,
        acceptable=acceptable,
    )


def _folds(cells: CellCrops) -> np.ndarray:
    count = min(FOLDS, len(set(cells.sources)))
    return assign_folds(list(cells.sources), [str(k) for k in cells.truth], count)


def _try_all(
    engine: Engine,
    network: AdaptableNetwork,
    cells: CellCrops,
    folds: np.ndarray,
    tell: Tell,
    level: int,
) -> tuple[dict[Setting, np.ndarray], dict[tuple[float, float], Seen]]:
    """Logits of every setting for cells its last layer was not fitted on, and every state seen.

    Colours and statistics use no class: they are those of all the cells that are given.
    """
    tried: dict[Setting, np.ndarray] = {}
    states: dict[tuple[float, float], Seen] = {}
    for colour in COLOURS:
        for statistics in STATISTICS:
            state = Setting(statistics, colour)
            undo = _set_state(network, cells.pixels, state)
            seen = _look(engine, network, cells)
            undo()
            states[colour, statistics] = seen
            tried[state] = seen.logits
            for strength, logits in _left_out_logits(engine, seen, cells.truth, folds).items():
                tried[replace(state, head=strength)] = logits
            tell_step(tell, f"tried: {state.in_words()}", level)
    return tried, states


def _set_state(network: AdaptableNetwork, pixels: np.ndarray, to: Setting) -> Callable[[], None]:
    """Give the network a setting's colours and statistics; what is returned takes them back."""
    before_colour, before = network.colour, network.statistics()
    if to.colour:
        change = network.colour_towards_training(pixels)
        network.colour = change.part(to.colour).after(before_colour)
    if to.statistics:
        own = network.statistics_of(pixels)
        share = to.statistics
        network.put_statistics(
            [
                ((1 - share) * old[0] + share * new[0], (1 - share) * old[1] + share * new[1])
                for old, new in zip(before, own, strict=True)
            ]
        )

    def undo() -> None:
        network.colour = before_colour
        network.put_statistics(before)

    return undo


class _Open:
    """The network as a runtime, in the state that it is in."""

    name = "keras"

    def __init__(self, network: AdaptableNetwork) -> None:
        self.run = network.answers


def _look(engine: Engine, network: AdaptableNetwork, cells: CellCrops) -> Seen:
    """Answers averaged over the version's views, logits as `weighed` gives them."""
    logits, cell, features = replace(engine, runtime=_Open(network)).run(cells.pixels)
    layer = network.head_on_features()
    if layer is not None:
        layer = (layer[0] / engine.temperature, layer[1] / engine.temperature)
    return Seen(*weighed(engine, logits, cells), cell, features, layer)


def _head(engine: Engine, seen: Seen, truth: np.ndarray, strength: float) -> LinearHead | None:
    if not strength:
        return None
    return _heads(engine, seen, truth, [strength])[0]


def _heads(
    engine: Engine, seen: Seen, truth: np.ndarray, strengths: Sequence[float]
) -> list[LinearHead]:
    if seen.layer is None or not strengths:
        return []
    return rehearsed_heads(
        engine.familiarity,
        seen.features,
        seen.logits,
        truth,
        layer=seen.layer,
        strengths=strengths,
    )


def _strengths(engine: Engine, seen: Seen, truth: np.ndarray) -> tuple[float, ...]:
    """How strongly the last layer may be fitted again; not at all where it cannot be rehearsed."""
    if seen.layer is None:
        return ()
    rare = rare_classes(truth, len(engine.classes))
    occurring = engine.occurring
    if len(rare if occurring is None else rare[occurring[rare]]) == 0:
        return HEADS
    return tuple(strength for strength in HEADS if strength <= HEAD_WITH_RARE_CLASSES)


def _corrected(seen: Seen, head: LinearHead | None) -> np.ndarray:
    return seen.logits if head is None else seen.logits + head.logits(seen.features)


def _left_out_logits(
    engine: Engine, seen: Seen, truth: np.ndarray, folds: np.ndarray
) -> dict[float, np.ndarray]:
    """Logits (N, K) by strength, each cell's from a last layer that was fitted without its fold."""
    strengths = _strengths(engine, seen, truth)
    table = {strength: np.empty(seen.logits.shape) for strength in strengths}
    for fold in np.unique(folds):
        rest, left = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
        heads = _heads(engine, seen.part(rest), truth[rest], strengths)
        for strength, head in zip(strengths, heads, strict=True):
            table[strength][left] = _corrected(seen.part(left), head)
    return table


def _ranked(
    engine: Engine, tried: dict[Setting, np.ndarray], truth: np.ndarray
) -> tuple[Option, ...]:
    """Every option, the chosen one first: the smallest loss among the classes that occur."""
    losses: dict[Setting, np.ndarray] = {}
    right: dict[Setting, int] = {}
    for setting, found in tried.items():
        logits = leave_out(found, engine.occurring)
        p = softmax(logits, fit_temperature(logits, truth))
        losses[setting] = -np.log(np.maximum(p[np.arange(len(truth)), truth], 1e-12))
        right[setting] = int((logits.argmax(axis=1) == truth).sum())
    best = min(losses, key=lambda s: float(losses[s].mean()))
    options = [
        Option(
            setting,
            float(loss.mean()),
            float((loss - losses[best]).std() / np.sqrt(len(loss))),
            right[setting],
        )
        for setting, loss in losses.items()
    ]
    return tuple(sorted(options, key=lambda option: option.loss))


def _temperature(engine: Engine, logits: np.ndarray, truth: np.ndarray) -> float:
    """What the base's temperature is multiplied with: at least 1, for fifty cells that are all
    right would make every answer as sure as can be, and so empty the limits of each class."""
    return max(1.0, fit_temperature(leave_out(logits, engine.occurring), truth))


def _acceptance(moved: Engine, left_out: Seen, cells: CellCrops) -> tuple[Thresholds, Acceptable]:
    """The thresholds by which an adaptation accepts, and what the reviewed cells show of them.

    What the base asks of each class stays asked, at the temperature of the adaptation.

    Args:
        moved: the base with the temperature and the familiarity of the adaptation.
        left_out: of each cell by a last layer that was fitted without it.
    """
    objectness = objectness_threshold(sigmoid(left_out.cell), LOST_CELLS)
    by_class = {
        label: least.softened(moved.temperature)
        for label, least in moved.thresholds.by_class.items()
    }
    base = replace(
        moved.thresholds,
        objectness=objectness,
        by_class=by_class,
        identify_rival=softer_share(moved.thresholds.identify_rival, moved.temperature),
    )
    open_to_all = replace(base, accept_probability=0.0, identify_probability=0.0)
    judged = judge(replace(moved, thresholds=open_to_all), left_out.logits, left_out, cells)
    least = least_confidence(
        np.array([verdict.counting for verdict in judged]),
        np.array([verdict.answer.is_right for verdict in judged]),
        np.array([verdict.answer.disposition == ACCEPTED for verdict in judged]),
        base.accept_probability,
    )
    chosen = replace(base, accept_probability=least, identify_probability=least / 2)
    judged = judge(replace(moved, thresholds=chosen), left_out.logits, left_out, cells)
    accepted = [v.answer for v in judged if v.answer.disposition == ACCEPTED]
    right = sum(answer.is_right for answer in accepted)
    return chosen, Acceptable(least, len(judged), len(accepted), right)


__all__ = ["NO_CHANGE", "UNCHANGED", "Fitted", "Option", "Setting", "adapt", "measured_on_others"]
