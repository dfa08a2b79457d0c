"""Weeks of a laboratory that does not exist, to measure how often the drift rule speaks.

What varies, and why:

- Case mix between patients: Dirichlet-multinomial. With a concentration of 12 the share of
  neutrophils (mean 58 %) has a standard deviation of 14 points between patients; reference
  intervals of the healthy (40 to 75 %) alone would be 9. Of the patients 8 % have one of two far
  mixes: lymphocytes of a chronic leukaemia, or a left shift.
- Smears of patients: how familiar cells look, and how sure the model is, have a part that all
  cells of a sample share (standard deviation 0.45 of that between cells).
- Days: all samples of a day share the stain of that day (0.15); a week has six.
- People: the share of overridden cells is beta-binomial, with mean 20 % and concentration 6.

Samples a week: 20 to 60; cells a sample: 60 to 220. Nothing here is fitted to the rule.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from predictions.quality.drift import (
    BASELINE_WEEKS,
    CONFIDENCE_EDGES,
    FAMILIARITY_EDGES,
    Measure,
    SampleCounts,
    baseline_is_enough,
    judge,
)

CODES = (
    "neutrophil", "lymphocyte", "monocyte", "eosinophil", "basophil", "immature_granulocyte",
)  # fmt: skip
MIX = np.array([0.58, 0.29, 0.075, 0.035, 0.008, 0.012])
LYMPHOCYTOSIS = np.array([0.12, 0.80, 0.04, 0.02, 0.005, 0.015])
LEFT_SHIFT = np.array([0.72, 0.09, 0.06, 0.01, 0.005, 0.115])
CONCENTRATION, FAR_SHARE = 12.0, 0.08
BETWEEN_SAMPLES, BETWEEN_DAYS = 0.45, 0.15
OVERRIDDEN, OVERRIDE_CONCENTRATION = 0.20, 6.0
CELLS, SAMPLES, DAYS = (60, 220), (20, 60), 6
# A cell is accepted above this confidence, unless it is as strange as the last two of a hundred.
ACCEPTED_FROM, STRANGE_FROM = 0.9, 98.0


@dataclass(frozen=True)
class Shift:
    """What is otherwise from a week on.

    Args:
        look: by how much cells look stranger, in standard deviations between cells; the model is
            less sure by as much.
        lymphocytes: points that go from neutrophils to lymphocytes, 0 to 1.
        overrides: points by which the share of overridden cells grows, 0 to 1.
    """

    look: float = 0.0
    lymphocytes: float = 0.0
    overrides: float = 0.0


NONE = Shift()


@dataclass(frozen=True)
class Tally:
    """How often the rule spoke: weeks in which any measure did, and by measure."""

    weeks: int
    told: int
    by_measure: dict[Measure, int]


def simulated_week(
    rng: np.random.Generator, shift: Shift = NONE, *, samples: tuple[int, int] = SAMPLES
) -> list[SampleCounts]:
    """The samples of one week."""
    stains = rng.normal(0, BETWEEN_DAYS, DAYS)
    number = int(rng.integers(samples[0], samples[1] + 1))
    days = sorted(int(day) for day in rng.integers(0, DAYS, number))
    # Days of other weeks are other days.
    week = int(rng.integers(1 << 30))
    return [replace(_sample(rng, shift, float(stains[day])), day=f"{week}-{day}") for day in days]


def simulated_weeks(
    seed: int, weeks: int, shift: Shift = NONE, *, samples: tuple[int, int] = SAMPLES
) -> Iterator[list[SampleCounts]]:
    """Weeks one after the other, all with the same shift."""
    rng = np.random.default_rng(seed)
    for _ in range(weeks):
        yield simulated_week(rng, shift, samples=samples)


def tally(
    *, seed: int, weeks: int, shift: Shift = NONE, samples: tuple[int, int] = SAMPLES
) -> Tally:
    """How often the rule spoke in weeks with a shift, after a baseline without."""
    rng = np.random.default_rng(seed)
    baseline = _baseline(rng, samples)
    counts = dict.fromkeys(Measure, 0)
    told = 0
    for _ in range(weeks):
        crossed = _crossed(baseline, simulated_week(rng, shift, samples=samples))
        for measure in crossed:
            counts[measure] += 1
        told += bool(crossed)
    return Tally(weeks, told, counts)


def _baseline(rng: np.random.Generator, samples: tuple[int, int]) -> list[SampleCounts]:
    found: list[SampleCounts] = []
    weeks = 0
    while weeks < BASELINE_WEEKS or not baseline_is_enough(len(found), weeks):
        found += simulated_week(rng, samples=samples)
        weeks += 1
    return found


def _crossed(baseline: Sequence[SampleCounts], week: Sequence[SampleCounts]) -> list[Measure]:
    judged = [judge(measure, baseline, week) for measure in Measure]
    return [each.measure for each in judged if each is not None and each.crossed]


def _sample(rng: np.random.Generator, shift: Shift, day: float) -> SampleCounts:
    cells = int(rng.integers(CELLS[0], CELLS[1] + 1))
    mix = MIX
    if rng.random() < FAR_SHARE:
        mix = LYMPHOCYTOSIS if rng.random() < 0.5 else LEFT_SHIFT
    moved = min(shift.lymphocytes, mix[0] - 0.01)
    mix = mix + moved * np.array([-1, 1, 0, 0, 0, 0])
    classes = rng.multinomial(cells, rng.dirichlet(CONCENTRATION * mix))
    look = shift.look + day + rng.normal(0, BETWEEN_SAMPLES)
    own = rng.normal(0, 1, (2, cells))
    # Strange cells are named less surely: half of what varies between cells is common to both.
    strangeness = look + own[0]
    percentile = 100 * _normal(strangeness / np.sqrt(1 + BETWEEN_SAMPLES**2 + BETWEEN_DAYS**2))
    doubt = 0.5 * strangeness + 0.87 * own[1] + 0.5 * look
    confidence = 1 / (1 + np.exp(-(4.2 - 1.4 * doubt)))
    accepted = int(((confidence >= ACCEPTED_FROM) & (percentile < STRANGE_FROM)).sum())
    rate = float(np.clip(OVERRIDDEN + shift.overrides, 0.01, 0.99))
    rate = rng.beta(OVERRIDE_CONCENTRATION * rate, OVERRIDE_CONCENTRATION * (1 - rate))
    reviewed = cells - accepted
    return SampleCounts(
        classes={code: int(n) for code, n in zip(CODES, classes, strict=True) if n},
        confidence=_histogram(confidence, CONFIDENCE_EDGES),
        familiarity=_histogram(percentile, FAMILIARITY_EDGES),
        cells=cells,
        accepted=accepted,
        reviewed=reviewed,
        overridden=int(rng.binomial(reviewed, rate)),
    )


def _histogram(values: np.ndarray, edges: Sequence[float]) -> tuple[int, ...]:
    bins = np.searchsorted(np.asarray(edges), values, side="right")
    return tuple(np.bincount(bins, minlength=len(edges) + 1).tolist())


def _normal(z: np.ndarray) -> np.ndarray:
    """The distribution function of the normal distribution, to four digits.

    Source: Abramowitz and Stegun, 26.2.17.
    """
    t = 1 / (1 + 0.2316419 * np.abs(z))
    tail = np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi) * t
    tail = tail * (
        0.319381530 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429)))
    )
    return np.asarray(np.where(z > 0, 1 - tail, tail))
