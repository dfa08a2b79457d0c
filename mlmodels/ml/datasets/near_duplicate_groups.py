"""Groups of pictures that pairs join, and where sources go that belong together.

Pure arithmetic over names and numbers: it looks at no picture, and what to do with a group, a
person says.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

# Where as many pictures stand in two splits, they go to the first of these: a second copy of a
# cell harms a training less than a measurement, in which it counts twice.
SPLIT_ORDER = ("train", "validation", "test")


Name = TypeVar("Name", bound=Hashable)


@dataclass(frozen=True)
class Link(Generic[Name]):
    """Two pictures that seem to show the same cell.

    Args:
        first, second: names of the pictures, unlike each other.
        likeness: correlation of the aligned pictures, 0 to 1.
    """

    first: Name
    second: Name
    likeness: float


@dataclass(frozen=True)
class Group(Generic[Name]):
    """Pictures that hang together by links.

    Args:
        members: names, in the order in which the links bring them, the most alike first.
        links: places of its links among those given, the most alike first.
        highest, lowest: likeness of its links, 0 to 1.
        joined_at: the highest likeness at which the group is still one, 0 to 1: by links as
            alike as this or more alike, every picture is reached from every other.
    """

    members: tuple[Name, ...]
    links: tuple[int, ...]
    highest: float
    lowest: float
    joined_at: float


@dataclass(frozen=True)
class Merge:
    """Sources that become one.

    Args:
        sources: their names, in order.
        source: the name that stays, one of them.
        split: where all their pictures go.
        standing: their pictures by split, before.
    """

    sources: tuple[str, ...]
    source: str
    split: str
    standing: Mapping[str, int]

    @property
    def pictures(self) -> int:
        """How many pictures the sources have together."""
        return sum(self.standing.values())

    @property
    def moved(self) -> int:
        """How many pictures change their split."""
        return self.pictures - self.standing[self.split]

    @property
    def is_tie(self) -> bool:
        """Whether another split holds as many of the pictures as the one they go to."""
        return list(self.standing.values()).count(self.standing[self.split]) > 1


def groups_of(links: Sequence[Link[Name]]) -> list[Group[Name]]:
    """The connected components of pictures and links.

    Args:
        links: in any order; two links of the same pictures are two.

    Returns:
        The groups by their highest likeness, the most alike first; equal ones by the place of
        their first link.

    Source: single linkage by Kruskal's algorithm, 1956, Proc. Amer. Math. Soc. 7:48; the sets
    are kept by union and find (Tarjan 1975, J. ACM 22:215).
    """
    sets: _Sets[Name] = _Sets()
    order = sorted(range(len(links)), key=lambda place: (-links[place].likeness, place))
    # Of the links that join two sets, the last one in this order is the weakest of its group.
    joining = [p for p in order if sets.join(links[p].first, links[p].second)]
    joined_at: dict[Name, float] = {}
    for place in joining:
        joined_at[sets.of(links[place].first)] = links[place].likeness
    places: dict[Name, list[int]] = defaultdict(list)
    for place in order:
        places[sets.of(links[place].first)].append(place)
    return [
        Group(
            members=tuple(
                dict.fromkeys(name for p in own for name in (links[p].first, links[p].second))
            ),
            links=tuple(own),
            highest=links[own[0]].likeness,
            lowest=links[own[-1]].likeness,
            joined_at=joined_at[root],
        )
        for root, own in places.items()
    ]


def merges_of(
    together: Iterable[Sequence[str]], standing: Mapping[str, Mapping[str, int]]
) -> list[Merge]:
    """Where the sources go that belong together: all to the split that holds most of them.

    Args:
        together: names of sources that belong together; lists that share one become one.
        standing: pictures of each source by split.

    Returns:
        One merge for each set of sources, in the order in which they are first named. The name
        that stays is that of the source with the most pictures in the split they go to, of
        equal ones the first by name.
    """
    sets: _Sets[str] = _Sets()
    for names in together:
        for name in names:
            sets.join(names[0], name)
    members: dict[str, list[str]] = defaultdict(list)
    for name in sets.names():
        members[sets.of(name)].append(name)
    return [_merge(sorted(names), standing) for names in members.values()]


def _merge(sources: list[str], standing: Mapping[str, Mapping[str, int]]) -> Merge:
    total: Counter[str] = Counter()
    for source in sources:
        total.update(standing[source])
    split = max(SPLIT_ORDER, key=lambda name: (total[name], -SPLIT_ORDER.index(name)))
    kept = min(sources, key=lambda source: (-standing[source].get(split, 0), source))
    return Merge(tuple(sources), kept, split, dict(total))


class _Sets(Generic[Name]):
    """Disjoint sets of names that are joined two by two."""

    def __init__(self) -> None:
        self._above: dict[Name, Name] = {}

    def names(self) -> list[Name]:
        """All names, in the order in which they came."""
        return list(self._above)

    def of(self, name: Name) -> Name:
        """The name that stands for the set of this one; a new name is a set of its own."""
        root = self._above.setdefault(name, name)
        while root != self._above[root]:
            root = self._above[root]
        while name != root:
            self._above[name], name = root, self._above[name]
        return root

    def join(self, one: Name, other: Name) -> bool:
        """Make one set of two; false where they are one already."""
        first, second = self.of(one), self.of(other)
        self._above[second] = first
        return first != second
