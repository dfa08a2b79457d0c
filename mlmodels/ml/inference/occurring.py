"""The classes that occur where a picture comes from, and what follows for a cell.

What is named is one of these. What is accepted is asked as if nothing were left out: to leave a
class out never makes a cell of it pass.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from mlmodels.ml.classes import WIDER_CLASS, class_among

# These may occur anywhere, whatever a person declared: a laboratory that expects none must be told.
NEVER_LEFT_OUT = frozenset({"blast"})


def occurring_among(declared: Collection[str], classes: Sequence[str]) -> np.ndarray:
    """Which classes of a version are among those that somebody declared.

    A class is, where it was declared itself, where it is a finer word for one that was, and where
    it is the nearest that this version has for one. `NEVER_LEFT_OUT` always are, unless the version
    knows nothing of what was declared: to call every cell a blast would say that there are some.

    Args:
        declared: names of classes, perhaps of another version.
        classes: of this version, in the order of its logits.

    Returns:
        bool array, shape (K,).
    """
    known = {class_among(name, classes) for name in declared}
    found = np.array([c in known or WIDER_CLASS.get(c) in declared for c in classes], dtype=bool)
    return found | np.isin(classes, list(NEVER_LEFT_OUT)) if found.any() else found


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


def against_acceptance(probabilities: np.ndarray, occurring: np.ndarray | None) -> np.ndarray:
    """What was left out and speaks against accepting a cell as a class that occurs.

    Args:
        probabilities: float array, shape (N, K), with nothing left out.
        occurring: bool array, shape (K,); none where every class occurs.

    Returns:
        float64 array, shape (N,), 0 to 1: how probably the cell is of a class that was left out, so
        that what is left of its confidence is what it would be with every class; 1 where its most
        probable class of all was left out.
    """
    if occurring is None:
        return np.zeros(len(probabilities))
    left_out = ~occurring[probabilities.argmax(axis=1)]
    return np.where(left_out, 1.0, probabilities[:, ~occurring].sum(axis=1))
