"""Whether what a model version makes of a profile's pictures has changed, or only seems to.

Pure: counts of samples in, what is to be told out. It says that something changed and of what kind
the change is; it names no culprit and no patient.

The cells of one sample are alike: one patient, one smear. So a week of 30 samples is 30
observations, however many thousand cells it has, and chance is worked out from samples. And the
samples of one day are alike a little, by the stain of that day:

- A distribution has moved when its population stability index against the baseline is above 0.2
  **and** above what chance makes of it.
- A share has moved when it lies beyond its control limits, by more than is worth a word, **and**
  beyond chance.
- Chance: if nothing had changed, this week's samples could as well have been among those of the
  baseline. So samples are dealt anew to week and baseline, thousands of times; only one deal in a
  thousand may come out as far apart.

Sources: the index is the symmetric divergence of Jeffreys (1946) and Kullback and Leibler (1951),
under its name and with its limits (0.1 a little, 0.2 to 0.25 much) from the scorecards of banks
(Siddiqi, Credit Risk Scorecards, 2006); that its chance limit depends on the number of
observations: Yurdakul, Statistical Properties of Population Stability Index, 2018, whose
chi-square limit takes cells as independent and is not used for that. Dealing anew is Fisher's
randomisation test, its p-value that of Phipson and Smyth (2010). Control limits from the spread
between samples instead of the binomial one: Laney's p' chart (2002), with the variance of a ratio
(Cochran, Sampling Techniques, 1977, chapter 6). What days add: the correlation within clusters by
a one-way analysis of variance (Searle, Casella and McCulloch, Variance Components, 1992, chapter
3), taken as a design effect (Kish, Survey Sampling, 1965), as Rao and Scott (1981) do for tables.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


class Measure(StrEnum):
    """What is watched."""

    CLASSES = "classes"
    CONFIDENCE = "confidence"
    FAMILIARITY = "familiarity"
    NOT_ACCEPTED = "not_accepted"
    OVERRIDES = "overrides"


class Change(StrEnum):
    """Of what kind a change is, as far as the figures tell."""

    PICTURES = "pictures"
    PATIENTS = "patients"
    READERS = "readers"


DISTRIBUTIONS = (Measure.CLASSES, Measure.CONFIDENCE, Measure.FAMILIARITY)
SHARES = (Measure.NOT_ACCEPTED, Measure.OVERRIDES)

# Where the histograms are cut. Confidences crowd near 1, so the bins are narrow there; percentiles
# of familiarity are even where pictures are like those that calibrated the version, and crowd near
# 100 where they are not.
CONFIDENCE_EDGES = (0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995)
FAMILIARITY_EDGES = (10.0, 20.0, 30.0, 40.0, 50.0, 60.0, 70.0, 80.0, 90.0, 95.0, 98.0, 99.0)

# From here on a distribution counts as moved; the limit of the scorecards.
MOST_INDEX = 0.2
# Control limits in standard errors, as Shewhart set them.
STANDARD_ERRORS = 3.0
# A share that moves by less is not worth a word, however sure: with hundreds of samples a week a
# half point is beyond chance. In Cohen's h, which weighs 2 to 6 % and 35 to 45 % alike; 0.2 is
# what he calls a small effect (Statistical Power Analysis, 1988, chapter 6).
LEAST_EFFECT = 0.2
# One deal in so many may be as far apart. Five measures a week make one false word in 200 weeks of
# one profile, if chance alone decided; the limits above make it rarer.
CHANCE = 0.001
# Deals; with the p-value (as far + 1) / (deals + 1), one may be as far apart as what was seen.
DEALS = 1999
# Fewer samples say more of these patients than of the microscope.
LEAST_SAMPLES = 10
# What a baseline needs: samples for a chance limit of its own, weeks for what changes from one to
# the next without anybody's doing.
BASELINE_SAMPLES, BASELINE_WEEKS = 80, 6
# Of a single measure: overrides are known only of samples that people reviewed.
LEAST_OF_BASELINE = 40
# More would say nothing new of chance and cost time; of more, some are drawn.
MOST_SAMPLES = 400
# A sample counts by its cells up to so many, as many as a report asks for: one large film does
# not make a week.
MOST_CELLS_OF_SAMPLE = 100
# Bins with less of the baseline are one bin together: an index of near-empty bins is noise.
LEAST_OF_BIN = 0.05
# And no bin counts as emptier than this, or one cell would make the index infinite.
FLOOR = 0.005
# A variance below it is what rounding leaves of none.
_NOTHING = 1e-9


@dataclass(frozen=True)
class SampleCounts:
    """What one sample's cells came to, counted.

    Args:
        classes: cells by the class that the model named.
        confidence, familiarity: cells by bin of `CONFIDENCE_EDGES`, `FAMILIARITY_EDGES`; the
            second has none where the version knows no familiarity.
        cells, accepted: all, and those that the model stands behind by itself.
        reviewed, overridden: cells that a person named, and those named otherwise than the model.
        day: of the upload; samples of one day are stained together. ISO 8601, or empty.
    """

    classes: Mapping[str, int] = field(default_factory=dict)
    confidence: tuple[int, ...] = (0,) * (len(CONFIDENCE_EDGES) + 1)
    familiarity: tuple[int, ...] = (0,) * (len(FAMILIARITY_EDGES) + 1)
    cells: int = 0
    accepted: int = 0
    reviewed: int = 0
    overridden: int = 0
    day: str = ""

    def as_list(self) -> list[Any]:
        """What is stored of it."""
        return [
            dict(self.classes), list(self.confidence), list(self.familiarity),
            self.cells, self.accepted, self.reviewed, self.overridden, self.day,
        ]  # fmt: skip

    @staticmethod
    def from_list(stored: Sequence[Any]) -> SampleCounts:
        """What was stored by `as_list`."""
        classes, confidence, familiarity, *rest = stored
        return SampleCounts(classes, tuple(confidence), tuple(familiarity), *rest)


@dataclass(frozen=True)
class Judged:
    """What a week came to in one measure.

    Args:
        value: the index of a distribution, the share of a share.
        low, high: the limits it must stay within; an index has no lower one.
        samples: of the week, with something to count.
        crossed: whether it is told.
        moved: the bin that changed most, with its share before and now, 0 to 1.
    """

    measure: Measure
    value: float
    low: float | None
    high: float
    samples: int
    crossed: bool
    moved: tuple[str, float, float]

    @property
    def limit(self) -> float:
        """The limit that it crossed, or would have crossed first."""
        if self.low is not None and abs(self.value - self.low) < abs(self.value - self.high):
            return self.low
        return self.high


def bin_of(value: float, edges: Sequence[float]) -> int:
    """The bin of a value: the number of edges at or below it."""
    return bisect_right(edges, value)


def baseline_is_enough(samples: int, weeks: int) -> bool:
    """Whether so many samples of so many weeks make a baseline."""
    return samples >= BASELINE_SAMPLES and weeks >= BASELINE_WEEKS


def drawn(samples: Sequence[SampleCounts]) -> list[SampleCounts]:
    """At most `MOST_SAMPLES` of them, evenly."""
    if len(samples) <= MOST_SAMPLES:
        return list(samples)
    places = np.linspace(0, len(samples) - 1, MOST_SAMPLES).astype(int)
    return [samples[place] for place in places]


def judge(
    measure: Measure, baseline: Sequence[SampleCounts], week: Sequence[SampleCounts]
) -> Judged | None:
    """What a week came to in a measure, against the baseline; none where too little is known."""
    names = _bin_names(measure, baseline, week)
    before, now = _counted(measure, baseline, names), _counted(measure, week, names)
    if len(now.days) < LEAST_SAMPLES or len(before.days) < LEAST_OF_BASELINE:
        return None
    if measure in SHARES:
        return _judge_share(measure, before, now)
    names, before, now = _together(names, before, now, is_ordered=measure != Measure.CLASSES)
    p, q = _pooled(before), _pooled(now)
    value = float(_index(p, q))
    wider = _of_days(before, now)
    limit = max(MOST_INDEX, wider * _chance_limit(before, now, _index))
    # Of two that moved as far, the one that grew.
    most = int(np.argmax(np.abs(q - p) + _NOTHING * (q > p)))
    moved = (names[most], float(p[most]), float(q[most]))
    return Judged(measure, value, None, limit, len(now.days), value > limit, moved)


def stability_index(before: Sequence[float], now: Sequence[float]) -> float:
    """The population stability index of two distributions over the same bins.

    Args:
        before, now: shares of the bins, each adding to 1.

    Returns:
        The sum of (now - before) ln(now / before), 0 where they are the same.
    """
    return float(_index(np.asarray(before, float), np.asarray(now, float)))


def what_changed(measures: Sequence[str]) -> Change:
    """Of what kind a change is, by the measures that moved in the same week.

    A case mix varies by itself; how familiar cells look does not depend on which cells they are
    nearly as much. So classes alone speak of patients, and whatever else moves of the pictures.
    """
    if {Measure.FAMILIARITY, Measure.CONFIDENCE, Measure.NOT_ACCEPTED} & set(measures):
        return Change.PICTURES
    return Change.PATIENTS if Measure.CLASSES in measures else Change.READERS


# --- Counts to shares -----------------------------------------------------------------------


def _bin_names(
    measure: Measure, baseline: Sequence[SampleCounts], week: Sequence[SampleCounts]
) -> list[str]:
    if measure == Measure.CLASSES:
        return sorted({code for sample in (*baseline, *week) for code in sample.classes})
    if measure == Measure.CONFIDENCE:
        return _between([0, *(round(100 * edge, 1) for edge in CONFIDENCE_EDGES), 100])
    if measure == Measure.FAMILIARITY:
        return _between([0, *FAMILIARITY_EDGES, 100])
    return ["so", "not so"]


def _between(edges: Sequence[float]) -> list[str]:
    return [f"{low:g} to {high:g}" for low, high in pairwise(edges)]


@dataclass(frozen=True)
class _Counted:
    """Samples that have something to count.

    Args:
        cells: by sample and bin, float64, shape (samples, bins); no row adds to more than
            `MOST_CELLS_OF_SAMPLE`.
        days: number of the day of each sample, shape (samples,).
    """

    cells: Array
    days: npt.NDArray[np.intp]


def _counted(measure: Measure, samples: Sequence[SampleCounts], names: Sequence[str]) -> _Counted:
    if measure == Measure.CLASSES:
        rows: list[Any] = [[each.classes.get(name, 0) for name in names] for each in samples]
    elif measure == Measure.CONFIDENCE:
        rows = [each.confidence for each in samples]
    elif measure == Measure.FAMILIARITY:
        rows = [each.familiarity for each in samples]
    elif measure == Measure.NOT_ACCEPTED:
        rows = [(each.cells - each.accepted, each.accepted) for each in samples]
    else:
        rows = [(each.overridden, each.reviewed - each.overridden) for each in samples]
    cells = np.asarray(rows, float).reshape(len(samples), len(names))
    totals = cells.sum(axis=1)
    known = totals > 0
    weights = np.minimum(totals[known], MOST_CELLS_OF_SAMPLE) / totals[known]
    _, days = np.unique([each.day for each in samples] or [""], return_inverse=True)
    return _Counted(cells[known] * weights[:, None], days[: len(samples)][known])


def _pooled(counted: _Counted) -> Array:
    sums = counted.cells.sum(axis=0)
    return np.asarray(sums / sums.sum())


def _together(
    names: Sequence[str], before: _Counted, now: _Counted, *, is_ordered: bool
) -> tuple[list[str], _Counted, _Counted]:
    """Small bins of the baseline as one: neighbours that are small, or all small classes."""
    small = _pooled(before) < LEAST_OF_BIN
    groups: list[list[int]] = []
    for place in range(len(names)):
        last = groups[-1] if groups else []
        if is_ordered and small[place] and last and small[last[-1]]:
            last.append(place)
        elif is_ordered or not small[place]:
            groups.append([place])
    if not is_ordered and small.any():
        groups.append(np.flatnonzero(small).tolist())
    joined = [
        _Counted(
            np.stack([counted.cells[:, group].sum(axis=1) for group in groups], axis=1),
            counted.days,
        )
        for counted in (before, now)
    ]
    called = [_called([names[place] for place in group], is_ordered) for group in groups]
    return called, joined[0], joined[1]


def _called(names: Sequence[str], is_ordered: bool) -> str:
    if len(names) == 1:
        return names[0]
    if not is_ordered:
        return "other classes"
    return f"{names[0].partition(' to ')[0]} to {names[-1].partition(' to ')[2]}"


# --- Figures and their chance ---------------------------------------------------------------


def _index(p: Array, q: Array) -> Array:
    p, q = np.maximum(p, FLOOR), np.maximum(q, FLOOR)
    return np.asarray(((q - p) * np.log(q / p)).sum(axis=-1))


def _distance(p: Array, q: Array) -> Array:
    return np.asarray(np.abs(q - p)[..., 0])


def _judge_share(measure: Measure, before: _Counted, now: _Counted) -> Judged:
    p, q = float(_pooled(before)[0]), float(_pooled(now)[0])
    # A standard error goes with the root of a variance.
    wider = float(np.sqrt(_of_days(before, now)))
    allowed = wider * max(
        STANDARD_ERRORS * _standard_error(before, now), _chance_limit(before, now, _distance)
    )
    low, high = max(0.0, min(p - allowed, _moved(p, -1))), min(1.0, max(p + allowed, _moved(p, 1)))
    return Judged(
        measure=measure,
        value=q,
        low=low,
        high=high,
        samples=len(now.days),
        crossed=not low <= q <= high,
        moved=("", p, q),
    )


def _moved(share: float, sign: int) -> float:
    """The share that lies `LEAST_EFFECT` below or above another; h is 2 arcsin √b - 2 arcsin √a."""
    angle = np.arcsin(np.sqrt(share)) + sign * LEAST_EFFECT / 2
    return float(np.sin(np.clip(angle, 0, np.pi / 2)) ** 2)


def _standard_error(before: _Counted, now: _Counted) -> float:
    """Of the difference of two pooled shares, by the spread between samples of the baseline."""
    weights = before.cells.sum(axis=1)
    shares = before.cells[:, 0] / weights
    p = before.cells[:, 0].sum() / weights.sum()
    n = len(weights)
    spread = (weights * (shares - p) ** 2).sum() / weights.sum() * n / (n - 1)
    both = sum((w**2).sum() / w.sum() ** 2 for w in (weights, now.cells.sum(axis=1)))
    return float(np.sqrt(spread * both))


def _chance_limit(before: _Counted, now: _Counted, statistic: Any) -> float:
    """What a statistic must be above: as high as only `CHANCE` of deals of the samples make it."""
    samples = np.concatenate([now.cells, before.cells])
    sums = _deals(len(samples), len(now.cells)).astype(np.float32) @ samples.astype(np.float32)
    rest = samples.sum(axis=0) - sums
    q = sums / sums.sum(axis=1, keepdims=True)
    p = rest / rest.sum(axis=1, keepdims=True)
    may_be_as_far = int(CHANCE * (DEALS + 1)) - 1
    return float(np.sort(statistic(p, q))[-1 - may_be_as_far])


@lru_cache(maxsize=32)
def _deals(samples: int, of_week: int) -> npt.NDArray[np.bool_]:
    """Which samples fall to the week, deal by deal: bool, shape (DEALS, samples).

    Always the same ones, so that the same rows are judged alike whenever they are.
    """
    rng = np.random.default_rng(0)
    order = np.argpartition(rng.random((DEALS, samples), np.float32), of_week - 1, axis=1)
    dealt = np.zeros((DEALS, samples), np.bool_)
    np.put_along_axis(dealt, order[:, :of_week], True, axis=1)
    return dealt


def _of_days(before: _Counted, now: _Counted) -> float:
    """By how much the variance between week and baseline is larger than samples alone make it."""
    correlation = _correlation_of_days(before)
    of_samples, of_both = 0.0, 0.0
    for counted in (before, now):
        n = len(counted.days)
        # Kish's design effect, of clusters of unequal size.
        size = float((np.bincount(counted.days) ** 2).sum()) / n
        of_samples += 1 / n
        of_both += (1 + (size - 1) * correlation) / n
    return of_both / of_samples


def _correlation_of_days(before: _Counted) -> float:
    """What part of the variance between samples those of one day share, 0 to 1.

    Shares of bins are weighed by the inverse of their means, as the index weighs them.
    """
    shares = before.cells / before.cells.sum(axis=1, keepdims=True)
    weights = 1 / np.maximum(_pooled(before), FLOOR)
    sizes = np.bincount(before.days)
    n, days = len(shares), int((sizes > 0).sum())
    if days < 2 or n <= days:
        return 0.0
    sums = np.stack([np.bincount(before.days, column) for column in shares.T], axis=1)
    means = sums / np.maximum(sizes, 1)[:, None]
    apart = (means - shares.mean(axis=0)) ** 2
    between = float((sizes[:, None] * apart * weights).sum()) / (days - 1)
    within = float(((shares - means[before.days]) ** 2 * weights).sum()) / (n - days)
    usual_size = (n - float((sizes**2).sum()) / n) / (days - 1)
    shared = max(0.0, (between - within) / usual_size)
    return shared / (shared + within) if shared + within > _NOTHING else 0.0
