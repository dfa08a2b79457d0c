"""How much a cell resembles what the network was trained on.

The out-of-distribution score of a cell is its Mahalanobis distance to the nearest class: one
Gaussian per class with a covariance shared by all, on features reduced by PCA. It is told as its
percentile among calibration cells.

Source: Lee 2018 (arXiv 1807.03888).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

FAMILIAR, UNUSUAL, UNFAMILIAR = "familiar", "unusual", "unfamiliar"


@dataclass(frozen=True)
class Familiarity:
    """What is stored in `familiarity.npz`.

    Args:
        mean: float32 (F,), of training features.
        basis: float32 (F, C), principal directions, scaled so that the shared covariance
            within classes is the identity.
        centres: float32 (K, C), class means in that space.
        quantiles: float32 (Q,), scores of calibration cells at evenly spaced percentiles.
    """

    mean: np.ndarray
    basis: np.ndarray
    centres: np.ndarray
    quantiles: np.ndarray

    def out_of_distribution_scores(self, features: np.ndarray) -> np.ndarray:
        """Mahalanobis distance of each row, float32 (N, F), to its nearest class: (N,)."""
        z = (np.asarray(features, dtype=np.float32) - self.mean) @ self.basis
        return np.linalg.norm(z[:, None, :] - self.centres[None], axis=2).min(axis=1)

    def percentiles(self, features: np.ndarray) -> np.ndarray:
        """Percentile, 0 to 100, of each row's score among those of the calibration cells: (N,).

        A score beyond the largest one is 100.
        """
        scores = self.out_of_distribution_scores(features)
        ranks = np.searchsorted(self.quantiles, scores, side="right")
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


# Stands where nothing is fitted yet: every score is zero.
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
