"""Near-duplicates of a dataset: which pairs are open, their groups, and what taking many does."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet

from mlmodels.ml.datasets.near_duplicate_groups import (
    SPLIT_ORDER,
    Group,
    Link,
    Merge,
    groups_of,
    merges_of,
)
from mlmodels.models import Dataset, NearDuplicate

# All pairs from this likeness on may be taken as one source at once, and where it may be set:
# measured in docs/model/near_duplicates.md.
AT_LEAST, LEAST_AT_LEAST, MOST_AT_LEAST = 0.98, 0.9, 1.0

_Resolution = NearDuplicate.Resolution


# --- What is open ------------------------------------------------------------------------------


def pairs_across_splits(dataset: Dataset) -> QuerySet[NearDuplicate]:
    """Pairs that nobody has resolved and that stand on both sides of a split."""
    unresolved = dataset.near_duplicates.filter(resolution=_Resolution.OPEN)
    return unresolved.exclude(first__split=F("second__split"))


def open_pairs(dataset: Dataset) -> QuerySet[NearDuplicate]:
    """Pairs that nobody has resolved: in two splits, or in one and under two classes."""
    return _open(dataset.near_duplicates.all()).select_related("first", "second")


def has_open_pairs() -> Exists:
    """Of datasets: those for which `open_pairs` finds some."""
    return Exists(_open(NearDuplicate.objects.filter(dataset=OuterRef("pk"))))


def _open(pairs: QuerySet[NearDuplicate]) -> QuerySet[NearDuplicate]:
    unresolved = pairs.filter(resolution=_Resolution.OPEN)
    return unresolved.exclude(Q(first__split=F("second__split"), first__label=F("second__label")))


# --- Groups ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class PairRow:
    """A pair of a group.

    Args:
        pk: of its row.
        first, second: keys of the pictures.
        likeness: of the aligned pictures, 0 to 1.
        is_unresolved: whether nobody has said what it is.
        is_open: whether somebody has to.
    """

    pk: UUID
    first: UUID
    second: UUID
    likeness: float
    is_unresolved: bool
    is_open: bool


@dataclass(frozen=True)
class DuplicateGroup:
    """Pictures that pairs join, at least one of which is open.

    Args:
        key: changes with the pairs and with where its sources would go: who says something of
            the group names the one that was looked at.
        images: keys of its pictures, the most alike first.
        pairs: of the group, the most alike first.
        sources: of each picture.
        standing: pictures of each of these sources by split, those of no group as well.
        labels, splits: pictures by class and by split.
        highest, lowest, joined_at: likeness, as of `Group`.
        merge: what its sources become when they are taken as one.
    """

    key: str
    images: tuple[UUID, ...]
    pairs: tuple[PairRow, ...]
    sources: Mapping[UUID, str]
    standing: Mapping[str, Mapping[str, int]]
    labels: Mapping[str, int]
    splits: Mapping[str, int]
    highest: float
    lowest: float
    joined_at: float
    merge: Merge

    @property
    def is_conflicting(self) -> bool:
        """Whether its pictures have several classes: then one of them is wrong."""
        return len(self.labels) > 1

    @property
    def open_pairs(self) -> int:
        """How many of its pairs are open."""
        return sum(pair.is_open for pair in self.pairs)

    @property
    def unresolved(self) -> tuple[UUID, ...]:
        """Keys of the pairs that an answer to the group answers."""
        return tuple(pair.pk for pair in self.pairs if pair.is_unresolved)


@dataclass(frozen=True)
class Sweep:
    """All pairs that are alike enough, taken as one source each at once.

    Args:
        at_least: how alike the aligned pictures of a pair have to be, 0 to 1.
        key: changes with what would be done.
        merges: what the sources of these pairs become.
        pairs: keys of the pairs that this answers: those, and those that have one source by it.
        groups: how many groups have such a pair.
        settled: how many of these have no open pair left afterwards.
        conflicting: groups with pairs as alike that are left, since they have several classes.
        images: keys of the pictures of these pairs, by the name of the source that stays.
    """

    at_least: float
    key: str
    merges: tuple[Merge, ...]
    pairs: tuple[UUID, ...]
    groups: int
    settled: int
    conflicting: int
    images: Mapping[str, Sequence[UUID]]

    @property
    def moved(self) -> int:
        """How many pictures change their split."""
        return sum(merge.moved for merge in self.merges)

    @property
    def changes(self) -> tuple[str, ...]:
        """By how many pictures each split would grow or shrink, in words."""
        change: Counter[str] = Counter()
        for merge in self.merges:
            change.subtract(merge.standing)
            change[merge.split] += merge.pictures
        return tuple(f"{split} {change[split]:+}" for split in SPLIT_ORDER if change[split])


def duplicate_groups(dataset: Dataset) -> list[DuplicateGroup]:
    """The groups of a dataset that somebody has to look at, in two queries.

    Those with several classes come first, then the most alike. Pairs that were taken as one
    source still join, so that who keeps one picture sees all of them.
    """
    rows = dataset.near_duplicates.exclude(resolution=_Resolution.NOT_THE_SAME).order_by("pk")
    pictures: dict[UUID, tuple[str, str, str]] = {}
    pairs = []
    for pk, likeness, resolution, *sides in rows.values_list(
        "pk", "likeness", "resolution", *_SIDES
    ):
        first, second = sides[:4], sides[4:]
        for image, *seen in (first, second):
            pictures[image] = (seen[0], seen[1], seen[2])
        unresolved = resolution == _Resolution.OPEN
        differ = first[1] != second[1] or first[3] != second[3]
        pairs.append(PairRow(pk, first[0], second[0], likeness, unresolved, unresolved and differ))
    if not any(pair.is_open for pair in pairs):
        return []
    standing = _standing(dataset)
    groups = []
    for found in groups_of([Link(pair.first, pair.second, pair.likeness) for pair in pairs]):
        own = tuple(pairs[place] for place in found.links)
        if any(pair.is_open for pair in own):
            groups.append(_group(found, own, pictures, standing))
    return sorted(groups, key=lambda group: not group.is_conflicting)


_SIDES = [
    f"{side}{name}"
    for side in ("first", "second")
    for name in ("_id", "__label", "__source", "__split")
]


def _standing(dataset: Dataset) -> dict[str, Counter[str]]:
    """Pictures of each source by split."""
    standing: dict[str, Counter[str]] = defaultdict(Counter)
    rows = dataset.images.order_by().values_list("source", "split").annotate(n=Count("pk"))
    for source, split, number in rows:
        standing[source][split] = number
    return standing


def _group(
    found: Group[UUID],
    pairs: tuple[PairRow, ...],
    pictures: Mapping[UUID, tuple[str, str, str]],
    standing: Mapping[str, Mapping[str, int]],
) -> DuplicateGroup:
    seen = [pictures[image] for image in found.members]
    [merge] = merges_of([[source for _, source, _ in seen]], standing)
    said = [f"{pair.pk} {pair.is_unresolved}" for pair in pairs]
    return DuplicateGroup(
        key=_digest([*sorted(said), repr((merge.sources, merge.source, merge.split))]),
        images=found.members,
        pairs=pairs,
        sources={image: pictures[image][1] for image in found.members},
        standing={source: standing[source] for _, source, _ in seen},
        labels=dict(sorted(Counter(label for label, _, _ in seen).items())),
        splits=dict(sorted(Counter(split for _, _, split in seen).items())),
        highest=found.highest,
        lowest=found.lowest,
        joined_at=found.joined_at,
        merge=merge,
    )


def sweep_of(groups: Sequence[DuplicateGroup], at_least: float) -> Sweep:
    """What taking all pairs from a likeness on as one source each would do.

    Groups with several classes are left: of two classes of one cell, one is wrong.
    """
    alike = [(group, pairs) for group in groups if (pairs := _parted(group, at_least))]
    taken = [(group, pairs) for group, pairs in alike if not group.is_conflicting]
    together = [
        [group.sources[pair.first], group.sources[pair.second]]
        for group, pairs in taken
        for pair in pairs
    ]
    standing = {name: of for group, _ in taken for name, of in group.standing.items()}
    merges = merges_of(together, standing)
    becomes = {name: merge for merge in merges for name in merge.sources}
    answered, images, settled = [], defaultdict(list), 0
    for group, _ in taken:
        goes = {image: _end_of(group, image, becomes) for image in group.images}
        ends = [(pair, goes[pair.first], goes[pair.second]) for pair in group.pairs]
        answered += [pair.pk for pair, one, other in ends if pair.is_unresolved and one == other]
        settled += all(one[1] == other[1] for pair, one, other in ends if pair.is_open)
        for image in group.images:
            if group.sources[image] in becomes:
                images[goes[image][0]].append(image)
    return Sweep(
        at_least=at_least,
        key=_digest([str(at_least), *sorted(map(str, answered)), *map(repr, merges)]),
        merges=tuple(merges),
        pairs=tuple(answered),
        groups=len(taken),
        settled=settled,
        conflicting=len(alike) - len(taken),
        images=images,
    )


def _parted(group: DuplicateGroup, at_least: float) -> list[PairRow]:
    """The pairs of a group that are alike enough, unresolved, and of two sources."""
    return [
        pair
        for pair in group.pairs
        if pair.is_unresolved
        and pair.likeness >= at_least
        and group.sources[pair.first] != group.sources[pair.second]
    ]


def _end_of(group: DuplicateGroup, image: UUID, becomes: Mapping[str, Merge]) -> tuple[str, str]:
    """Source and split of a picture once sources have become others."""
    source = group.sources[image]
    if source in becomes:
        return becomes[source].source, becomes[source].split
    return source, next(iter(group.standing[source]))


def _digest(parts: Sequence[str]) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]


def why_there(merge: Merge) -> str:
    """Why the pictures of a merge go to its split, in words."""
    here = merge.standing[merge.split]
    if here == merge.pictures:
        return f"{merge.split}, where all {merge.pictures} pictures are already"
    if merge.is_tie:
        return (
            f"{merge.split}: another split has as many of the {merge.pictures} pictures, and a "
            "copy harms a training less than a measurement"
        )
    return f"{merge.split}, where {here} of the {merge.pictures} pictures are already"
