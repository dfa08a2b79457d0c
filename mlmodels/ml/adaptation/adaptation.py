"""Adapting a version to another microscope by a few reviewed cells.

What is changed, and how strongly, is chosen by cross-validation over sources, with no change
among the choices. It reads no picture of a test and registers nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from mlmodels.ml.adaptation.adaptable_network import UNCHANGED, AdaptableNetwork
from mlmodels.ml.adaptation.moved_familiarity import moved_familiarity
from mlmodels.ml.adaptation.reviewed_cells import FEWEST_CELLS, FEWEST_SOURCES, CellCrops
from mlmodels.ml.datasets.splits import assign_folds
from mlmodels.ml.errors import ManifestInvalid
from mlmodels.ml.evaluation.metrics import Answer
from mlmodels.ml.inference.calibration import Thresholds, sigmoid, softmax
from mlmodels.ml.inference.engine import Engine
from mlmodels.ml.inference.familiarity import Familiarity
from mlmodels.ml.inference.size_evidence import weigh_sizes
from mlmodels.ml.training.fitting import accept_threshold, fit_temperature, objectness_threshold
from mlmodels.ml.training.linear_head import LinearHead, fit_corrections
from mlmodels.ml.training.progress import CALIBRATING, Progress, Tell, tell_nobody

logger = logging.getLogger(__name__)

FOLDS = 5
# What is tried, beside no change. Fixed on other sets than the one that is shown
# (docs/model/onboarding.md).
STATISTICS = (0.0, 0.5, 1.0)
COLOURS = (0.0, 1.0)
HEADS = (0.03, 0.1, 0.3, 1.0)
CLASS_POWER = 0.5
ACCEPTED_RIGHT = 0.95
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
        temperature, thresholds, familiarity: of the adapted version.
    """

    setting: Setting
    options: tuple[Option, ...]
    head: LinearHead | None
    temperature: float
    thresholds: Thresholds
    familiarity: Familiarity


@dataclass(frozen=True)
class _Seen:
    """Answers of one state of the network: logits (N, K), cell (N,), features, hidden."""

    logits: np.ndarray
    cell: np.ndarray
    features: np.ndarray
    hidden: np.ndarray

    def part(self, places: np.ndarray) -> _Seen:
        return _Seen(
            self.logits[places], self.cell[places], self.features[places], self.hidden[places]
        )


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
        for place, answer in zip(left, _judge(engine, fitted, seen, others), strict=True):
            answers[int(place)] = answer
    return [answers[i] for i in range(len(cells.truth))]


def answers_as_it_is(engine: Engine, cells: CellCrops) -> list[Answer]:
    """What the version says of the cells without any adaptation."""
    logits, cell, features = engine.run(cells.pixels)
    seen = _Seen(_weighed(engine, logits, cells), cell, features, features)
    same = Fitted(NO_CHANGE, (), None, 1.0, engine.thresholds, engine.familiarity)
    return _judge(engine, same, seen, cells)


def _fit(
    engine: Engine, network: AdaptableNetwork, cells: CellCrops, tell: Tell, level: int
) -> Fitted:
    """Choose and fit; the network takes colours and statistics, but not yet the last layer."""
    folds = _folds(cells)
    tried, states = _try_all(engine, network, cells, folds, tell, level)
    options = _ranked(tried, cells.truth)
    chosen = options[0].setting
    seen, logits = states[chosen.colour, chosen.statistics], tried[chosen]
    _set_state(network, cells.pixels, chosen)
    temperature = fit_temperature(logits, cells.truth)
    return Fitted(
        setting=chosen,
        options=options,
        head=_head(seen, cells.truth, chosen.head),
        temperature=temperature,
        thresholds=_thresholds(engine, softmax(logits, temperature), seen.cell),
        familiarity=moved_familiarity(
            engine.familiarity, seen.features, cells.truth, folds, class_count=len(engine.classes)
        ),
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
) -> tuple[dict[Setting, np.ndarray], dict[tuple[float, float], _Seen]]:
    """Logits of every setting for cells its last layer was not fitted on, and every state seen.

    Colours and statistics use no class: they are those of all the cells that are given.
    """
    tried: dict[Setting, np.ndarray] = {}
    states: dict[tuple[float, float], _Seen] = {}
    for colour in COLOURS:
        for statistics in STATISTICS:
            state = Setting(statistics, colour)
            undo = _set_state(network, cells.pixels, state)
            seen = _look(engine, network, cells)
            undo()
            states[colour, statistics] = seen
            tried[state] = seen.logits
            for strength, logits in _left_out_logits(seen, cells.truth, folds).items():
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


