"""Looks for labels that models doubt which did not train on them. Loads TensorFlow or LiteRT."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mlmodels.ml.datasets.manifest import Row, read_manifest
from mlmodels.ml.errors import ManifestInvalid, RejectedImage
from mlmodels.ml.inference.engine import Engine, load_engine
from mlmodels.ml.inference.pipeline import read_image
from mlmodels.ml.inference.version_files import file_sha256
from mlmodels.ml.training.attribute_fitting import picture_features
from mlmodels.ml.training.data import NEVER_TRAINED
from mlmodels.research.evaluation import Pictures, parts_by_fold, versions_by_fold
from mlmodels.research.label_audit.audit import contradicted_labels, two_fold_probabilities
from mlmodels.research.label_audit.text import SetAudit, audit_markdown

logger = logging.getLogger(__name__)

BY_FOLDS = "Each picture is read by the version that left its fold out."
BY_HALVES = (
    "A linear head on the features of each picture, fitted on the other half of the sources. The "
    "network behind the features learned from most of these labels, so it doubts too few of them."
)


@dataclass(frozen=True)
class HashedPicture:
    """A picture's path, relative to the data folder, and the hash of its bytes."""

    path: str
    sha256: str


def audit_labels(
    *,
    data: Path,
    directory: Path,
    runs: Path | None,
    cache: Path,
    runtime: str,
    markdown: Path,
    command: str,
) -> list[SetAudit]:
    """Write the page of doubted labels for every set of a data folder that may be trained on.

    Args:
        data: the data folder.
        directory: the version whose features tell where no folds do.
        runs: a folder of runs by fold, if there is one.
        cache: where features are kept.
        runtime: "keras" or "litert".
        markdown: where the page goes.
        command: what it says wrote it.

    Returns:
        What was found, by set.

    Raises:
        ManifestInvalid: the data folder has no such set.
    """
    engine = load_engine(directory, runtime=runtime)
    manifests = sorted(data.glob("cells/*/manifest.csv"))
    audits = []
    for manifest in manifests:
        if manifest.parent.name in NEVER_TRAINED:
            continue
        rows = [row for row in read_manifest(manifest) if row.label in engine.classes]
        logger.info("%s: %s pictures", manifest.parent.name, len(rows))
        audits.append(_audit(manifest.parent.name, rows, data, engine, runs, cache, runtime))
    if not audits:
        raise ManifestInvalid(f"{data} has no set with a manifest in cells/.")
    page = audit_markdown(
        audits,
        command=command,
        model=f"{engine.name}-{engine.version}",
        weights_sha256=engine.weights_sha256,
    )
    markdown.write_text(page, encoding="utf-8")
    return audits


def _audit(
    name: str,
    rows: Sequence[Row],
    data: Path,
    engine: Engine,
    runs: Path | None,
    cache: Path,
    runtime: str,
) -> SetAudit:
    folds = versions_by_fold(runs) if runs else {}
    if all(row.split in folds for row in rows) and runs:
        told, how = _by_folds(Pictures(tuple(rows), data), runs, engine.classes, runtime), BY_FOLDS
    else:
        pictures = [HashedPicture(row.path, file_sha256(row.file(data))) for row in rows]
        features, found = picture_features(engine, pictures, data, cache=cache)
        seen = [row for row, there in zip(rows, found, strict=True) if there]
        told = np.zeros((len(rows), len(engine.classes)))
        told[found] = two_fold_probabilities(features[found], seen, engine.classes)
        how = BY_HALVES
    return SetAudit(
        name=name,
        how=how,
        pictures=len(rows),
        sources=len({row.source for row in rows}),
        no_cell=int((~told.any(axis=1)).sum()),
        doubts=tuple(contradicted_labels(rows, told, engine.classes)),
    )


def _by_folds(pictures: Pictures, runs: Path, classes: tuple[str, ...], runtime: str) -> np.ndarray:
    """Probabilities (N, K) of each picture's principal cell; zeros where none was found."""
    told: dict[str, list[float]] = {}
    for part, directory in parts_by_fold(pictures, runs).values():
        engine = load_engine(directory, runtime=runtime)
        for row in part.rows:
            told[row.path] = _probabilities(row.file(part.root).read_bytes(), engine, classes)
    return np.array([told[row.path] for row in pictures.rows])


def _probabilities(data: bytes, engine: Engine, classes: tuple[str, ...]) -> list[float]:
    try:
        cells = read_image(data, engine).cells
    except RejectedImage:
        cells = ()
    if not cells:
        return [0.0] * len(classes)
    return [cells[0].probabilities.get(name, 0.0) for name in classes]
