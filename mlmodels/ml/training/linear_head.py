"""A linear head on fixed features: logistic regression, in NumPy alone.

The ruler that shows what a split is worth, and the last layer of a version that is adapted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

STEPS = 2000
SMALLEST_STEP = 1e-5


@dataclass(frozen=True)
class LinearHead:
    """A fitted head.

    Args:
        mean, deviation: float arrays (F,), of the training features.
        weights: float array (F, K); bias: float array (K,).
    """

    mean: np.ndarray
    deviation: np.ndarray
    weights: np.ndarray
    bias: np.ndarray

    def logits(self, features: np.ndarray) -> np.ndarray:
        """Class logits, shape (N, K), of features, shape (N, F)."""
        return (features - self.mean) / self.deviation @ self.weights + self.bias


def fit_linear_head(
    features: np.ndarray, truth: np.ndarray, class_count: int, *, c: float = 0.01
) -> LinearHead:
    """Fit multinomial logistic regression on standardised features, classes balanced.

    Minimises  Σ wᵢ · cross-entropyᵢ + ‖W‖² / (2c)  with wᵢ = N / (K · number of i's class), the
    bias free, by Nesterov's method with restarts; the step follows from the largest curvature.

    Args:
        features: float array (N, F).
        truth: int array (N,), 0 to `class_count` - 1; a class may be missing.
        class_count: K.
        c: strength of the data against the penalty, above 0.

    Source: Nesterov 1983; O'Donoghue and Candès 2015 (restarts). The same optimum as
    scikit-learn's LogisticRegression(C=c, class_weight="balanced").
    """
    mean, deviation = features.mean(axis=0), features.std(axis=0)
    deviation = np.where(deviation > 0, deviation, 1.0)
    x = np.hstack([(features - mean) / deviation, np.ones((len(features), 1))])
    counts = np.bincount(truth, minlength=class_count)
    weight = len(truth) / ((counts > 0).sum() * counts[truth])
    penalty = np.full((x.shape[1], 1), 1.0 / c)
    penalty[-1] = 0.0
    wanted = np.eye(class_count)[truth]
    step = 1.0 / (0.5 * _largest_curvature(x, weight) + 1.0 / c)
    solved = _descend(x, wanted, weight, penalty, step)
    return LinearHead(mean, deviation, solved[:-1], solved[-1])


def fit_corrections(
    features: np.ndarray,
    offset: np.ndarray,
    truth: np.ndarray,
    *,
    strengths: Sequence[float],
    class_power: float,
    beside: tuple[np.ndarray, np.ndarray, np.ndarray] | None = None,
) -> list[LinearHead]:
    """Fit what is to be added to known logits, on features of one scale, held near to nothing.

    Minimises  Σ wᵢ · cross-entropy(offsetᵢ + zᵢ) + ‖W‖² / (2c)  with wᵢ the number of i's class
    to the power `class_power` - 1, scaled so that the weights add up to N. The bias is penalised
    like the weights: classes of which no cell is there are not pushed out for free.

    Args:
        features: float array (N, F), alike in scale; all are divided by their common deviation.
        offset: float array (N, K), the logits so far.
        truth: int array (N,), 0 to K - 1.
        strengths: c of each fit, strength of the data against the penalty, above 0.
        class_power: 1 counts each cell alike, 0 each class.
        beside: features, offset and truth of what stands for classes of which too few cells are
            there; all of a class count as the mean class of the cells does.
    """
    mean = features.mean(axis=0)
    deviation = np.full(features.shape[1], (features - mean).std() or 1.0)
    weight = np.bincount(truth, minlength=offset.shape[1])[truth] ** (class_power - 1.0)
    weight *= len(truth) / weight.sum()
    if beside is not None:
        count = np.bincount(beside[2], minlength=offset.shape[1])
        each = len(truth) / len(np.unique(truth)) / count[beside[2]]
        weight = np.concatenate([weight, each])
        features, offset, truth = (
            np.concatenate(pair) for pair in zip((features, offset, truth), beside, strict=True)
        )
    x = np.hstack([(features - mean) / deviation, np.ones((len(features), 1))])
    # A penalty that is the same in all directions lets us turn to those of the cells, of which
    # there are few; there each direction's largest curvature is known, and so is its step.
    u, spread, directions = np.linalg.svd(x, full_matrices=False)
    wanted = np.eye(offset.shape[1])[truth]
    heads = []
    for c in strengths:
        step = 1.0 / (0.5 * weight.max() * spread[:, None] ** 2 + 1.0 / c)
        penalty = np.full((len(spread), 1), 1.0 / c)
        solved = directions.T @ _descend(u * spread, wanted, weight, penalty, step, offset)
        heads.append(LinearHead(mean, deviation, solved[:-1], solved[-1]))
    return heads


def _descend(
    x: np.ndarray,
    wanted: np.ndarray,
    weight: np.ndarray,
    penalty: np.ndarray,
    step: np.ndarray | float,
    offset: np.ndarray | float = 0.0,
) -> np.ndarray:
    at = ahead = np.zeros((x.shape[1], wanted.shape[1]))
    momentum = 1.0
    for _ in range(STEPS):
        z = offset + x @ ahead
        p = np.exp(z - z.max(axis=1, keepdims=True))
        p /= p.sum(axis=1, keepdims=True)
        gradient = x.T @ ((p - wanted) * weight[:, None]) + penalty * ahead
        new = ahead - step * gradient
        if np.abs(new - at).max() < SMALLEST_STEP * max(1e-3, np.abs(new).max()):
            return new
        if np.sum((ahead - new) * (new - at)) > 0:
            momentum = 1.0
        following = (1 + np.sqrt(1 + 4 * momentum**2)) / 2
        ahead = new + (momentum - 1) / following * (new - at)
        at, momentum = new, following
    return at


def _largest_curvature(x: np.ndarray, weight: np.ndarray) -> float:
    """The largest eigenvalue of XᵀWX, by power iteration from a fixed start, a little above."""
    v = np.ones(x.shape[1]) / np.sqrt(x.shape[1])
    v += np.linspace(-0.01, 0.01, x.shape[1])
    size = 1.0
    for _ in range(50):
        v = x.T @ (weight * (x @ v))
        size = float(np.linalg.norm(v))
        v /= size
    return 1.05 * size
