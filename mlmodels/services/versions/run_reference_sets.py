"""The frozen pictures that versions are compared on, each verified when it is read."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.conf import settings

from mlmodels import artifacts
from mlmodels.ml.datasets.manifest import Row, read_manifest
from mlmodels.ml.errors import ManifestInvalid
from mlmodels.models import Dataset, GateCheck

BENCHMARK_MANIFEST = "cells/pbc/manifest.csv"
BENCHMARK = "shipped benchmark"


@dataclass(frozen=True)
class ReferenceSet:
    """Pictures that both versions are measured on.

    Args:
        name: as people know it.
        kind: "reference", "trained_on" (the test part of the candidate's dataset) or
            "benchmark".
        rows: the pictures of its test part.
        root: what their paths are relative to.
        hashes: the SHA-256 that each path must have; empty where none is registered.
        sha256: names the set's content.
    """

    name: str
    kind: str
    rows: tuple[Row, ...]
    root: Path
    hashes: dict[str, str] = field(repr=False)
    sha256: str


def reference_sets(gate: GateCheck) -> tuple[list[ReferenceSet], list[dict[str, Any]]]:
    """What both versions are measured on, and what is said of sets that are not at hand.

    Raises:
        ManifestInvalid: the benchmark's folder is set and holds no readable manifest.
    """
    found = [_set_of(dataset) for dataset in datasets_of(gate)]
    missing = []
    if not found:
        missing.append(
            {
                "name": "the laboratory's own",
                "kind": "reference",
                "note": "No dataset of the laboratory is marked as its reference, and the "
                "candidate was trained on none.",
            }
        )
    if settings.BENCHMARK_DATA_DIR:
        found.append(_benchmark(Path(settings.BENCHMARK_DATA_DIR)))
    else:
        missing.append(
            {
                "name": BENCHMARK,
                "kind": "benchmark",
                "note": "Not at hand here: the operator has named no folder (BENCHMARK_DATA_DIR).",
            }
        )
    return found, missing


def datasets_of(gate: GateCheck) -> list[Dataset]:
    """The laboratory's reference sets, else the one that the candidate was trained on."""
    reference = Dataset.objects.filter(
        laboratory=gate.laboratory, is_reference=True, state=Dataset.State.FROZEN
    )
    found = list(reference.order_by("name"))
    run = getattr(gate.version, "training_run", None)
    if not found and run is not None and run.dataset is not None:
        found = [run.dataset]
    return found


def _set_of(dataset: Dataset) -> ReferenceSet:
    images = dataset.images.filter(split="test").order_by("path")
    return ReferenceSet(
        name=dataset.name,
        kind="reference" if dataset.is_reference else "trained_on",
        rows=tuple(Row(i.path, i.label, i.source, i.split) for i in images),
        root=artifacts.dataset_folder(dataset.folder),
        hashes={i.path: i.sha256 for i in images},
        sha256=dataset.manifest_sha256,
    )


def _benchmark(root: Path) -> ReferenceSet:
    rows = [row for row in read_manifest(root / BENCHMARK_MANIFEST) if row.split == "test"]
    if not rows:
        raise ManifestInvalid(f"{BENCHMARK_MANIFEST} of the benchmark has no test pictures.")
    listed = "\n".join(sorted(f"{row.path},{row.label},{row.source}" for row in rows))
    digest = hashlib.sha256(listed.encode()).hexdigest()
    return ReferenceSet(BENCHMARK, "benchmark", tuple(rows), root, {}, digest)


def read_picture(each: ReferenceSet, row: Row) -> bytes:
    """The bytes of a picture that is the one the set was frozen with."""
    try:
        data = row.file(each.root).read_bytes()
    except OSError as error:
        raise ManifestInvalid(
            f"A picture of the set {each.name} is missing: {row.path}. "
            "Ask the operator to restore the set's folder."
        ) from error
    if each.hashes and hashlib.sha256(data).hexdigest() != each.hashes[row.path]:
        raise ManifestInvalid(
            f"A picture of the set {each.name} is not the one that was frozen: {row.path}. "
            "Ask the operator to restore the set's folder."
        )
    return data
