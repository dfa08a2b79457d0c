"""Finds which photograph an altered copy shows, or which copies show the same one.

Turned, sheared, mirrored and cropped copies of a photograph are one source. Local features
propose, and the same test as for near-duplicates decides (`near_duplicates.py`).
"""

from __future__ import annotations

import numpy as np

from mlmodels.ml.datasets.near_duplicates import MIRRORED, Look, PairRule, likeness

# Local features of a copy that are looked up, and photographs that are compared with it then.
# Of 1,390 copies of the public set, all but the true photographs stay below half its votes.
LOOKED_UP = 64
PROPOSED = 4
# So many new ones are compared one by one before they are looked up with the others.
_NEWEST = 8


class SourceFinder:
    """Gives each picture its source: the first picture seen that shows the same, else its own.

    Args:
        rule: when two pictures show the same.
    """

    def __init__(self, rule: PairRule = PairRule()) -> None:
        self._rule = rule
        self._looks: list[Look] = []
        self._names: list[str] = []
        self._table = np.zeros((0, 128), np.float32)
        self._lengths = np.zeros(0, np.float32)
        self._owners = np.zeros(0, int)
        self._newest: list[int] = []

    def add(self, name: str, look: Look) -> None:
        """Take a picture as a source, whatever it shows.

        Args:
            name: of the source.
            look: at the picture, from `local_look`.
        """
        self._newest.append(len(self._looks))
        self._looks.append(look)
        self._names.append(name)
        if len(self._newest) > _NEWEST:
            self._look_up_newest_too()

    def source_of(self, name: str, look: Look) -> str:
        """The source of a picture, which becomes one where it shows none of them.

        Args:
            name: what its source is called then.
            look: at the picture, from `local_look`.
        """
        likely = [*self._proposed(look), *self._newest]
        likes = [(likeness(look, self._looks[place], self._rule), -place) for place in likely]
        best, place = max(likes, default=(0.0, 0))
        if best >= self._rule.likeness:
            return self._names[-place]
        self.add(name, look)
        return name

    def _proposed(self, look: Look) -> list[int]:
        """The sources to which most of a picture's local features are nearest."""
        if not len(self._table) or not len(look.descriptors):
            return []
        asked = look.descriptors[:: max(1, len(look.descriptors) // LOOKED_UP)].astype(np.float32)
        nearest = np.argmin(self._lengths - 2 * (asked @ self._table.T), axis=1)
        votes = np.bincount(self._owners[nearest])
        return [
            int(place) for place in np.argsort(-votes, kind="stable")[:PROPOSED] if votes[place]
        ]

    def _look_up_newest_too(self) -> None:
        tables, owners = [self._table], [self._owners]
        for place in self._newest:
            own = self._looks[place].descriptors.astype(np.float32)
            tables += [own, own[:, MIRRORED]]
            owners.append(np.full(2 * len(own), place))
        self._table, self._owners = np.concatenate(tables), np.concatenate(owners)
        self._lengths = np.square(self._table).sum(axis=1)
        self._newest = []
