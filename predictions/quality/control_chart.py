"""How fixed cells were read: Rümke's limits of counts, names cell by cell, control charts.

Pure: counts in, limits and verdicts out. It knows no reader, no month and no slide.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from predictions.quality.agreement import Matrix, Share, agreement

# Two-sided: 2.5 % beyond each limit.
_BEYOND = 0.025
# Halving 0 to 1 so often leaves nothing that a float could tell apart.
_HALVINGS = 60
# Of all cells a reader should name so many as they were signed.
FLOOR = 0.90


@dataclass(frozen=True)
class ClassResult:
    """One class of a control slide, as a reader counted it.

    Args:
        code: of the class.
        true: cells of it on the slide.
        counted: cells that the reader named so.
        cells: on the whole slide, at least 1.
        low, high: the limits in percent, 0 to 100.
    """

    code: str
    true: int
    counted: int
    cells: int
    low: float
    high: float

    @property
    def true_percent(self) -> float:
        """Of all cells, 0 to 100."""
        return 100 * self.true / self.cells

    @property
    def percent(self) -> float:
        """As it was counted, of all cells, 0 to 100."""
        return 100 * self.counted / self.cells

    @property
    def passed(self) -> bool:
        """Whether the count lies within the limits; what lies on one does."""
        return self.low <= self.percent <= self.high


@dataclass(frozen=True)
class Verdict:
    """What came of one reading: by class, and cell by cell.

    Args:
        classes: each class by its limits.
        as_signed: cells that were named as they were signed, of all of the slide.
        cannot_tell: cells without a name, which are among neither.
    """

    classes: list[ClassResult]
    as_signed: Share
    cannot_tell: int

    @property
    def cells_passed(self) -> bool:
        """Whether enough cells were named as signed: the 95 % interval (Wilson) reaches `FLOOR`."""
        return self.as_signed.interval[1] >= FLOOR

    @property
    def passed(self) -> bool:
        """Whether every class lies within its limits, and enough cells were named as signed.

        Counts alone do not see two classes whose names were exchanged.
        """
        return self.cells_passed and all(each.passed for each in self.classes)


@dataclass(frozen=True)
class ChartLimits:
    """The lines of a Levey-Jennings chart, in percent, 0 to 100.

    Args:
        mean: the true percentage.
        sd: the standard deviation of a count of so many cells.
    """

    mean: float
    sd: float

    def at(self, deviations: float) -> float:
        """The line so many standard deviations above the mean; none lies beyond 0 or 100."""
        return min(100.0, max(0.0, self.mean + deviations * self.sd))


@lru_cache(maxsize=4096)
def rumke_limits(count: int, cells: int) -> tuple[float, float]:
    """The 95 % limits of a percentage, for a count of some cells: exact, by the binomial.

    Args:
        count: cells of the class, 0 to `cells`.
        cells: counted in all, at least 1.

    Returns:
        Lower and upper limit in percent, 0 to 100: the percentages of which a count as high, and
        as low, would come by chance in 2.5 of 100 cases.

    Source: Rümke's tables of 95 % limits for differential counts (1960, again 1979), which print
        them rounded outward; the limits are those of Clopper and Pearson 1934, Biometrika 26:404.
        Example: 14 of 200, 7 %, gives 3.9 to 11.5.

    Raises:
        ValueError: there is no such count.
    """
    if cells < 1 or not 0 <= count <= cells:
        raise ValueError(f"Expected a count of 0 to {cells} cells. Received: {count}")
    low = _share_where(lambda share: 1 - binomial_at_most(count - 1, cells, share), _BEYOND)
    high = _share_where(lambda share: 1 - binomial_at_most(count, cells, share), 1 - _BEYOND)
    # At the ends the count is certain whatever the share.
    return 0.0 if count == 0 else 100 * low, 100.0 if count == cells else 100 * high


def binomial_at_most(count: int, cells: int, share: float) -> float:
    """How probable it is that at most so many of some cells are of a class.

    Args:
        count: 0 to `cells`; below 0 it is never.
        cells: counted in all.
        share: of the class, 0 to 1.
    """
    if count < 0:
        return 0.0
    if count >= cells or share <= 0:
        return 1.0
    if share >= 1:
        return 0.0
    logs = [
        math.lgamma(cells + 1)
        - math.lgamma(k + 1)
        - math.lgamma(cells - k + 1)
        + k * math.log(share)
        + (cells - k) * math.log1p(-share)
        for k in range(count + 1)
    ]
    return min(1.0, math.fsum(math.exp(each) for each in logs))


def _share_where(grows: Callable[[float], float], wanted: float) -> float:
    """The share, 0 to 1, at which a probability that grows with it reaches the wanted one."""
    low, high = 0.0, 1.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if grows(middle) < wanted:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def judge(true: Mapping[str, int], counted: Mapping[str, int], cells: int) -> list[ClassResult]:
    """Each class that the slide holds or the reader named, in the order of `true`.

    Args:
        true: cells by class, adding to `cells`.
        counted: cells by class as the reader named them; what the reader could not tell is in
            none of them.
        cells: on the slide.
    """
    codes = [*true, *sorted(set(counted) - set(true))]
    return [
        ClassResult(
            code,
            true.get(code, 0),
            counted.get(code, 0),
            cells,
            *rumke_limits(true.get(code, 0), cells),
        )
        for code in codes
        if true.get(code, 0) or counted.get(code, 0)
    ]


def verdict(true: Mapping[str, int], named: Matrix) -> Verdict:
    """Judge a reading of every cell of a slide.

    Args:
        true: cells by class, in the order to tell them.
        named: cells by what they were signed as and what the reader called them; "" where the
            reader could not tell.
    """
    counted: Counter[str] = Counter()
    for (_, name), cells in named.items():
        counted[name] += cells
    cannot_tell = counted.pop("", 0)
    classes = judge(true, counted, sum(true.values()))
    return Verdict(classes, agreement(named), cannot_tell)


def chart_limits(count: int, cells: int) -> ChartLimits:
    """The mean of a class and its standard deviation, by the binomial.

    Args:
        count: cells of the class on the slide.
        cells: on the slide, at least 1.

    Source: Levey and Jennings 1950, Am J Clin Pathol 20:1059 (charts with lines at two and three
        standard deviations); the variance of a share p of n cells is p (1 - p) / n. Example: 20
        of 200 gives 10 and 2.12.
    """
    share = count / cells
    return ChartLimits(100 * share, 100 * math.sqrt(share * (1 - share) / cells))


def failed_in_a_row(passed: Sequence[bool]) -> int:
    """How many of the last readings failed one after the other.

    Args:
        passed: of each reading, the oldest first.
    """
    for place, each in enumerate(reversed(passed)):
        if each:
            return place
    return len(passed)
