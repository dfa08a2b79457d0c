"""From logits to honest confidence: temperature, thresholds, and what is done with a cell.

Everything here is chosen on an inner part of the training sources, never on a test.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np

ACCEPTED, REVIEW, UNIDENTIFIED = "accepted", "review", "unidentified"
# A find of a blood film is shown from this cell score on; below a version's own threshold it is
# unidentified, for another microscope's white cells score low, too. Chosen on the four-class set by
# a network without it, and on Chula's red cells (docs/model/experiments.md, "Steps").
LEAST_SHOWN = 0.1


@dataclass(frozen=True)
class Thresholds:
    """What decides a cell's disposition; stored in the version's card.

    Args:
        accept_probability: at least this confidence is accepted, 0 to 1.
        identify_probability: below this confidence a cell is unidentified, 0 to 1.
        cell_score: below this score a find is hardly a cell and is unidentified, 0 to 1.
        unusual_percentile: a distance above this percentile needs a look.
        unfamiliar_percentile: a distance above this percentile is unidentified.
        edge_share: a nucleus with more of its outline on the picture's border is cut off.
    """

    accept_probability: float
    identify_probability: float
    cell_score: float
    unusual_percentile: float
    unfamiliar_percentile: float
    edge_share: float = 0.12

    @property
    def least_shown(self) -> float:
        """The cell score from which on a find of a blood film is shown, 0 to 1."""
        return min(LEAST_SHOWN, self.cell_score)

    def as_dict(self) -> dict[str, float]:
        """Plain numbers, for the card."""
        return asdict(self)


def softmax(logits: np.ndarray, temperature: float = 1.0) -> np.ndarray:
    """Probabilities of logits divided by a temperature.

    Args:
        logits: float array, shape (N, K).
        temperature: above 0; above 1 softens.

    Returns:
        float64 array, shape (N, K), rows add up to 1.
    """
    z = np.asarray(logits, dtype=np.float64) / temperature
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def sigmoid(logits: np.ndarray) -> np.ndarray:
    """1 / (1 + exp(-logits)), elementwise, without overflow."""
    return 0.5 * (1.0 + np.tanh(0.5 * np.asarray(logits, dtype=np.float64)))


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


def cell_threshold(scores_of_cells: np.ndarray, lost: float) -> float:
    """The cell score that doubts at most a share `lost` of real cells, and at most 0.5.

    Args:
        scores_of_cells: float array, shape (N,), scores of real cells, 0 to 1.
        lost: share that may be doubted, 0 to 1.
    """
    if len(scores_of_cells) == 0:
        return 0.5
    return float(min(0.5, np.quantile(scores_of_cells, lost)))


def decide(
    confidence: float, percentile: float, edge_share: float, cell_score: float, t: Thresholds
) -> str:
    """What is done with a cell: accepted, review or unidentified.

    Args:
        confidence: calibrated, 0 to 1.
        percentile: of its distance to the training cells among calibration cells, 0 to 100.
        edge_share: of its nucleus's outline on the picture's border, 0 to 1.
        cell_score: how surely it is a cell at all, 0 to 1.
        t: the version's thresholds.
    """
    whole_cell = edge_share <= t.edge_share and cell_score >= t.cell_score
    familiar = percentile <= t.unfamiliar_percentile
    if not whole_cell or not familiar or confidence < t.identify_probability:
        return UNIDENTIFIED
    if confidence < t.accept_probability or percentile > t.unusual_percentile:
        return REVIEW
    return ACCEPTED
