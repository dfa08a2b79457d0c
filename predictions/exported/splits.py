"""Who trains and who measures, of people who have cells of many classes each. Pure."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable

TRAIN, VALIDATION, TEST = "train", "validation", "test"
# As archives without splits are dealt out (`mlmodels/ml/datasets/reading.py`).
SHARES = ((TEST, 0.15), (VALIDATION, 0.15))
# Fewer cannot stand in all three splits.
FEWEST_SOURCES = 3


def propose_splits(cells: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Give whole sources to train, validation and test.

    The rarest class is dealt out first, while there is still a choice: a film has neutrophils by
    itself, a basophil only now and then.

    Args:
        cells: source and label of each.

    Returns:
        The split of each source; it follows from the names of the sources and their labels alone.
    """
    of_label: dict[str, set[str]] = defaultdict(set)
    for source, label in cells:
        of_label[label].add(source)
    given: dict[str, str] = {}
    for label in sorted(of_label, key=lambda label: (len(of_label[label]), label)):
        sources = sorted(of_label[label], key=_fixed_shuffle)
        wanted = _wanted(len(sources))
        wanted.subtract(given[source] for source in sources if source in given)
        for source in sources:
            if source not in given:
                split = next((s for s in (TEST, VALIDATION) if wanted[s] > 0), TRAIN)
                given[source] = split
                wanted[split] -= 1
    return given


def _wanted(sources: int) -> Counter[str]:
    """How many sources of a class each split should have; one at least, of three or more."""
    least = 1 if sources >= FEWEST_SOURCES else 0
    measured = {split: max(round(share * sources), least) for split, share in SHARES}
    return Counter({**measured, TRAIN: sources - sum(measured.values())})


def _fixed_shuffle(source: str) -> str:
    return hashlib.sha256(source.encode()).hexdigest()
