"""Measures model versions on pictures with known classes. Loads TensorFlow or LiteRT."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlmodels.ml.datasets.manifest import Row, read_manifest, rows_of_folder
from mlmodels.ml.datasets.splits import source_order
from mlmodels.ml.errors import ArtifactDamaged, ManifestInvalid
from mlmodels.ml.evaluation.evaluation import (
    Prediction,
    by_kind,
    load_trained_on,
    predict_rows,
    report,
    write_predictions,
)
from mlmodels.ml.inference.crops import Box
from mlmodels.ml.inference.engine import CARD, load_engine
from mlmodels.research.box_evaluation import (
    FieldAnswer,
    measure_boxes,
    read_boxes,
    read_fields,
    read_sources,
    report_boxes,
)

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Pictures:
    """What is measured: rows, and the folder their paths are relative to."""

    rows: tuple[Row, ...]
    root: Path


def pictures_of(
    *,
    data: str | None,
    manifest: str | None,
    root: str | None,
    split: str | None,
    classes: Sequence[str] = (),
) -> Pictures:
    """The pictures that the command line names.

    Args:
        data, manifest, root: one folder of pictures, or a manifest and what it is relative to.
        split: only this one, if any is named.
        classes: only pictures of these, if any are named; whatever a model answers counts.

    Raises:
        ManifestInvalid: neither or both kinds are named, or there is nothing to measure.
    """
    if bool(data) == bool(manifest):
        raise ManifestInvalid("Name either --data DIR, or --manifest FILE with --root DIR.")
    if data:
        folder = Path(data)
        rows = rows_of_folder(folder)
    else:
        file = Path(str(manifest))
        folder = Path(root) if root else file.parent
        rows = read_manifest(file)
    if split:
        rows = [row for row in rows if row.split == split.lower()]
    if not rows:
        raise ManifestInvalid(f"No picture is in the split {split}.")
    missing = sorted(set(classes) - {row.label for row in rows})
    if missing:
        raise ManifestInvalid(f"There is no picture of the class {', '.join(missing)}.")
    if classes:
        rows = [row for row in rows if row.label in classes]
    return Pictures(tuple(rows), folder)


def evaluate(
    pictures: Pictures,
    *,
    directory: Path,
    runtime: str,
    occurring: Sequence[str] | None = None,
) -> tuple[dict[str, Any], list[Prediction]]:
    """Measure one version on pictures.

    Args:
        pictures: what is measured.
        directory: the version's folder.
        runtime: "keras", "litert" or "int8".
        occurring: classes that cells are named among, as a profile declares them; none for all.

    Returns:
        The figures and the predictions.
    """
    engine = load_engine(directory, runtime=runtime).of_classes(occurring)
    predictions = predict_rows(pictures.rows, pictures.root, engine, load_trained_on(directory))
    figures = report(predictions, engine.classes, weights_sha256=engine.weights_sha256)
    named: dict[str, Any] = {"model": f"{engine.name}-{engine.version}", "runtime": runtime}
    named |= {"occurring": list(occurring)} if occurring else {}
    return {**named, **figures, "by_kind": by_kind(predictions, engine.classes)}, predictions


def evaluate_boxes(file: Path, *, root: Path, directory: Path, runtime: str) -> dict[str, Any]:
    """Measure where cells are found in the images of a folder, against a `boxes.csv`."""
    engine = load_engine(directory, runtime=runtime)
    return {"runtime": runtime, **measure_boxes(read_boxes(file), root, engine)}


def evaluate_boxes_by_fold(
    file: Path, *, root: Path, manifest: Path | None, runs: Path, runtime: str
) -> dict[str, Any]:
    """Measure where cells are found, each field by a version that was not trained on its source.

    Args:
        file: a `boxes.csv` with sources.
        root: the folder of its images.
        manifest: says which fold a source is in; a source that it does not name is spread
            over the folds, since none of them was trained on it.
        runs: a folder of run folders; the card of each says which fold it held out.
        runtime: "keras" or "litert".

    Returns:
        The figures pooled over all fields, with the weights of each fold and the number of
        fields that every version was trained on, which are left out.

    Raises:
        ArtifactDamaged: there is no version by fold in the folder.
    """
    versions = versions_by_fold(runs)
    if not versions:
        raise ArtifactDamaged(f"No version in {runs.name} left out a fold.")
    folds = {row.source: row.split for row in read_manifest(manifest)} if manifest else {}
    boxes, sources = read_boxes(file), read_sources(file)
    known = {fold: load_trained_on(folder).sources for fold, folder in versions.items()}
    parts: dict[str, dict[str, list[Box]]] = {fold: {} for fold in versions}
    left_out = 0
    for image, wanted in boxes.items():
        source = sources[image]
        fold = _fold_that_left_out(source, folds.get(source), known)
        if fold is None:
            left_out += 1
        else:
            parts[fold][image] = wanted
    answers: list[FieldAnswer] = []
    shas = {}
    for fold, part in parts.items():
        engine = load_engine(versions[fold], runtime=runtime)
        answers += read_fields(part, root, engine)
        shas[fold] = engine.weights_sha256
        logger.info("%s: %s fields", fold, len(part))
    named = {"runtime": runtime, "weights_sha256": shas, "trained_on_left_out": left_out}
    return {**report_boxes(answers), **named}


def _fold_that_left_out(
    source: str, named: str | None, known: dict[str, frozenset[str]]
) -> str | None:
    """The source's own fold; else any whose version was not trained on the source."""
    wanted = [named] if named in known else sorted(known, key=lambda f: source_order(f + source))
    return next((fold for fold in wanted if source not in known[fold]), None)


