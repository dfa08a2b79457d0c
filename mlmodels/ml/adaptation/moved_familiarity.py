"""A version's Gaussians moved to where cells of another microscope lie."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from mlmodels.ml.inference.familiarity import Familiarity
from mlmodels.ml.training.calibration.fitting import QUANTILES

# What a class's place in training counts against reviewed cells of another microscope.
PRIOR_CELLS = 10.0


def moved_familiarity(
    old: Familiarity,
    features: np.ndarray,
    truth: np.ndarray,
    folds: np.ndarray,
    *,
    class_count: int,
) -> Familiarity:
    """A version's Gaussians moved to where cells of another microscope lie.

    Args:
        old: of the version.
        features: float array, shape (N, F), of reviewed cells.
        truth: int array, shape (N,), their classes.
        folds: int array, shape (N,); percentiles come from each fold by the cells of the others.
        class_count: of the version.
    """
    moved = _moved(old, features, truth, class_count)
    scores = np.empty(len(truth))
    for fold in np.unique(folds):
        rest, left = folds != fold, folds == fold
        without = _moved(old, features[rest], truth[rest], class_count)
        scores[left] = without.out_of_distribution_scores(features[left])
    spread = np.quantile(scores, np.linspace(0, 1, QUANTILES))
    return replace(moved, quantiles=spread.astype(np.float32))


def _moved(
    old: Familiarity, features: np.ndarray, truth: np.ndarray, class_count: int
) -> Familiarity:
    """Each class's centre between the mean of its cells here and its old place, moved as all are.

    Source: the mean of a Gaussian with a Gaussian prior, worth `PRIOR_CELLS` cells.
    """
    z = (features.astype(np.float32) - old.mean) @ old.basis
    if len(old.centres) != class_count:
        nearest = np.linalg.norm(z[:, None] - old.centres[None], axis=2).argmin(axis=1)
        return replace(old, centres=old.centres + (z - old.centres[nearest]).mean(axis=0))
    prior = old.centres + (z - old.centres[truth]).mean(axis=0)
    centres = prior.copy()
    for k in np.unique(truth):
        own = z[truth == k]
        centres[k] = (own.sum(axis=0) + PRIOR_CELLS * prior[k]) / (len(own) + PRIOR_CELLS)
    return replace(old, centres=centres.astype(np.float32))
