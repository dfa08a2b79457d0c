"""Counts of cells: which class they are shown under, in words, and what chance does to them.

Pure: numbers and the laboratory's labels in, numbers and words out.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

# CLSI H20-A2 (2007): 100 or 200 cells in routine, 400 in its reference count. A class of 1 % is
# seen at all in 63, 87 and 98 of 100 such counts.
TARGETS = (100, 200, 400)
MINIMUM_CELLS = 100
# The house's own rule; no published figure stands behind it.
MOST_UNIDENTIFIED_PERCENT = 5
# Names that no "s" makes a plural of.
_PLURALS = {
    "not a cell": "not a cell",
    "unidentified": "unidentified",
    "parasite suspected": "suspected parasites",
}

# The two-sided 95 % point of the normal distribution.
Z95 = 1.959963984540054


@dataclass(frozen=True)
class LabelUse:
    """How a laboratory uses a label.

    Args:
        code: of the label, e.g. "neutrophil".
        name: for people, e.g. "Neutrophil".
        short_name: two letters.
        group: words that the label stands under in lists.
        counts: whether its cells are in the white-cell denominator.
        wider: code of the class it belongs to, e.g. "neutrophil" of a band; empty where none.
        apart: whether it has a row of its own; else its cells are shown with `wider`.
    """

    code: str
    name: str
    short_name: str
    group: str
    counts: bool
    wider: str = ""
    apart: bool = True


@dataclass(frozen=True)
class Tally:
    """The cells of one present label in a sample, each in one of three.

    Args:
        reviewed: a person named them.
        accepted: the model accepted them and nobody looked.
        to_review: the model asks for a person, and none has looked.
    """

    reviewed: int = 0
    accepted: int = 0
    to_review: int = 0


def wilson(successes: int, n: int) -> tuple[float, float]:
    """The Wilson 95 % interval of a proportion: what counting so few cells leaves open.

    Args:
        successes: 0 to n.
        n: cells counted; 0 gives (0, 1).

    Returns:
        Lower and upper bound, 0 to 1. It covers the error of counting, not of naming.

    Source: Wilson 1927, JASA 22:209. Example: 7 of 100 gives 0.0343 to 0.1375.
    """
    if n == 0:
        return 0.0, 1.0
    p, z2 = successes / n, Z95**2
    centre = p + z2 / (2 * n)
    half = Z95 * math.sqrt(p * (1 - p) / n + z2 / (4 * n * n))
    low, high = (centre - half) / (1 + z2 / n), (centre + half) / (1 + z2 / n)
    # What the rounding of the square root leaves at the ends is no bound.
    return 0.0 if successes == 0 else low, 1.0 if successes == n else high


def two_counts_z(a: int, n: int, b: int, m: int) -> float:
    """How far two shares are apart, in standard errors: a class now against the result before.

    Args:
        a: cells of the class, 0 to n.
        n: all cells of that count.
        b: cells of the class in the other count, 0 to m.
        m: all cells of the other count.

    Returns:
        z by the pooled share; beyond 1.96 either way chance explains it in fewer than 5 of 100
        cases. 0 where a count is empty, or where both are all of the class or none.

    Source: the pooled test of two proportions of any textbook of statistics. Example: 7 of 100
        against 12 of 100 gives -1.21.
    """
    if n == 0 or m == 0:
        return 0.0
    pooled = (a + b) / (n + m)
    error = math.sqrt(pooled * (1 - pooled) * (1 / n + 1 / m))
    return (a / n - b / m) / error if error else 0.0


def limited_count(counted: int) -> bool:
    """Whether so few cells are counted that every output says "limited count"."""
    return counted < MINIMUM_CELLS


def too_many_unidentified(unidentified: int, counted: int) -> bool:
    """Whether more cells are unidentified, to 100 counted ones, than a signature allows."""
    return 100 * unidentified > MOST_UNIDENTIFIED_PERCENT * counted


def unidentified_percent(unidentified: int, counted: int) -> float:
    """Unidentified cells to 100 counted ones; 100 where there are only unidentified ones."""
    if counted:
        return 100 * unidentified / counted
    return 100.0 if unidentified else 0.0


def headline(counts: Mapping[str, int], labels: Sequence[LabelUse]) -> str:
    """Counts by class in words, the largest first: "21 neutrophils, 5 monocytes".

    Args:
        counts: cells by code of their label, 0 or more. A class that the laboratory does not show
            apart is told with its wider one; a code it does not know is told as it is.
        labels: of the laboratory; their order decides between equal counts.

    Returns:
        "no cells" where all counts are 0.
    """
    told = label_by_code(labels)
    sums: dict[str, int] = dict.fromkeys(told, 0)
    for code, count in counts.items():
        shown = shown_as(code, told)
        sums[shown] = sums.get(shown, 0) + count
    largest_first = sorted(sums.items(), key=lambda item: -item[1])
    words = (
        f"{count} {_plural(told[code].name if code in told else code_in_words(code), count)}"
        for code, count in largest_first
        if count
    )
    return ", ".join(words) or "no cells"


def _plural(name: str, count: int) -> str:
    """A label's name behind its count: "monocyte", "monocytes"."""
    words = in_sentence(name)
    if count == 1 or words.endswith("s"):
        return words
    if words.endswith("y") and words[-2:-1] not in "aeiou":
        return f"{words[:-1]}ies"
    return _PLURALS.get(words, f"{words}s")


def code_in_words(code: str) -> str:
    """A label that the laboratory does not know, readable: "hairy_cell" is "Hairy cell"."""
    return code.replace("_", " ").capitalize()


def in_sentence(name: str) -> str:
    """A label's name within a sentence: "Not a cell" in small letters, "NK cell" as it is."""
    words = name.replace("_", " ")
    return words[0].lower() + words[1:] if words.partition(" ")[0][1:].islower() else words


def label_by_code(labels: Iterable[LabelUse]) -> dict[str, LabelUse]:
    """The labels by their codes, in their order."""
    return {label.code: label for label in labels}


def shown_as(code: str, labels: Mapping[str, LabelUse]) -> str:
    """The code that cells of a label are shown under: its own, or that of the wider class.

    A label never takes its cells into or out of the denominator by being shown with another, and
    is never shown with one that is itself shown elsewhere.
    """
    label = labels.get(code)
    if label is None or label.apart:
        return code
    wider = labels.get(label.wider)
    if wider is None or wider.counts != label.counts or (wider.wider and not wider.apart):
        return code
    return wider.code
