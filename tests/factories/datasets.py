"""Frozen datasets of drawn cells: the folder with its pictures, and the rows."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from itertools import count
from pathlib import Path
from typing import Any
from uuid import uuid4

from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from mlmodels import artifacts
from mlmodels.ml.datasets.manifest import Row, write_manifest
from mlmodels.models import Dataset, DatasetImage, NearDuplicate
from mlmodels.services.datasets import claims, lifecycle
from tests.drawn_cells import draw_smear_png

CLASSES = ("neutrophil", "lymphocyte")
SIZE_PX = (160, 120)
_numbers = count(1)


def draw_dataset(
    folder: Path,
    *,
    classes: Iterable[str] = CLASSES,
    train: int = 6,
    validation: int = 2,
    test: int = 2,
    lobed: bool = False,
) -> list[Row]:
    """Write pictures and `manifest.csv` into a folder; so many sources a class in each split.

    Args:
        lobed: how the cells are drawn, see `draw_smear`.
    """
    rows = []
    width, height = SIZE_PX
    for place, label in enumerate(classes):
        splits = ["train"] * train + ["validation"] * validation + ["test"] * test
        for number, split in enumerate(splits):
            path = f"{label}/{number:03}.png"
            file = folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            seed = 1000 * place + number
            file.write_bytes(draw_smear_png(seed=seed, width=width, height=height, lobed=lobed))
            rows.append(Row(path, label, f"{label} {number}", split))
    write_manifest(rows, folder / "manifest.csv")
    return rows


def make_dataset(admin: User, *, name: str = "", freeze: bool = True, **drawn: Any) -> Dataset:
    """A dataset of drawn cells, frozen unless said otherwise; `drawn` as for `draw_dataset`."""
    dataset = Dataset.objects.create(
        laboratory=admin.laboratory,
        name=name or f"Dataset {next(_numbers)}",
        state=Dataset.State.OPEN,
        duplicate_check=Dataset.DuplicateCheck.DONE,
        folder=uuid4().hex,
        created_by=admin,
    )
    folder = artifacts.dataset_folder(dataset.folder)
    rows = draw_dataset(folder, **drawn)
    DatasetImage.objects.bulk_create(_image(dataset, folder, row) for row in rows)
    if freeze:
        dataset.state = Dataset.State.FROZEN
        dataset.manifest_sha256 = _manifest_sha256(folder, rows)
        dataset.frozen_by, dataset.frozen_at = admin, timezone.now()
        dataset.save()
    return dataset


def make_open_dataset(admin: User, **drawn: object) -> Dataset:
    """A dataset that can be frozen, with a pair that was moved to one split and not resolved."""
    dataset = lifecycle.derive_dataset(
        actor=admin,
        dataset_id=make_dataset(admin, **drawn).pk,  # type: ignore[arg-type]
        name=f"Open {next(_numbers)}",
    )
    first, second = dataset.images.filter(split=DatasetImage.Split.TRAIN)[:2]
    NearDuplicate.objects.create(dataset=dataset, first=first, second=second, likeness=0.9)
    return dataset


def claimed(dataset: Dataset, stage: Q) -> claims.Claim:
    """A claim on a dataset that succeeds."""
    held = claims.claim(dataset.pk, stage)
    assert held is not None
    return held


def _image(dataset: Dataset, folder: Path, row: Row) -> DatasetImage:
    return DatasetImage(
        dataset=dataset,
        path=row.path,
        sha256=_sha256(folder / row.path),
        label=row.label,
        source=row.source,
        split=row.split,
        width_px=SIZE_PX[0],
        height_px=SIZE_PX[1],
    )


def _manifest_sha256(folder: Path, rows: Iterable[Row]) -> str:
    lines = sorted(
        ",".join((r.path, _sha256(folder / r.path), r.label, r.source, r.split)) for r in rows
    )
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()
