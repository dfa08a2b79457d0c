"""Numbers about answers: accuracy with intervals, per class, confusion, coverage, calibration.

Plain arithmetic on lists of names; it runs no network.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

Z95 = 1.959963984540054
ECE_BINS = 15
NO_CELL_FOUND = ""


@dataclass(frozen=True)
class Answer:
    """One picture's truth and answer.

    Args:
        true: class name.
        predicted: class name, or empty where no cell was found.
        confidence: 0 to 1; 0 where no cell was found.
        disposition: "accepted", "review", "unidentified", or empty where no cell was found.
    """

    true: str
    predicted: str
    confidence: float
    disposition: str

    @property
    def is_right(self) -> bool:
        """Whether the answer is the truth."""
        return self.true == self.predicted


def wilson_interval(hits: int, n: int) -> tuple[float, float]:
    """The 95 % interval of a proportion.

    Args:
        hits: 0 to n.
        n: number of trials; 0 gives (0, 1).

    Returns:
        Lower and upper bound, 0 to 1.

    Source: Wilson 1927, JASA 22:209. Example: 7 of 100 gives 0.0343 to 0.1375.
    """
    if n == 0:
        return 0.0, 1.0
    p, z2 = hits / n, Z95**2
    middle = p + z2 / (2 * n)
    half = Z95 * math.sqrt(p * (1 - p) / n + z2 / (4 * n * n))
    low, high = (middle - half) / (1 + z2 / n), (middle + half) / (1 + z2 / n)
    # What the rounding of the square root leaves at the ends is no bound.
    return 0.0 if hits == 0 else max(0.0, low), 1.0 if hits == n else min(1.0, high)


def paired_difference_interval(
    both: int, only_first: int, only_second: int, neither: int
) -> tuple[float, float]:
    """The 95 % interval of the difference of two proportions of the same pictures.

    Args:
        both: pictures right in both ways.
        only_first, only_second: right in one way alone.
        neither: wrong in both.

    Returns:
        Bounds of the first proportion minus the second, -1 to 1; without pictures (-1, 1).

    Source: Newcombe 1998, Stat Med 17:2635, method 10. Example: 20, 12, 2, 16 gives 0.0562
    to 0.3292.
    """
    n = both + only_first + only_second + neither
    if n == 0:
        return -1.0, 1.0
    one, other = both + only_first, both + only_second
    low_1, high_1 = wilson_interval(one, n)
    low_2, high_2 = wilson_interval(other, n)
    p1, p2 = one / n, other / n
    agreement = float(both * neither - only_first * only_second)
    if agreement > 0:
        agreement = max(agreement - n / 2, 0.0)
    spread = one * (n - one) * other * (n - other)
    phi = agreement / math.sqrt(spread) if spread else 0.0
    below = _joined(p1 - low_1, high_2 - p2, phi)
    above = _joined(high_1 - p1, p2 - low_2, phi)
    return max(-1.0, p1 - p2 - below), min(1.0, p1 - p2 + above)


def expected_calibration_error(confidence: Sequence[float], right: Sequence[bool]) -> float:
    """Mean gap between confidence and accuracy over 15 equal bins, weighted by their size.

    Args:
        confidence: 0 to 1.
        right: as long.

    Returns:
        0 to 1; 0 for no answers.

    Source: Naeini 2015 (AAAI), Guo 2017 (arXiv 1706.04599).
    """
    bins = reliability(confidence, right)
    gaps = [b["n"] * abs(b["confidence"] - b["right"]) for b in bins]
    return float(sum(gaps) / len(confidence)) if gaps else 0.0


def reliability(confidence: Sequence[float], right: Sequence[bool]) -> list[dict[str, float]]:
    """How often answers of like confidence are right: the points of a calibration plot.

    Args:
        confidence: 0 to 1.
        right: as long.

    Returns:
        One entry for each of 15 equal bins that holds an answer: `n`, mean `confidence` and the
        share `right`, 0 to 1.

    Source: reliability diagrams, Guo 2017 (arXiv 1706.04599).
    """
    c, r = np.asarray(confidence, float), np.asarray(right, float)
    bins = np.minimum((c * ECE_BINS).astype(int), ECE_BINS - 1)
    return [
        {
            "n": int((bins == b).sum()),
            "confidence": float(c[bins == b].mean()),
            "right": float(r[bins == b].mean()),
        }
        for b in np.unique(bins)
    ]


def summarise(answers: Sequence[Answer], classes: Sequence[str]) -> dict[str, Any]:
    """All figures of a set of answers.

    Args:
        answers: of the pictures.
        classes: that the model knows; classes that only the truth has are added.

    Returns:
        A JSON-ready table: n, accuracy, balanced_accuracy (mean recall of the true classes
        present), per_class (with how many of a class are accepted, as whatever, and how
        many of these rightly), confusion_matrix (rows true, columns predicted, last column: no
        cell found), coverage (share accepted), accuracy_accepted (selective accuracy: of
        those accepted), ece, reliability (the bins behind it), intervals. Figures without a
        denominator are null.
    """
    names = [*classes, *sorted({a.true for a in answers} - set(classes))]
    table = _confusion(answers, names)
    per_class = {
        name: {**_class_figures(table, names, name), **_acceptance_of(answers, name)}
        for name in names
    }
    right = [a.true == a.predicted for a in answers]
    accepted = [r for a, r in zip(answers, right, strict=True) if a.disposition == "accepted"]
    found = [(a.confidence, r) for a, r in zip(answers, right, strict=True) if a.predicted]
    recalls = [f["recall"] for f in per_class.values() if f["n"]]
    n = len(answers)
    return {
        "n": n,
        "accuracy": _share(sum(right), n),
        "balanced_accuracy": float(np.mean(recalls)) if recalls else None,
        "per_class": per_class,
        "confusion_matrix": {"classes": [*names, "no_cell_found"], "rows": table.tolist()},
        "coverage": _share(len(accepted), n),
        "accuracy_accepted": _share(sum(accepted), len(accepted)),
        "ece": expected_calibration_error(*_columns(found)),
        "reliability": reliability(*_columns(found)),
        "no_cell_found": n - len(found),
        "intervals": {
            "accuracy": wilson_interval(sum(right), n),
            "coverage": wilson_interval(len(accepted), n),
            "accuracy_accepted": wilson_interval(sum(accepted), len(accepted)),
        },
    }


def _columns(found: Sequence[tuple[float, bool]]) -> tuple[list[float], list[bool]]:
    return [confidence for confidence, _ in found], [right for _, right in found]


def _confusion(answers: Sequence[Answer], names: list[str]) -> np.ndarray:
    place = {name: i for i, name in enumerate([*names, NO_CELL_FOUND])}
    table = np.zeros((len(names), len(names) + 1), dtype=int)
    for a in answers:
        table[place[a.true], place[a.predicted]] += 1
    return table


def _acceptance_of(answers: Sequence[Answer], name: str) -> dict[str, int]:
    """How many pictures of a class are accepted without a person, and how many of them rightly."""
    taken = [a for a in answers if a.true == name and a.disposition == "accepted"]
    return {"accepted": len(taken), "accepted_right": sum(a.predicted == name for a in taken)}


def _class_figures(table: np.ndarray, names: list[str], name: str) -> dict[str, Any]:
    k = names.index(name)
    hits, n, said = int(table[k, k]), int(table[k].sum()), int(table[:, k].sum())
    others = int(table.sum()) - n
    precision, recall = _share(hits, said), _share(hits, n)
    f1 = _share(2 * hits, n + said)
    return {
        "precision": precision,
        "recall": recall,
        "f1": f1,
        "n": n,
        "specificity": _share(others - (said - hits), others),
        "recall_interval": wilson_interval(hits, n),
        "precision_interval": wilson_interval(hits, said),
    }


def _joined(one: float, other: float, correlation: float) -> float:
    """Length of two distances that are correlated."""
    return math.sqrt(max(0.0, one**2 - 2 * correlation * one * other + other**2))


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
