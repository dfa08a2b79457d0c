"""From logits to honest confidence: temperature, thresholds, and what is done with a cell.

Everything here is chosen on a calibration split of the training sources, never on a test.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from math import inf
from typing import Any

import numpy as np

ACCEPTED, REVIEW, UNIDENTIFIED = "accepted", "review", "unidentified"
# A find of a blood film is shown from this objectness on; below a version's own threshold it is
# unidentified, for another microscope's white cells score low, too. Chosen on the four-class set by
# a network without it, and on Chula's red cells (docs/model/experiments.md, "Steps").
LEAST_SHOWN = 0.1
# Cards have called it so since the first version.
_STORED_AS = {"objectness": "cell_score"}


@dataclass(frozen=True)
class Signs:
    """What speaks for and against the class that a cell is named.

    Args:
        confidence: calibrated, 0 to 1.
        percentile: of its out-of-distribution score among calibration cells, 0 to 100.
        evidence: see `evidence_of`.
        rival: calibrated probability that it is of a class that a person always looks at, 0 to 1.
    """

    confidence: float
    percentile: float
    evidence: float = float("-inf")
    rival: float = 1.0


@dataclass(frozen=True)
class Acceptance:
    """From where on a cell of one class is accepted.

    Args:
        confidence: at least this, calibrated, 0 to 1.
        percentile: of its out-of-distribution score at most this, 0 to 100.
        evidence: at least this; see `evidence_of`.
        rival: at most this, 0 to 1; see `Signs`.
    """

    confidence: float = 0.0
    percentile: float = 100.0
    evidence: float = float("-inf")
    rival: float = 1.0

    def is_met_by(self, signs: Signs) -> bool:
        """Whether nothing of the signs falls short."""
        return (
            signs.confidence >= self.confidence
            and signs.percentile <= self.percentile
            and signs.evidence >= self.evidence
            and signs.rival <= self.rival
        )

    def softened(self, by: float) -> Acceptance:
        """The same demand where the temperature is multiplied, and evidence and rivals with it.

        Args:
            by: above 0. Where one class is far ahead, evidence is its logit and a rival's odds are
                the exponential of what it lacks to that: both divided by the temperature.
        """
        return replace(self, evidence=self.evidence / by, rival=softer_share(self.rival, by))

    def in_words(self) -> str:
        """What it asks for, for a person."""
        if self.confidence > 1:
            return "never"
        asked = [
            (self.confidence > 0, f"confidence from {100 * self.confidence:.4g} %"),
            (
                self.percentile < 100,
                f"no stranger than {self.percentile:g} % of the cells it knows",
            ),
            (self.evidence > -np.inf, f"evidence from {self.evidence:.3g}"),
            (
                self.rival < 1,
                f"at most {100 * self.rival:.2g} % for classes that people look at",
            ),
        ]
        return ", ".join(words for is_asked, words in asked if is_asked)

    def as_dict(self) -> dict[str, float]:
        """Plain numbers, for the card; what came after the first two only where it is asked for."""
        idle = vars(Acceptance())
        asked = {name: value for name, value in vars(self).items() if value != idle[name]}
        return {"confidence": self.confidence, "percentile": self.percentile, **asked}


def softer_share(share: float, by: float) -> float:
    """The probability that one becomes, far behind another, where the temperature is multiplied.

    Args:
        share: 0 to 1.
        by: above 0.

    Returns:
        0 to 1: of its odds the root, for odds are the exponential of what logits differ by.
    """
    odds = share / (1.0 - share) if share < 1.0 else inf
    softer = odds ** (1.0 / by)
    return softer / (1.0 + softer) if softer < inf else 1.0


@dataclass(frozen=True)
class Thresholds:
    """What decides a cell's disposition; stored in the version's card.

    Args:
        accept_probability: at least this confidence is accepted, 0 to 1.
        identify_probability: below this confidence a cell is unidentified, 0 to 1.
        objectness: below it a find is unidentified, for it is most likely no cell, 0 to 1.
        unusual_percentile: an out-of-distribution score above this percentile needs a look.
        unfamiliar_percentile: a score above this percentile is unidentified.
        identify_rival: above this probability of the classes that a person always looks at, a cell
            that is named otherwise is unidentified, 0 to 1: it may be a blast.
        edge_share: a nucleus with more of its outline on the picture's border is cut off.
        by_class: what is stricter for a class than the first and the fourth of these.
    """

    accept_probability: float
    identify_probability: float
    objectness: float
    unusual_percentile: float
    unfamiliar_percentile: float
    edge_share: float = 0.12
    identify_rival: float = 1.0
    by_class: Mapping[str, Acceptance] = field(default_factory=dict)

    @property
    def least_shown(self) -> float:
        """The objectness from which on a find of a blood film is shown, 0 to 1."""
        return min(LEAST_SHOWN, self.objectness)

    def acceptance(self, label: str) -> Acceptance:
        """From where on a cell of a class is accepted: never less strictly than any class."""
        own = self.by_class.get(label, Acceptance())
        return replace(
            own,
            confidence=max(own.confidence, self.accept_probability),
            percentile=min(own.percentile, self.unusual_percentile),
        )

    def as_dict(self) -> dict[str, Any]:
        """Plain numbers, for the card; what came later only where it asks for something."""
        found = {
            _STORED_AS.get(each.name, each.name): getattr(self, each.name) for each in fields(self)
        }
        by_class = {label: own.as_dict() for label, own in found.pop("by_class").items()}
        if self.identify_rival >= 1.0:
            del found["identify_rival"]
        return {**found, "by_class": by_class} if by_class else found

    @classmethod
    def of_card(cls, stored: Mapping[str, Any]) -> Thresholds:
        """What `as_dict` gave."""
        names = {_STORED_AS.get(each.name, each.name): each.name for each in fields(cls)}
        values = {names[name]: value for name, value in stored.items()}
        by_class = values.pop("by_class", {})
        return cls(**values, by_class={label: Acceptance(**own) for label, own in by_class.items()})


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


def evidence_of(logits: np.ndarray, temperature: float = 1.0) -> np.ndarray:
    """How much a network found of what it looks for, whichever class it is.

    Args:
        logits: float array, shape (N, K).
        temperature: above 0; divides them.

    Returns:
        float64 array, shape (N,): the logarithm of the summed exponentials; no fixed range.

    Source: the negative energy of Liu 2020 (arXiv 2010.03759).
    """
    z = np.asarray(logits, dtype=np.float64) / temperature
    top = z.max(axis=1)
    found: np.ndarray = top + np.log(np.exp(z - top[:, None]).sum(axis=1))
    return found


def decide(
    label: str,
    signs: Signs,
    edge_share: float,
    objectness: float,
    t: Thresholds,
) -> str:
    """What is done with a cell: accepted, review or unidentified.

    Args:
        label: its most probable class.
        signs: what speaks for and against it.
        edge_share: of its nucleus's outline on the picture's border, 0 to 1.
        objectness: how surely it is a cell at all, 0 to 1.
        t: the version's thresholds.
    """
    whole_cell = edge_share <= t.edge_share and objectness >= t.objectness
    familiar = signs.percentile <= t.unfamiliar_percentile
    if not whole_cell or not familiar or signs.confidence < t.identify_probability:
        return UNIDENTIFIED
    return ACCEPTED if t.acceptance(label).is_met_by(signs) else REVIEW
