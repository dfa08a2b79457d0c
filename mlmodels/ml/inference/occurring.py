"""The classes that occur where a picture comes from, and what follows for a cell.

What is named is one of these. What is accepted is asked as if nothing were left out: to leave a
class out never makes a cell of it pass.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from mlmodels.ml.classes import WIDER_CLASS, class_among


def occurring_among(declared: Collection[str], classes: Sequence[str]) -> np.ndarray:
    """Which classes of a version are among those that somebody declared.

    A class is, where it was declared itself, where it is a finer word for one that was, and where
    it is the nearest that this version has for one.

    Args:
        declared: names of classes, perhaps of another version.
        classes: of this version, in the order of its logits.

    Returns:
        bool array, shape (K,).
    """
    known = {class_among(name, classes) for name in declared}
    return np.array([c in known or WIDER_CLASS.get(c) in declared for c in classes], dtype=bool)


def leave_out(logits: np.ndarray, occurring: np.ndarray | None) -> np.ndarray:
    """Logits after which a softmax gives the classes that do not occur no probability.

    Args:
        logits: float array, shape (N, K).
        occurring: bool array, shape (K,); none where every class occurs.

    Returns:
        As given where nothing is left out, or where nothing would be left.
    """
    if occurring is None or not occurring.any():
        return logits
    return np.where(occurring, logits, -np.inf)


def against_acceptance(
    probabilities: np.ndarray,
    classes: Sequence[str],
    occurring: np.ndarray | None,
    always_reviewed: Collection[str],
) -> np.ndarray:
    """What was left out and speaks against accepting a cell as a class that occurs.

    Args:
        probabilities: float array, shape (N, K), with nothing left out.
        classes: in the order of the columns.
        occurring: bool array, shape (K,); none where every class occurs.
        always_reviewed: classes whose cells a person sees.

    Returns:
        float64 array, shape (N,), 0 to 1: how probably the cell is of a class that was left out
        and that a person would have to see; 1 where its most probable class of all was left out.
    """
    if occurring is None:
        return np.zeros(len(probabilities))
    grave = ~occurring & np.array([c in always_reviewed for c in classes])
    left_out = ~occurring[probabilities.argmax(axis=1)]
    return np.where(left_out, 1.0, probabilities[:, grave].sum(axis=1))