class _Probe:
    """The network as a runtime whose features carry what the last layer looks at behind them."""

    name = "keras"

    def __init__(self, network: AdaptableNetwork) -> None:
        self.run = network.answers


def _look(engine: Engine, network: AdaptableNetwork, cells: CellCrops) -> _Seen:
    """Answers averaged over the version's views, logits as `_weighed` gives them."""
    logits, cell, both = replace(engine, runtime=_Probe(network)).run(cells.pixels)
    width = both.shape[1] - network.hidden_width
    return _Seen(_weighed(engine, logits, cells), cell, both[:, :width], both[:, width:])


def _weighed(engine: Engine, logits: np.ndarray, cells: CellCrops) -> np.ndarray:
    """Logits after what the cells' sizes say, divided by the version's temperature."""
    if engine.size_limits is not None:
        logits = weigh_sizes(logits, cells.sizes, engine.size_limits)
    return logits / engine.temperature


def _head(seen: _Seen, truth: np.ndarray, strength: float) -> LinearHead | None:
    if not strength:
        return None
    return _heads(seen, truth, [strength])[0]


def _heads(seen: _Seen, truth: np.ndarray, strengths: Sequence[float]) -> list[LinearHead]:
    return fit_corrections(
        seen.hidden, seen.logits, truth, strengths=strengths, class_power=CLASS_POWER
    )


def _corrected(seen: _Seen, head: LinearHead | None) -> np.ndarray:
    return seen.logits if head is None else seen.logits + head.logits(seen.hidden)


def _left_out_logits(seen: _Seen, truth: np.ndarray, folds: np.ndarray) -> dict[float, np.ndarray]:
    """Logits (N, K) by strength, each cell's from a last layer that was fitted without its fold."""
    table = {strength: np.empty(seen.logits.shape) for strength in HEADS}
    for fold in np.unique(folds):
        rest, left = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
        heads = _heads(seen.part(rest), truth[rest], HEADS)
        for strength, head in zip(HEADS, heads, strict=True):
            table[strength][left] = _corrected(seen.part(left), head)
    return table


def _ranked(tried: dict[Setting, np.ndarray], truth: np.ndarray) -> tuple[Option, ...]:
    """Every option, the chosen one first: the smallest loss."""
    losses: dict[Setting, np.ndarray] = {}
    right: dict[Setting, int] = {}
    for setting, logits in tried.items():
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


def _thresholds(engine: Engine, p: np.ndarray, cell_logits: np.ndarray) -> Thresholds:
    """Thresholds from answers of last layers that were not fitted on the cell.

    Fifty cells are too few to count the right ones above a confidence: one more or less moves it
    from nothing accepted to nearly all. So what is expected of the calibrated confidence decides,
    and nothing is accepted that the version adapted from would not accept.
    """
    confidence = p.max(axis=1)
    expected = accept_threshold(confidence, confidence, ACCEPTED_RIGHT)
    accept = max(engine.thresholds.accept_probability, expected)
    return replace(
        engine.thresholds,
        accept_probability=accept,
        identify_probability=accept / 2,
        objectness=objectness_threshold(sigmoid(cell_logits), LOST_CELLS),
    )


def _judge(engine: Engine, fitted: Fitted, seen: _Seen, cells: CellCrops) -> list[Answer]:
    """Answers of an adaptation, as the pipeline would give them."""
    p = softmax(_corrected(seen, fitted.head), fitted.temperature)
    percentiles = fitted.familiarity.percentiles(seen.features)
    scores = sigmoid(seen.cell)
    adapted = replace(engine, thresholds=fitted.thresholds)
    answers = []
    for i, row in enumerate(p):
        true = engine.classes[int(cells.truth[i])]
        if scores[i] < fitted.thresholds.least_shown:
            answers.append(Answer(true, "", 0.0, ""))
            continue
        best = int(row.argmax())
        doubts = float(percentiles[i]), float(cells.edge_share[i]), float(scores[i])
        label, confidence = engine.classes[best], float(row[best])
        disposition = adapted.decide(label, confidence, *doubts)
        answers.append(Answer(true, label, confidence, disposition))
    return answers


__all__ = ["NO_CHANGE", "UNCHANGED", "Fitted", "Option", "Setting", "adapt", "measured_on_others"]
