"""How much a cell resembles what the network was trained on.

One Gaussian per class with a covariance shared by all, on features reduced by PCA; a distance
is told as its percentile among calibration cells.

Source: Lee 2018 (arXiv 1807.03888).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

COMPONENTS = 32
RIDGE = 1e-3
QUANTILES = 1001
# What a class's place in training counts against reviewed cells of another microscope.
PRIOR_CELLS = 10.0
FAMILIAR, UNUSUAL, UNFAMILIAR = "familiar", "unusual", "unfamiliar"


@dataclass(frozen=True)
class Familiarity:
    """What is stored in `familiarity.npz`.

    Args:
        mean: float32 (F,), of training features.
        basis: float32 (F, C), principal directions, scaled so that the shared covariance
            within classes is the identity.
        centres: float32 (K, C), class means in that space.
        quantiles: float32 (Q,), distances of calibration cells at evenly spaced percentiles.
    """

    mean: np.ndarray
    basis: np.ndarray
    centres: np.ndarray
    quantiles: np.ndarray

    def distances(self, features: np.ndarray) -> np.ndarray:
        """Mahalanobis distance of each row, float32 (N, F), to its nearest class: (N,)."""
        z = (np.asarray(features, dtype=np.float32) - self.mean) @ self.basis
        return np.linalg.norm(z[:, None, :] - self.centres[None], axis=2).min(axis=1)

    def percentiles(self, features: np.ndarray) -> np.ndarray:
        """Percentile, 0 to 100, of each row's distance among the calibration cells: (N,).

        A distance beyond the largest one is 100.
        """
        ranks = np.searchsorted(self.quantiles, self.distances(features), side="right")
        return 100.0 * ranks / len(self.quantiles)

    def save(self, file: Path) -> None:
        """Write as `.npz`."""
        np.savez_compressed(
            file,
            mean=self.mean,
            basis=self.basis,
            centres=self.centres,
            quantiles=self.quantiles,
        )


# Stands where nothing is fitted yet: every distance is zero.
UNFITTED = Familiarity(
    np.zeros(1, np.float32),
    np.zeros((1, 1), np.float32),
    np.zeros((1, 1), np.float32),
    np.zeros(1, np.float32),
)


def familiarity_in_words(
    percentile: float, *, unusual_percentile: float, unfamiliar_percentile: float
) -> str:
    """Familiar, unusual or unfamiliar, by the same limits that decide what is done with a cell.

    Args:
        percentile: of a cell, or the median of several, 0 to 100.
        unusual_percentile, unfamiliar_percentile: the version's; what is above is so called.
    """
    if percentile > unfamiliar_percentile:
        return UNFAMILIAR
    return UNUSUAL if percentile > unusual_percentile else FAMILIAR


def load_familiarity(file: Path) -> Familiarity:
    """Read what `Familiarity.save` wrote; no pickled objects are accepted."""
    with np.load(file, allow_pickle=False) as arrays:
        return Familiarity(**{name: arrays[name].astype(np.float32) for name in arrays.files})


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
    spread = np.quantile(fit.distances(calibration_features), np.linspace(0, 1, QUANTILES))
    return Familiarity(fit.mean, fit.basis, fit.centres, spread.astype(np.float32))


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
    distances = np.empty(len(truth))
    for fold in np.unique(folds):
        rest, left = folds != fold, folds == fold
        without = _moved(old, features[rest], truth[rest], class_count)
        distances[left] = without.distances(features[left])
    spread = np.quantile(distances, np.linspace(0, 1, QUANTILES))
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
