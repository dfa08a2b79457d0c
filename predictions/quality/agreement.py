"""How far two readers of the same cells agree: by class, together, and beyond chance.

Pure: counts of pairs in, figures with intervals out. It knows nothing of who the readers are.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from predictions.counts import Z95, wilson

# Of cells: by what the first reader called them, and what the second did.
Matrix = Mapping[tuple[str, str], int]


@dataclass(frozen=True)
class Share:
    """A part of a whole, with what counting so few leaves open.

    Args:
        part: 0 to `whole`.
        whole: 0 or more.
    """

    part: int
    whole: int

    @property
    def value(self) -> float | None:
        """0 to 1; none where there is nothing to have a part of."""
        return self.part / self.whole if self.whole else None

    @property
    def interval(self) -> tuple[float, float]:
        """95 % (Wilson), 0 to 1."""
        return wilson(self.part, self.whole)

    @property
    def rest(self) -> Share:
        """What the part leaves of the whole."""
        return Share(self.whole - self.part, self.whole)


@dataclass(frozen=True)
class ClassAgreement:
    """One class, as the first reader names it against the second.

    Args:
        code: of the class.
        first: cells that the first reader called so.
        second: cells that the second reader called so.
        both: cells that both called so.
    """

    code: str
    first: int
    second: int
    both: int

    @property
    def sensitivity(self) -> Share:
        """Of the cells that the second reader called so, those that the first did, too."""
        return Share(self.both, self.second)

    @property
    def precision(self) -> Share:
        """Of the cells that the first reader called so, those that the second did, too."""
        return Share(self.both, self.first)

    @property
    def overruled(self) -> Share:
        """Of the cells that the first reader called so, those that the second called otherwise."""
        return self.precision.rest


@dataclass(frozen=True)
class Kappa:
    """Cohen's kappa: agreement beyond what chance would bring about.

    Args:
        value: -1 to 1; none where chance alone agrees on everything, or there is no pair.
        low, high: the 95 % interval, within -1 to 1; none where the formula has no error to give,
            since there is no value, or every pair agrees.
        pairs: cells that both readers named.
    """

    value: float | None
    low: float | None
    high: float | None
    pairs: int


def matrix_of(pairs: Iterable[tuple[str, str]]) -> dict[tuple[str, str], int]:
    """Count pairs of names of the same cells."""
    return dict(Counter(pairs))


def agreement(matrix: Matrix) -> Share:
    """The cells that both readers named alike, of all."""
    same = sum(cells for (first, second), cells in matrix.items() if first == second)
    return Share(same, sum(matrix.values()))


def overruled(matrix: Matrix) -> Share:
    """The cells that the second reader named otherwise, of all."""
    return agreement(matrix).rest


def by_class(matrix: Matrix) -> list[ClassAgreement]:
    """Each class that either reader named, those of the most cells of the second reader first.

    Args:
        matrix: cells, 0 or more, by the names of both readers.
    """
    first, second, both = _margins(matrix)
    rows = [ClassAgreement(code, first[code], second[code], both[code]) for code in first | second]
    return sorted(rows, key=lambda row: (-row.second, -row.first, row.code))


def cohens_kappa(pairs_or_matrix: Iterable[tuple[str, str]] | Matrix) -> Kappa:
    """Cohen's kappa of two readers, with its 95 % interval.

    Args:
        pairs_or_matrix: the two names of each cell, or cells by both names.

    Returns:
        Without a value where there is no pair, or where both readers call everything by one and
        the same name: then chance explains all of it. Without an interval as well where every
        pair agrees, whose asymptotic error is 0 however few the pairs are: tell the agreement
        with its own interval there.

    Source: Cohen 1960, Educ Psychol Meas 20:37; the standard error of a kappa that need not be 0
        by Fleiss, Cohen and Everitt 1969, Psychol Bull 72:323. Example: 20, 5, 10 and 15 of 50
        give 0.400, from 0.151 to 0.649.
    """
    matrix = pairs_or_matrix if isinstance(pairs_or_matrix, Mapping) else matrix_of(pairs_or_matrix)
    n = sum(matrix.values())
    if n == 0:
        return Kappa(None, None, None, 0)
    first, second, both = _margins(matrix)
    # In whole numbers, so that what is 1 is exactly 1.
    by_chance = sum(first[code] * second[code] for code in first)
    if by_chance == n * n:
        return Kappa(None, None, None, n)
    observed, expected = sum(both.values()) / n, by_chance / (n * n)
    value = (observed - expected) / (1 - expected)
    error = _standard_error(matrix, first, second, observed, expected)
    if sum(both.values()) == n or error == 0:
        return Kappa(value, None, None, n)
    return Kappa(value, max(-1.0, value - Z95 * error), min(1.0, value + Z95 * error), n)


def _margins(matrix: Matrix) -> tuple[Counter[str], Counter[str], Counter[str]]:
    """Cells by what the first reader called them, the second, and both alike."""
    first: Counter[str] = Counter()
    second: Counter[str] = Counter()
    both: Counter[str] = Counter()
    for (one, other), cells in matrix.items():
        if not cells:
            continue
        first[one] += cells
        second[other] += cells
        if one == other:
            both[one] += cells
    return first, second, both


def _standard_error(
    matrix: Matrix,
    first: Counter[str],
    second: Counter[str],
    observed: float,
    expected: float,
) -> float:
    """Of kappa, for large numbers of pairs, as Fleiss, Cohen and Everitt 1969 give it."""
    n = sum(matrix.values())
    agreed = apart = 0.0
    for (one, other), cells in matrix.items():
        if one == other:
            margins = (first[one] + second[one]) / n
            agreed += cells / n * ((1 - expected) - margins * (1 - observed)) ** 2
        else:
            apart += cells / n * ((second[one] + first[other]) / n) ** 2
    both = agreed + (1 - observed) ** 2 * apart
    variance = both - (observed * expected - 2 * expected + observed) ** 2
    # What rounding leaves below 0 is 0.
    return math.sqrt(max(0.0, variance) / n) / (1 - expected) ** 2
