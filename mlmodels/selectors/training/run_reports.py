"""What a training run wrote down for people, with the laboratory's names for its classes."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from accounts.models import User
from mlmodels import artifacts
from mlmodels.errors import TrainingRunNotFound
from mlmodels.ml.classes import CLASSES, class_in_words
from mlmodels.ml.evaluation.failure_analysis import failures, worst_classes
from mlmodels.ml.training.reports.names import DATA, PICTURES, REPORT
from mlmodels.models import TrainingRun
from mlmodels.selectors.labels import labels_for
from mlmodels.selectors.training.runs import run_for_viewer
from mlmodels.selectors.versions.active import active_version

SPLITS = ("train", "validation", "test")
_PICTURE = re.compile(r"[a-z]+-[0-9]{1,3}\.jpg")


@dataclass(frozen=True)
class ClassName:
    """What a class is called.

    Args:
        code: as the model says it.
        name: as the laboratory says it.
        short: two letters.
    """

    code: str
    name: str
    short: str


@dataclass(frozen=True)
class DataRow:
    """One class of the data.

    Args:
        called: the class.
        pictures: in each of `SPLITS`, and in all.
        sources: in all.
        drawn: its share of what an epoch draws, 0 to 1; none where it is not drawn.
        share: its share of the training pictures.
        samples, changed: names of its sheets, empty where there are none.
    """

    called: ClassName
    pictures: tuple[int, ...]
    sources: int
    drawn: float | None
    share: float | None
    samples: str
    changed: str


@dataclass(frozen=True)
class ClassFigures:
    """One class of the measurement, by recall."""

    called: ClassName
    figures: dict[str, Any]


@dataclass(frozen=True)
class ConfusionRow:
    """What pictures of one class were called.

    Args:
        called: the true class.
        counts: for each column, with the name of that column's class.
        n: in all.
    """

    called: ClassName
    counts: tuple[tuple[ClassName, int], ...]
    n: int


@dataclass(frozen=True)
class Example:
    """One picture with its answer."""

    picture: str
    true: ClassName
    predicted: ClassName | None
    confidence: float
    disposition: str


@dataclass(frozen=True)
class RunReport:
    """All that a run wrote, as far as it came.

    Args:
        data: a row a class; empty before the crops are cut.
        crops: how many train, calibrate, show no cell, and were not found.
        imbalance: the largest class's training pictures over the smallest's; none for one class.
        measured_on: "test", "validation", or empty before the measurement.
        figures: of `metrics.summarise`.
        columns: of the confusion matrix.
        classes: worst recall first.
        bins: of the calibration plot.
    """

    data: tuple[DataRow, ...] = ()
    totals: tuple[int, ...] = ()
    crops: dict[str, int] | None = None
    imbalance: float | None = None
    measured_on: str = ""
    figures: dict[str, Any] | None = None
    columns: tuple[ClassName, ...] = ()
    confusion: tuple[ConfusionRow, ...] = ()
    classes: tuple[ClassFigures, ...] = ()
    bins: tuple[dict[str, Any], ...] = ()
    right: tuple[Example, ...] = ()
    wrong: tuple[Example, ...] = ()
    wrong_in_all: int = 0
    failures: tuple[str, ...] = ()


def report_of(run: TrainingRun) -> RunReport:
    """What a run wrote down, as far as it came."""
    folder = artifacts.run_folder(run.pk)
    names = _Names(run)
    data, report = _read(folder / DATA), _read(folder / REPORT)
    return RunReport(**_data_parts(data, names), **_report_parts(report, names, _known(run)))


def picture_bytes(viewer: User, run_id: UUID, name: str) -> bytes:
    """One of the small pictures that the run drew itself.

    Raises:
        TrainingRunNotFound: there is no such run in the viewer's laboratory, or no such picture.
    """
    run = run_for_viewer(viewer, run_id)
    if not _PICTURE.fullmatch(name):
        raise TrainingRunNotFound()
    try:
        return (artifacts.run_folder(run.pk) / PICTURES / name).read_bytes()
    except OSError as error:
        raise TrainingRunNotFound() from error


class _Names:
    """The laboratory's names for classes; a code without a label is written in words."""

    def __init__(self, run: TrainingRun) -> None:
        self._labels = labels_for(run.laboratory)

    def of(self, code: str) -> ClassName:
        label = self._labels.get(code)
        if label is not None:
            return ClassName(code, label.name, label.short_name)
        words = class_in_words(code)
        return ClassName(code, words, words[:2])

    def by_code(self) -> dict[str, str]:
        return {code: label.name for code, label in self._labels.items()}


def _read(file: Path) -> dict[str, Any]:
    try:
        said = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return said if isinstance(said, dict) else {}


def _data_parts(data: dict[str, Any], names: _Names) -> dict[str, Any]:
    if not data:
        return {}
    pictures, sources = data["pictures"], data["sources"]
    codes = [*data["classes"]]
    codes += sorted({c for of_split in pictures.values() for c in of_split} - set(codes))
    sheets = {sheet["label"]: sheet for sheet in data["sheets"]}
    training = pictures.get("train", {})
    rows = tuple(
        DataRow(
            called=names.of(code),
            pictures=_by_split(pictures, code),
            sources=sum(of_split.get(code, 0) for of_split in sources.values()),
            drawn=data["drawn"].get(code),
            share=training[code] / sum(training.values()) if code in training else None,
            samples=sheets.get(code, {}).get("samples", ""),
            changed=sheets.get(code, {}).get("changed", ""),
        )
        for code in codes
    )
    return {
        "data": rows,
        "totals": tuple(sum(column) for column in zip(*(r.pictures for r in rows), strict=True)),
        "crops": data["crops"],
        "imbalance": max(training.values()) / min(training.values()) if training else None,
    }


def _by_split(pictures: dict[str, dict[str, int]], code: str) -> tuple[int, ...]:
    """Pictures of a class in each of `SPLITS`, and in all."""
    counts = [pictures.get(split, {}).get(code, 0) for split in SPLITS]
    return (*counts, sum(of_split.get(code, 0) for of_split in pictures.values()))


def _known(run: TrainingRun) -> tuple[str, ...]:
    """What the laboratory's model names now, and so could be missed in another one."""
    version = active_version(run.laboratory)
    return tuple(version.classes) if version else CLASSES


def _report_parts(report: dict[str, Any], names: _Names, known: tuple[str, ...]) -> dict[str, Any]:
    if not report:
        return {}
    figures = report["figures"]
    codes, rows = figures["confusion_matrix"]["classes"], figures["confusion_matrix"]["rows"]
    columns = tuple(names.of(code) for code in codes)
    return {
        "measured_on": report["measured_on"],
        "figures": figures,
        "columns": columns,
        "confusion": tuple(
            ConfusionRow(called, tuple(zip(columns, row, strict=True)), sum(row))
            for called, row in zip(columns, rows, strict=False)
            if sum(row)
        ),
        "classes": tuple(ClassFigures(names.of(c), row) for c, row in worst_classes(figures)),
        "bins": tuple(figures["reliability"]),
        "right": tuple(_example(e, names) for e in report["right"]),
        "wrong": tuple(_example(e, names) for e in report["wrong"]),
        "wrong_in_all": report["wrong_in_all"],
        "failures": tuple(failures(report, names.by_code(), known=known)),
    }


def _example(said: dict[str, Any], names: _Names) -> Example:
    return Example(
        picture=said["picture"],
        true=names.of(said["true"]),
        predicted=names.of(said["predicted"]) if said["predicted"] else None,
        confidence=said["confidence"],
        disposition=said["disposition"],
    )
