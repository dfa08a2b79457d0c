"""From which confidence on an adapted version accepts, and how little a few cells prove of it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from mlmodels.ml.evaluation.metrics import Z95, wilson_interval
from mlmodels.ml.training.calibration.fitting import accept_threshold

# Of what is accepted without a person, so much is to be right.
WANTED = 0.97


@dataclass(frozen=True)
class Acceptable:
    """What the reviewed cells show of a threshold, each cell by a last layer fitted without it.

    Args:
        confidence: the threshold, 0 to 1.
        cells: reviewed ones.
        accepted: how many of them would be accepted.
        right: how many of these are named rightly.
    """

    confidence: float
    cells: int
    accepted: int
    right: int

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval of the share that is right among the accepted ones."""
        return wilson_interval(self.right, self.accepted)

    @property
    def is_proven(self) -> bool:
        """Whether as much as is wanted is right even at the interval's lower end."""
        return self.interval[0] >= WANTED

    def in_words(self) -> str:
        """One or two sentences for a person."""
        low, high = self.interval
        if not self.accepted:
            return f"None of the {self.cells} reviewed cells would be accepted without a person."
        told = (
            f"Of {self.cells} reviewed cells {self.accepted} would be accepted without a person, "
            f"{self.right} of these rightly (95 % interval {100 * low:.0f} to {100 * high:.0f} %)."
        )
        if self.is_proven:
            return told
        return (
            f"{told} That does not prove the {WANTED:.0%} that are wanted: {cells_that_prove()} "
            "accepted cells, all of them right, would."
        )

    def as_dict(self) -> dict[str, Any]:
        """For the card."""
        return {
            "wanted": WANTED,
            "confidence": self.confidence,
            "cells": self.cells,
            "accepted": self.accepted,
            "right": self.right,
            "interval": self.interval,
            "is_proven": self.is_proven,
            "in_words": self.in_words(),
        }


def cells_that_prove(wanted: float = WANTED) -> int:
    """How many accepted cells, all right, put the Wilson interval's lower end at a share.

    From n / (n + z²) ≥ wanted. Example: 0.97 gives 125.
    """
    return math.ceil(wanted * Z95**2 / (1 - wanted))


def least_confidence(
    confidence: np.ndarray, right: np.ndarray, may: np.ndarray, least: float
) -> float:
    """The threshold of confidence of an adapted version.

    Two rules, and never less than the version adapted from asks for. By the calibrated confidence,
    `WANTED` of what is accepted must be expected right: fifty cells are too few to find a
    threshold by counting alone. And counted must not contradict: among the reviewed cells that
    would be accepted, `WANTED` are right, each told by a last layer that was fitted without it.

    Args:
        confidence: float array, shape (N,), calibrated, of reviewed cells; what speaks against
            accepting taken off.
        right: bool array, shape (N,).
        may: bool array, shape (N,): whether something else keeps the cell from being accepted.
        least: what the version adapted from asks for, 0 to 1.

    Returns:
        0 to 1; above every wrong cell's confidence where no threshold leaves enough right ones.
    """
    expected = accept_threshold(confidence, confidence, WANTED)
    counted = _counted(confidence[may], right[may], max(least, expected))
    return float(max(least, expected, counted))


def _counted(confidence: np.ndarray, right: np.ndarray, start: float) -> float:
    """The lowest threshold from `start` on above which `WANTED` of the cells are right."""
    wrong = np.sort(confidence[~right & (confidence >= start)])
    for threshold in [start, *np.nextafter(wrong, np.inf)]:
        above = confidence >= threshold
        if not above.any() or right[above].mean() >= WANTED:
            break
    return float(threshold)
