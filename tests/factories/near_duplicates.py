"""Open datasets with pairs of near-duplicates: rows alone, without pictures on disk."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from itertools import count
from uuid import uuid4

from accounts.models import User
from mlmodels.models import Dataset, DatasetImage, NearDuplicate, NearDuplicateAct
from mlmodels.services.datasets.near_duplicates import resolve_pair

_numbers = count(1)

# Name of a picture: its class, source and split.
Pictures = Mapping[str, tuple[str, str, str]]


def make_paired_dataset(
    admin: User, pictures: Pictures, pairs: Iterable[tuple[str, str, float]]
) -> Dataset:
    """An open dataset that was compared, with these pictures and pairs.

    Args:
        pictures: class, source and split of each, by a name that becomes its path.
        pairs: names of two pictures and their likeness, 0 to 1.
    """
    dataset = Dataset.objects.create(
        laboratory=admin.laboratory,
        name=f"Paired {next(_numbers)}",
        state=Dataset.State.OPEN,
        duplicate_check=Dataset.DuplicateCheck.DONE,
        folder=uuid4().hex,
        created_by=admin,
    )
    rows = {
        name: DatasetImage(
            dataset=dataset,
            path=name,
            sha256=hashlib.sha256(name.encode()).hexdigest(),
            label=label,
            source=source,
            split=split,
            width_px=320,
            height_px=240,
        )
        for name, (label, source, split) in pictures.items()
    }
    DatasetImage.objects.bulk_create(rows.values(), batch_size=500)
    NearDuplicate.objects.bulk_create(
        (
            NearDuplicate(dataset=dataset, first=rows[a], second=rows[b], likeness=likeness)
            for a, b, likeness in pairs
        ),
        batch_size=500,
    )
    return dataset


def make_three_groups(admin: User) -> Dataset:
    """Three copies across a split at 0.99, two at 0.97, and two of two classes at 0.995."""
    return make_paired_dataset(
        admin,
        {
            "a.png": ("neutrophil", "A", "train"),
            "a2.png": ("neutrophil", "A", "train"),
            "b.png": ("neutrophil", "B", "test"),
            "c.png": ("neutrophil", "C", "test"),
            "d.png": ("monocyte", "D", "train"),
            "e.png": ("monocyte", "E", "test"),
            "f.png": ("monocyte", "F", "train"),
            "g.png": ("lymphocyte", "G", "test"),
            "h.png": ("lymphocyte", "H", "validation"),
        },
        [
            ("a.png", "b.png", 0.99),
            ("a.png", "c.png", 0.985),
            ("d.png", "e.png", 0.97),
            ("f.png", "g.png", 0.995),
        ],
    )


def make_many_pairs(admin: User, *, pictures: int, pairs: int) -> Dataset:
    """A dataset in which every pair is a group of its own, most of them more alike than 0.98."""
    rows = {
        f"{n:05}.png": ("neutrophil" if n % 4 < 2 else "monocyte", f"source {n}", split)
        for n, split in ((n, "test" if n % 2 else "train") for n in range(pictures))
    }
    found = [(f"{2 * n:05}.png", f"{2 * n + 1:05}.png", 0.99 - (n % 5) / 200) for n in range(pairs)]
    return make_paired_dataset(admin, rows, found)


def make_act(admin: User, dataset: Dataset) -> NearDuplicateAct:
    """Somebody said of two pictures of a dataset, in two splits, that they are not the same."""
    split = DatasetImage.Split
    pair = NearDuplicate.objects.create(
        dataset=dataset,
        first=dataset.images.filter(split=split.TRAIN)[1],
        second=dataset.images.filter(split=split.TEST)[0],
        likeness=0.8,
    )
    return resolve_pair(
        actor=admin, dataset_id=dataset.pk, pair_id=pair.pk, resolution="not_the_same"
    )


def rows_of(dataset: Dataset) -> dict[str, object]:
    """All that an act may change, to compare before and after."""
    pairs = dataset.near_duplicates.order_by("pk")
    return {
        "images": list(dataset.images.order_by("pk").values()),
        "pairs": list(pairs.values()),
    }


def places_of(dataset: Dataset) -> dict[str, tuple[str, str]]:
    """Source and split of each picture, by its path."""
    rows = dataset.images.values_list("path", "source", "split")
    return {path: (source, split) for path, source, split in rows}