def cross_validate(
    pictures: Pictures, *, runs: Path, runtime: str
) -> tuple[dict[str, Any], list[Prediction]]:
    """Measure each fold with the version that left it out, and pool the answers.

    Args:
        pictures: rows whose split is a fold.
        runs: a folder of run folders; the card of each says which split it held out.
        runtime: "keras" or "litert".

    Raises:
        ArtifactDamaged: a fold of the manifest has no version that left it out.
    """
    parts = parts_by_fold(pictures, runs)
    pooled: list[Prediction] = []
    shas, classes, per_fold = {}, (), {}
    for fold, (part, directory) in parts.items():
        figures, predictions = evaluate(part, directory=directory, runtime=runtime)
        logger.info("%s: accuracy %s of %s", fold, figures["accuracy"], figures["n"])
        shas[fold], classes = figures["weights_sha256"], tuple(figures["per_class"])
        per_fold[fold] = {key: figures[key] for key in ("n", "accuracy", "balanced_accuracy")}
        pooled += predictions
    figures = report(pooled, classes, weights_sha256="")
    extra = {"weights_sha256": shas, "by_kind": by_kind(pooled, classes), "folds": per_fold}
    return {**figures, **extra, "runtime": runtime}, pooled


def parts_by_fold(pictures: Pictures, runs: Path) -> dict[str, tuple[Pictures, Path]]:
    """The pictures of each fold, with the version that left them out.

    Raises:
        ArtifactDamaged: a fold of the manifest has no version that left it out.
    """
    held_out = versions_by_fold(runs)
    folds = sorted({row.split for row in pictures.rows})
    missing = [fold for fold in folds if fold not in held_out]
    if missing:
        raise ArtifactDamaged(f"No version in {runs.name} left out {', '.join(missing)}.")
    return {
        fold: (
            Pictures(tuple(r for r in pictures.rows if r.split == fold), pictures.root),
            held_out[fold],
        )
        for fold in folds
    }


def keep_results(
    figures: dict[str, Any],
    predictions: Sequence[Prediction] = (),
    *,
    json_file: str | None,
    predictions_file: str | None = None,
) -> None:
    """Write what the command line asks to keep."""
    if json_file:
        Path(json_file).parent.mkdir(parents=True, exist_ok=True)
        Path(json_file).write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    if predictions_file:
        write_predictions(predictions, Path(predictions_file))


def versions_by_fold(runs: Path) -> dict[str, Path]:
    """The versions of a folder of runs that left a fold out, by that fold."""
    found = {}
    for card in sorted(runs.glob(f"*/version/{CARD}")):
        fold = json.loads(card.read_text(encoding="utf-8")).get("hold_out", "")
        if fold:
            found[fold] = card.parent
    return found
