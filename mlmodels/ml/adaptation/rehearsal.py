"""The last layer fitted again without unlearning classes of which no cell was reviewed.

No picture of training comes with a version, only where its classes lie among the features. So two
things are done: the layer is moved only along the directions in which the classes differ in
training, and stand-ins are rehearsed for classes without reviewed cells. Nothing made here is ever
counted as a cell.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mlmodels.ml.inference.familiarity import Familiarity
from mlmodels.ml.training.linear_head import LinearHead, fit_corrections

# A class of which fewer cells were reviewed is rehearsed.
FEW_CELLS = 3
CLASS_POWER = 0.5


@dataclass(frozen=True)
class StandIns:
    """Features that cells of other classes would have here.

    Args:
        features: float array, shape (M, F).
        truth: int array, shape (M,), the class each stands for.
    """

    features: np.ndarray
    truth: np.ndarray


def rare_classes(truth: np.ndarray, class_count: int) -> np.ndarray:
    """The classes of which fewer than `FEW_CELLS` cells were reviewed: int array, in order."""
    return np.flatnonzero(np.bincount(truth, minlength=class_count) < FEW_CELLS)


def stand_ins(
    familiarity: Familiarity, features: np.ndarray, truth: np.ndarray, class_count: int
) -> StandIns:
    """Every reviewed cell carried over to every class of which too few were reviewed.

    A cell of class c becomes one of class a by the way from the centre of c to that of a, as both
    lie in training: it keeps what is particular to this microscope, and what is its own.

    Args:
        familiarity: of the version; its centres are those of the classes, in their order.
        features: float array, shape (N, F), of reviewed cells.
        truth: int array, shape (N,), their classes.
        class_count: K.

    Returns:
        N for each class without cells; none at all where a version does not know every class's
        centre.

    Source: rehearsal of what was learned before, Robins 1995 (Connection Science 7:123); that
    classes differ by their means alone is the model behind `Familiarity` (Lee 2018).
    """
    rare = rare_classes(truth, class_count)
    if len(familiarity.centres) != class_count or not len(rare):
        return StandIns(np.empty((0, features.shape[1])), np.empty(0, int))
    back = np.linalg.pinv(familiarity.basis.astype(np.float64))
    ways = (familiarity.centres[rare][:, None] - familiarity.centres[truth][None]) @ back
    carried = features[None].astype(np.float64) + ways
    return StandIns(carried.reshape(-1, features.shape[1]), np.repeat(rare, len(truth)))


def rehearsed_heads(
    familiarity: Familiarity,
    features: np.ndarray,
    logits: np.ndarray,
    truth: np.ndarray,
    *,
    layer: tuple[np.ndarray, np.ndarray],
    strengths: Sequence[float],
) -> list[LinearHead]:
    """Corrections of the last layer by reviewed cells, one for each strength.

    Args:
        familiarity: of the version; its basis spans the directions that may move.
        features: float array, shape (N, F), what the last layer looks at.
        logits: float array, shape (N, K), of the cells so far.
        truth: int array, shape (N,).
        layer: weights (F, K) and bias (K,) of the last layer, for what it says of stand-ins.
        strengths: of `fit_corrections`.

    Returns:
        Heads on the features themselves, to be added to the logits.
    """
    others = stand_ins(familiarity, features, truth, logits.shape[1])
    beside = None
    if len(others.truth):
        said = others.features @ layer[0] + layer[1]
        beside = (_reduced(familiarity, others.features), said, others.truth)
    heads = fit_corrections(
        _reduced(familiarity, features),
        logits,
        truth,
        strengths=strengths,
        class_power=CLASS_POWER,
        beside=beside,
    )
    return [_on_features(familiarity, head) for head in heads]


def _reduced(familiarity: Familiarity, features: np.ndarray) -> np.ndarray:
    """Features in the whitened directions of the classes, float64 (N, C)."""
    return (features.astype(np.float64) - familiarity.mean) @ familiarity.basis


def _on_features(familiarity: Familiarity, head: LinearHead) -> LinearHead:
    """A head on reduced features as one on the features."""
    weights = head.weights / head.deviation[:, None]
    return LinearHead(
        familiarity.mean.astype(np.float64),
        np.ones(len(familiarity.mean)),
        familiarity.basis @ weights,
        head.bias - head.mean @ weights,
    )
