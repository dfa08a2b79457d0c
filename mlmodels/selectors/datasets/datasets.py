"""Datasets as people read them: the list, one of them, and its pictures."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.core.paginator import Page, Paginator
from django.db.models import Count, OuterRef, Subquery

from accounts.models import User
from mlmodels import policy
from mlmodels.errors import DatasetNotFound
from mlmodels.ml.classes import class_in_words
from mlmodels.models import Dataset, DatasetImage, Label, NearDuplicate
from mlmodels.selectors.datasets.freezing import why_not_frozen
from mlmodels.selectors.datasets.near_duplicates import open_pairs
from mlmodels.selectors.labels import labels_for

SPLITS = tuple(DatasetImage.Split.values)
SAMPLES_A_CLASS = 6
REPORT_ROWS = 50
# From this ratio on, the largest class is many times the smallest.
UNEVEN = 3.0
# Below this, the interval of a share is wider than 40 points.
FEW_SOURCES = 20

_State, _Check = Dataset.State, Dataset.DuplicateCheck


@dataclass(frozen=True)
class DatasetRow:
    """One line of the list.

    Args:
        classes, images, sources: how many it has.
    """

    dataset: Dataset
    classes: int
    images: int
    sources: int


@dataclass(frozen=True)
class Bar:
    """One part of a bar, in percent of the longest class.

    Args:
        split: which one.
        count: pictures.
        start, width: where it is drawn, 0 to 100.
    """

    split: str
    count: int
    start: float
    width: float


@dataclass(frozen=True)
class ClassFigures:
    """A class of a dataset.

    Args:
        code: of its label.
        label: the laboratory's row of it, if there is one.
        images, sources: how many it has.
        bars: pictures by split, in the order of `SPLITS`.
        samples: some of its pictures, always the same ones.
    """

    code: str
    label: Label | None
    images: int
    sources: int
    bars: tuple[Bar, ...]
    samples: tuple[DatasetImage, ...]


@dataclass(frozen=True)
class DatasetPage:
    """One dataset with all that its page shows.

    Args:
        classes: the largest first.
        images, sources: of the whole.
        totals: pictures by split.
        words: what is uneven, in sentences.
        report: one page of what was refused or told at import.
        open_pairs, settled_pairs: how many near-duplicates.
        refusal: why it cannot be frozen now; empty where it can, or where it is not open.
    """

    dataset: Dataset
    classes: tuple[ClassFigures, ...]
    images: int
    sources: int
    totals: tuple[Bar, ...]
    words: tuple[str, ...]
    report: Page
    open_pairs: int
    settled_pairs: int
    refusal: str

    @property
    def is_working(self) -> bool:
        """Whether a worker imports or compares it, or is about to."""
        return is_working(self.dataset, self.open_pairs)


@dataclass(frozen=True)
class DatasetState:
    """The little that a poll needs."""

    dataset: Dataset
    open_pairs: int

    @property
    def is_working(self) -> bool:
        """Whether a worker imports or compares it, or is about to."""
        return is_working(self.dataset, self.open_pairs)

    @property
    def etag(self) -> str:
        """Changes whenever the page would look different."""
        d = self.dataset
        return f'"{d.state}-{d.duplicate_check}-{d.progress_done}-{d.progress_total}-{d.fence}"'


def datasets_of_laboratory(viewer: User) -> list[DatasetRow]:
    """All datasets of the viewer's laboratory, newest first, in one query."""
    images = DatasetImage.objects.filter(dataset=OuterRef("pk")).order_by().values("dataset")
    rows = policy.visible_datasets(viewer).annotate(
        image_count=Subquery(images.annotate(n=Count("pk")).values("n")),
        source_count=Subquery(images.annotate(n=Count("source", distinct=True)).values("n")),
        class_count=Subquery(images.annotate(n=Count("label", distinct=True)).values("n")),
    )
    return [
        DatasetRow(row, row.class_count or 0, row.image_count or 0, row.source_count or 0)
        for row in rows.defer("report")
    ]


def dataset_state(viewer: User, dataset_id: UUID) -> DatasetState:
    """How far a dataset is.

    Raises:
        DatasetNotFound: there is no such dataset in the viewer's laboratory.
    """
    dataset = _dataset(viewer, dataset_id)
    return DatasetState(dataset, open_pairs(dataset).count())


