"""Whether a film may hold blasts or other cells that the network does not name.

Pure: what is stored of its cells in, a judgement out. All numbers of the rule stand in the
version's card (`card["alarm"]`); a version without them raises no alarm. It names no cell and
hides none.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import NormalDist, median
from typing import Any

# Below it a probability says nothing more: a float32 network's answers end there.
LEAST_PROBABILITY = 1e-6


@dataclass(frozen=True)
class Band:
    """Films that are about as foreign to the version.

    Args:
        upto: the median of a film is at most this, and above that of the band before.
        score: a cell is suspicious from this suspicion on, beyond what its film's own median adds
            where percentiles count: that all cells are foreign makes none of them suspicious. Nats.
        share: of the white cells of a healthy film of this band that are suspicious, 0 to 1.
    """

    upto: float
    score: float
    share: float


@dataclass(frozen=True)
class Film:
    """The judged white cells of a film.

    Args:
        cells: how many.
        median: of what tells how foreign each of them is, see `AlarmRule.foreign_by`.
    """

    cells: int
    median: float


@dataclass(frozen=True)
class Judgement:
    """What a film comes to.

    Args:
        cells: white cells that were judged.
        suspicious: how many of them are suspicious.
        limit: from so many on there is an alarm.
    """

    cells: int
    suspicious: int
    limit: int

    @property
    def is_raised(self) -> bool:
        """Whether somebody looks at these cells first."""
        return self.suspicious >= self.limit


@dataclass(frozen=True)
class AlarmRule:
    """When a film raises an alarm.

    Args:
        classes: what a cell like a blast is taken for, e.g. immature granulocyte, or blast itself.
        against: the classes whose cells are no blasts: all others, or those alone that share some
            look with `classes`, as a late granulocyte does.
        not_white: a cell named so is not judged.
        objectness: nor is a find below it, for it is most likely no cell, 0 to 1.
        strangeness: what each percentile of unfamiliarity adds to the suspicion, nats.
        bands: from familiar films to foreign ones, the last one for all that are left: a film that
            is foreign to the version as a whole shows more suspicious cells without a blast.
        chance: with which a healthy film of its band is alarmed at most, 0 to 1.
        least_cells: fewer suspicious cells make no alarm, however few were judged.
        foreign_by: what tells how foreign a film is: the "percentile" of its cells, or their
            "suspicion", which lies higher throughout a film that the version does not know.
    """

    classes: tuple[str, ...]
    against: tuple[str, ...]
    not_white: tuple[str, ...]
    objectness: float
    strangeness: float
    bands: tuple[Band, ...]
    chance: float
    least_cells: int
    foreign_by: str = "percentile"

    def suspicion(
        self, probabilities: Mapping[str, float], percentile: float, objectness: float
    ) -> float | None:
        """How much a cell looks like one that needs a person before all others.

        Args:
            probabilities: by class, adding up to 1.
            percentile: of its out-of-distribution score, 0 to 100.
            objectness: how surely it is a cell at all, 0 to 1.

        Returns:
            ln(p(classes) / p(against)) + strangeness · percentile, in nats; None for what is named
            as no white cell, or is most likely no cell.
        """
        if objectness < self.objectness:
            return None
        if max(probabilities, key=lambda name: probabilities[name]) in self.not_white:
            return None
        alarm, against = (_sum(probabilities, names) for names in (self.classes, self.against))
        return math.log(alarm / against) + self.strangeness * percentile

    def film(self, cells: Iterable[tuple[float, float]]) -> Film:
        """What is known of a film as a whole.

        Args:
            cells: percentile and suspicion of each judged white cell.
        """
        known = [self.foreignness(*cell) for cell in cells]
        return Film(len(known), median(known) if known else 0.0)

    def foreignness(self, percentile: float, suspicion: float) -> float:
        """How foreign a cell makes its film, by `foreign_by`."""
        return suspicion if self.foreign_by == "suspicion" else percentile

    def least_suspicion(self, film: Film) -> float:
        """From which suspicion on a cell of a film counts towards an alarm, in nats."""
        return self.band_of(film.median).score + self.strangeness * film.median

    def judge(self, suspicious: int, film: Film) -> Judgement:
        """Judge a film of which so many cells are suspicious."""
        share = self.band_of(film.median).share
        return Judgement(film.cells, suspicious, self.limit(film.cells, share))

    def band_of(self, middle: float) -> Band:
        """The band of films with this median."""
        return next((band for band in self.bands if middle <= band.upto), self.bands[-1])

    def limit(self, cells: int, share: float) -> int:
        """From how many suspicious cells on a film of so many raises an alarm.

        The least number that a healthy film reaches with at most `chance`, its suspicious cells
        taken as drawn one by one with `share` (binomial distribution): so a film of few cells
        needs a larger part of them, and never fewer than `least_cells`.
        """
        if share >= 1.0:
            return cells + 1
        missing, k = 1.0, 0
        term = (1.0 - share) ** cells
        if term == 0.0:
            return self._limit_of_many(cells, share)
        while missing > self.chance and k <= cells:
            missing -= term
            term *= (cells - k) / (k + 1) * share / (1.0 - share)
            k += 1
        return max(k, self.least_cells)

    def _limit_of_many(self, cells: int, share: float) -> int:
        """The same by the normal approximation, where the first terms are too small to be added."""
        spread = math.sqrt(cells * share * (1.0 - share))
        above = NormalDist().inv_cdf(1.0 - self.chance)
        return math.ceil(cells * share + above * spread + 0.5)

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for the card."""
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in asdict(self).items()
        }

    @classmethod
    def of_card(cls, card: Mapping[str, Any]) -> AlarmRule | None:
        """The rule of a version; None where its card has none.

        Args:
            card: the version's whole card.
        """
        stored = card.get("alarm")
        if not stored:
            return None
        values: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in stored.items()
        }
        bands = tuple(_band(band) for band in values.pop("bands"))
        return cls(**values, bands=bands)


def _sum(probabilities: Mapping[str, float], names: Sequence[str]) -> float:
    return max(sum(probabilities.get(name, 0.0) for name in names), LEAST_PROBABILITY)


def _band(stored: Mapping[str, float]) -> Band:
    """The first cards that held a rule knew percentiles alone, and named them."""
    upto = stored["upto"] if "upto" in stored else stored["percentile"]
    return Band(upto, stored["score"], stored["share"])
