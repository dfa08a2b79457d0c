"""What freezing a dataset would mean: what stands in the way, what stays, what goes for good."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Count, F

from accounts.models import User
from mlmodels import policy
from mlmodels.errors import DatasetNotFound
from mlmodels.ml.classes import class_in_words
from mlmodels.models import Dataset, DatasetImage, Label, NearDuplicate
from mlmodels.selectors.datasets.near_duplicates import open_pairs
from mlmodels.selectors.labels import labels_for

# Pairs that are named; of the others the number is told.
NAMED_PAIRS = 20

_State, _Check = Dataset.State, Dataset.DuplicateCheck
_Resolution = NearDuplicate.Resolution


@dataclass(frozen=True)
class ClassCounts:
    """Pictures of one class.

    Args:
        code: of its label.
        label: the laboratory's row of it, if there is one.
        splits: how many are in each of the splits, by its name.
    """

    code: str
    label: Label | None
    splits: tuple[tuple[str, int], ...]

    @property
    def pictures(self) -> int:
        """In all splits."""
        return sum(number for _, number in self.splits)

    @property
    def name(self) -> str:
        """Of the class, for people."""
        return self.label.name if self.label else class_in_words(self.code)


@dataclass(frozen=True)
class FreezingPage:
    """What a person reads before a dataset is frozen.

    Args:
        refusal: why it cannot be frozen now; empty where it can.
        classes: pictures by class and split, by name of the class.
        totals: pictures in each of the splits, by its name.
        sources: how many.
        open_pairs: how many near-duplicates nobody has resolved, and the first of them.
        apart: how many pairs stay in two splits because somebody said that they are not the same.
        acts: how many acts about near-duplicates cannot be undone afterwards.
        left_out: how many pictures that were left out are deleted.
    """

    dataset: Dataset
    refusal: str
    classes: tuple[ClassCounts, ...]
    totals: tuple[tuple[str, int], ...]
    sources: int
    open_pairs: int
    named_pairs: tuple[NearDuplicate, ...]
    apart: int
    acts: int
    left_out: int

    @property
    def pictures(self) -> int:
        """In all splits."""
        return sum(number for _, number in self.totals)

    @property
    def unnamed_pairs(self) -> int:
        """How many open pairs there are beside those that are named."""
        return self.open_pairs - len(self.named_pairs)

    @property
    def lacking(self) -> tuple[str, ...]:
        """Classes that have no picture in a split in which others have some, in sentences."""
        present = [split for split, number in self.totals if number]
        lacks = [
            (row.name, [split for split in present if not dict(row.splits)[split]])
            for row in self.classes
        ]
        return tuple(
            f"{name} has no picture in {' and '.join(splits)}." for name, splits in lacks if splits
        )

    @property
    def empty_splits(self) -> tuple[str, ...]:
        """Splits without a picture."""
        return tuple(split for split, number in self.totals if not number)


def freezing_page(viewer: User, dataset_id: UUID) -> FreezingPage:
    """What freezing a dataset would mean now.

    Raises:
        DatasetNotFound: there is no such dataset in the viewer's laboratory.
    """
    rows = policy.visible_datasets(viewer).select_related("laboratory").defer("report")
    dataset = rows.filter(pk=dataset_id).first()
    if dataset is None:
        raise DatasetNotFound()
    classes = _classes(dataset)
    unresolved = open_pairs(dataset)
    apart = dataset.near_duplicates.filter(resolution=_Resolution.NOT_THE_SAME)
    return FreezingPage(
        dataset=dataset,
        refusal=why_not_frozen(dataset),
        classes=classes,
        totals=_by_split(sum((Counter(dict(row.splits)) for row in classes), Counter())),
        sources=dataset.images.order_by().aggregate(n=Count("source", distinct=True))["n"],
        open_pairs=unresolved.count(),
        named_pairs=tuple(unresolved[:NAMED_PAIRS]),
        apart=apart.exclude(first__split=F("second__split")).count(),
        acts=dataset.near_duplicate_acts.filter(undone_at__isnull=True).count(),
        left_out=len(left_out_pictures(dataset)),
    )


def _classes(dataset: Dataset) -> tuple[ClassCounts, ...]:
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    rows = dataset.images.order_by().values_list("label", "split").annotate(n=Count("pk"))
    for code, split, number in rows:
        counts[code][split] = number
    labels = labels_for(dataset.laboratory)
    return tuple(
        ClassCounts(code, labels.get(code), _by_split(counts[code])) for code in sorted(counts)
    )


def _by_split(counts: Counter[str]) -> tuple[tuple[str, int], ...]:
    return tuple((split, counts[split]) for split in DatasetImage.Split.values)


def left_out_pictures(dataset: Dataset) -> Sequence[dict[str, Any]]:
    """The pictures that people left out: rows as they were, their files still there."""
    stands = dataset.near_duplicate_acts.filter(undone_at__isnull=True, left_out__gt=0)
    return [
        picture
        for before in stands.values_list("before", flat=True)
        for picture in before["left_out"]
    ]


def why_not_frozen(dataset: Dataset) -> str:
    """What stands in the way of freezing an open dataset, as a sentence; empty for nothing."""
    if dataset.duplicate_check == _Check.FAILED:
        return "The search for near-duplicates failed. Start it again before you freeze."
    pairs = open_pairs(dataset).count()
    if pairs:
        some = "1 pair of pictures" if pairs == 1 else f"{pairs} pairs of pictures"
        return (
            f"{some} may show the same cell in two splits or under two classes. "
            "Resolve them before you freeze."
        )
    if dataset.duplicate_check == _Check.WAITING:
        return "The search for near-duplicates is not finished. Freeze the dataset after it."
    if not dataset.images.exists():
        return "The dataset has no pictures left, so there is nothing to freeze."
    return ""