def dataset_page(viewer: User, dataset_id: UUID, *, report_page: str = "") -> DatasetPage:
    """All of a dataset that its page shows.

    Raises:
        DatasetNotFound: there is no such dataset in the viewer's laboratory.
    """
    dataset = _dataset(viewer, dataset_id)
    images = list(dataset.images.order_by("path"))
    classes = _classes(images, labels_for(dataset.laboratory))
    settled = dataset.near_duplicates.exclude(resolution=NearDuplicate.Resolution.OPEN)
    return DatasetPage(
        dataset=dataset,
        classes=classes,
        images=len(images),
        sources=len({image.source for image in images}),
        totals=_bars(Counter(image.split for image in images), len(images)),
        words=_in_words(classes, images),
        report=Paginator(_report(dataset), REPORT_ROWS).get_page(report_page),
        open_pairs=open_pairs(dataset).count(),
        settled_pairs=settled.count(),
        refusal=why_not_frozen(dataset) if dataset.state == _State.OPEN else "",
    )


def is_working(dataset: Dataset, open_pairs: int) -> bool:
    """Whether a worker imports or compares a dataset, or is about to."""
    waits = dataset.duplicate_check == _Check.WAITING and not open_pairs
    return dataset.state == _State.IMPORTING or (dataset.state == _State.OPEN and waits)


def image_for_viewer(viewer: User, image_id: UUID) -> DatasetImage:
    """A picture of a dataset of the viewer's laboratory.

    Raises:
        DatasetNotFound: there is none.
    """
    image = (
        DatasetImage.objects.filter(dataset__in=policy.visible_datasets(viewer), pk=image_id)
        .select_related("dataset")
        .first()
    )
    if image is None:
        raise DatasetNotFound()
    return image


def _dataset(viewer: User, dataset_id: UUID) -> Dataset:
    rows = policy.visible_datasets(viewer).select_related(
        "laboratory", "created_by", "frozen_by", "derived_from"
    )
    dataset = rows.filter(pk=dataset_id).first()
    if dataset is None:
        raise DatasetNotFound()
    return dataset


def _report(dataset: Dataset) -> list[dict[str, Any]]:
    """The rows of the report, what refuses before what is only told."""
    return sorted(dataset.report, key=lambda row: not row.get("refuses", True))


def _classes(images: list[DatasetImage], labels: dict[str, Label]) -> tuple[ClassFigures, ...]:
    by_class: dict[str, list[DatasetImage]] = defaultdict(list)
    for image in images:
        by_class[image.label].append(image)
    longest = max((len(found) for found in by_class.values()), default=0)
    figures = [
        ClassFigures(
            code=code,
            label=labels.get(code),
            images=len(found),
            sources=len({image.source for image in found}),
            bars=_bars(Counter(image.split for image in found), longest),
            samples=tuple(sorted(found, key=lambda image: image.sha256)[:SAMPLES_A_CLASS]),
        )
        for code, found in by_class.items()
    ]
    return tuple(sorted(figures, key=lambda figure: (-figure.images, figure.code)))


def _bars(counts: Counter[str], longest: int) -> tuple[Bar, ...]:
    bars, start = [], 0.0
    for split in SPLITS:
        width = 100 * counts[split] / longest if longest else 0.0
        bars.append(Bar(split, counts[split], round(start, 3), round(width, 3)))
        start += width
    return tuple(bars)


def _in_words(classes: tuple[ClassFigures, ...], images: list[DatasetImage]) -> tuple[str, ...]:
    """What somebody who trains on it should know."""
    if not classes:
        return ()
    words = []
    largest, smallest = classes[0], classes[-1]
    ratio = largest.images / smallest.images
    if len(classes) > 1 and ratio >= UNEVEN:
        words.append(
            f"{_name(largest)} has {ratio:.1f} times as many pictures as {_name(smallest)}. "
            "Recipes draw small classes more often; few sources stay few."
        )
    elif len(classes) > 1:
        words.append("The classes are about equally large.")
    present = {image.split for image in images}
    absent = [split for split in SPLITS if split not in present]
    if absent:
        words.append(f"No picture is in the split {' or '.join(absent)}.")
    for figure in classes:
        missing = [b.split for b in figure.bars if not b.count and b.split in present]
        if missing:
            words.append(f"{_name(figure)} has no picture in {' and '.join(missing)}.")
    few = [figure for figure in classes if figure.sources < FEW_SOURCES]
    if few:
        names = ", ".join(f"{_name(figure)} ({figure.sources})" for figure in few)
        words.append(f"Few sources: {names}. Figures about these classes will be rough.")
    return tuple(words)


def _name(figure: ClassFigures) -> str:
    return figure.label.name if figure.label else class_in_words(figure.code)
