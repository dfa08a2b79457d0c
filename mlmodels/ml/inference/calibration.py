"""From logits to honest confidence: temperature, thresholds, and what is done with a cell.

Everything here is chosen on a calibration split of the training sources, never on a test.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields

import numpy as np

ACCEPTED, REVIEW, UNIDENTIFIED = "accepted", "review", "unidentified"
# A find of a blood film is shown from this objectness on; below a version's own threshold it is
# unidentified, for another microscope's white cells score low, too. Chosen on the four-class set by
# a network without it, and on Chula's red cells (docs/model/experiments.md, "Steps").
LEAST_SHOWN = 0.1
# Cards have called it so since the first version.
_STORED_AS = {"objectness": "cell_score"}


@dataclass(frozen=True)
class Thresholds:
    """What decides a cell's disposition; stored in the version's card.

    Args:
        accept_probability: at least this confidence is accepted, 0 to 1.
        identify_probability: below this confidence a cell is unidentified, 0 to 1.
        objectness: below it a find is unidentified, for it is most likely no cell, 0 to 1.
        unusual_percentile: an out-of-distribution score above this percentile needs a look.
        unfamiliar_percentile: a score above this percentile is unidentified.
        edge_share: a nucleus with more of its outline on the picture's border is cut off.
    """

    accept_probability: float
    identify_probability: float
    objectness: float
    unusual_percentile: float
    unfamiliar_percentile: float
    edge_share: float = 0.12

    @property
    def least_shown(self) -> float:
        """The objectness from which on a find of a blood film is shown, 0 to 1."""
        return min(LEAST_SHOWN, self.objectness)

    def as_dict(self) -> dict[str, float]:
        """Plain numbers, for the card."""
        return {_STORED_AS.get(name, name): value for name, value in asdict(self).items()}

    @classmethod
    def of_card(cls, stored: Mapping[str, float]) -> Thresholds:
        """What `as_dict` gave."""
        names = {_STORED_AS.get(each.name, each.name): each.name for each in fields(cls)}
        return cls(**{names[name]: value for name, value in stored.items()})


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


def decide(
    confidence: float, percentile: float, edge_share: float, objectness: float, t: Thresholds
) -> str:
    """What is done with a cell: accepted, review or unidentified.

    Args:
        confidence: calibrated, 0 to 1.
        percentile: of its out-of-distribution score among calibration cells, 0 to 100.
        edge_share: of its nucleus's outline on the picture's border, 0 to 1.
        objectness: how surely it is a cell at all, 0 to 1.
        t: the version's thresholds.
    """
    whole_cell = edge_share <= t.edge_share and objectness >= t.objectness
    familiar = percentile <= t.unfamiliar_percentile
    if not whole_cell or not familiar or confidence < t.identify_probability:
        return UNIDENTIFIED
    if confidence < t.accept_probability or percentile > t.unusual_percentile:
        return REVIEW
    return ACCEPTED
