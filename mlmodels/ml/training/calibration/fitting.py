"""Fits what decides beside the network: temperature, thresholds, Gaussians, limits of size.

What is fitted here is only read in `inference/`. Cells come from a calibration split of the
training sources, never from a test.
"""

from __future__ import annotations

import numpy as np

from mlmodels.ml.inference.calibration import softmax
from mlmodels.ml.inference.familiarity import Familiarity

# Of the Gaussians behind familiarity: directions of the principal components, the share of the
# mean variance that is added to each, and evenly spaced percentiles kept of the scores.
COMPONENTS = 32
RIDGE = 1e-3
QUANTILES = 1001
# A class is small if its limit is below so many red cells, and has one only with so many sizes.
# Both were chosen as the constants of `inference/size_evidence.py` were.
SMALL = 1.2
LEAST_CELLS = 30


def fit_temperature(
    logits: np.ndarray, truth: np.ndarray, weights: np.ndarray | None = None
) -> float:
    """The temperature with the least negative log likelihood.

    Args:
        logits: float array, shape (N, K), of calibration cells.
        truth: int array, shape (N,), true class of each.
        weights: float array, shape (N,), above 0: how much each cell counts; all alike if none.

    Returns:
        A temperature from 0.2 to 5; 1 where there is nothing to fit.

    Source: Guo 2017 (arXiv 1706.04599), by golden-section search over its logarithm.
    """
    if len(truth) == 0:
        return 1.0

    def cost(log_t: float) -> float:
        p = softmax(logits, float(np.exp(log_t)))[np.arange(len(truth)), truth]
        return float(np.average(-np.log(np.maximum(p, 1e-12)), weights=weights))

    low, high, golden = float(np.log(0.2)), float(np.log(5.0)), (5**0.5 - 1) / 2
    for _ in range(60):
        a, b = high - golden * (high - low), low + golden * (high - low)
        low, high = (low, b) if cost(a) < cost(b) else (a, high)
    return float(np.exp((low + high) / 2))


def accept_threshold(
    confidence: np.ndarray, right: np.ndarray, wanted: float, weights: np.ndarray | None = None
) -> float:
    """The lowest confidence from which on `wanted` of the calibration cells are right.

    Args:
        confidence: float array, shape (N,), 0 to 1.
        right: bool array, shape (N,); or float, how probably each is right, 0 to 1.
        wanted: share that must be right, 0 to 1.
        weights: float array, shape (N,), above 0: how much each cell counts; all alike if none.

    Returns:
        A threshold from 0.5 to 0.99.
    """
    if len(right) == 0:
        return 0.99
    order = np.argsort(-confidence, kind="stable")
    counted = (np.ones(len(order)) if weights is None else weights)[order]
    share_right = np.cumsum(right[order] * counted) / np.cumsum(counted)
    enough = np.flatnonzero(share_right >= wanted)
    lowest = confidence[order][enough[-1]] if enough.size else 0.99
    return float(np.clip(lowest, 0.5, 0.99))


def objectness_threshold(scores_of_cells: np.ndarray, lost: float) -> float:
    """The objectness that doubts at most a share `lost` of real cells, and at most 0.5.

    Args:
        scores_of_cells: float array, shape (N,), scores of real cells, 0 to 1.
        lost: share that may be doubted, 0 to 1.
    """
    if len(scores_of_cells) == 0:
        return 0.5
    return float(min(0.5, np.quantile(scores_of_cells, lost)))


def fit_familiarity(
    features: np.ndarray, truth: np.ndarray, calibration_features: np.ndarray
) -> Familiarity:
    """Fit the Gaussians on training cells, and the percentiles on calibration cells.

    Args:
        features: float array, shape (N, F), of training cells.
        truth: int array, shape (N,), their classes.
        calibration_features: float array, shape (M, F), of cells not trained on.

    Returns:
        The fit, with at most `COMPONENTS` directions.
    """
    x = np.asarray(features, dtype=np.float64)
    mean = x.mean(axis=0)
    _, _, directions = np.linalg.svd(x - mean, full_matrices=False)
    basis = directions[: min(COMPONENTS, len(x) - 1)].T
    z = (x - mean) @ basis
    present = np.unique(truth)
    centres = np.stack([z[truth == k].mean(axis=0) for k in present])
    within = z - centres[np.searchsorted(present, truth)]
    covariance = within.T @ within / len(z)
    ridge = RIDGE * np.trace(covariance) / len(covariance)
    values, vectors = np.linalg.eigh(covariance + ridge * np.eye(len(covariance)))
    whiten = vectors / np.sqrt(values)
    fit = Familiarity(
        mean.astype(np.float32),
        (basis @ whiten).astype(np.float32),
        (centres @ whiten).astype(np.float32),
        np.zeros(1, np.float32),
    )
    scores = fit.out_of_distribution_scores(calibration_features)
    spread = np.quantile(scores, np.linspace(0, 1, QUANTILES))
    return Familiarity(fit.mean, fit.basis, fit.centres, spread.astype(np.float32))


def fit_size_limits(
    sizes: np.ndarray, truth: np.ndarray, sets: np.ndarray, *, classes: int, percentile: float
) -> np.ndarray:
    """The size that `percentile` of the cells of each small class do not exceed.

    Args:
        sizes: float array, shape (N,), of training cells; NaN where unknown.
        truth: int array, shape (N,), their classes.
        sets: str array, shape (N,), the set of each.
        classes: K.
        percentile: of a class's sizes, 0 to 100, within each set.

    Returns:
        float64 array, shape (K,): the largest among the sets, so that none of them is at a loss;
        infinite for a class that is not small, or has fewer than `LEAST_CELLS` sizes in every set.
    """
    limits = np.zeros(classes)
    for k in range(classes):
        for name in np.unique(sets):
            found = sizes[(truth == k) & (sets == name) & ~np.isnan(sizes)]
            if len(found) >= LEAST_CELLS:
                limits[k] = max(limits[k], float(np.percentile(found, percentile)))
    return np.where((limits > 0) & (limits < SMALL), limits, np.inf)
