"""The card of a model version for people: what stands on it, with the laboratory's class names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mlmodels import artifacts
from mlmodels.ml.classes import always_reviewed, class_in_words
from mlmodels.ml.inference.calibration import Thresholds
from mlmodels.ml.inference.version_files import file_of
from mlmodels.models import GateCheck, Label, ModelVersion

NO_CELL = "no_cell_found"


@dataclass(frozen=True)
class CardClass:
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
class ClassRow:
    """A class of a set with its figures: n, recall, precision, specificity and intervals."""

    called: CardClass
    figures: dict[str, Any]


@dataclass(frozen=True)
class ConfusionLine:
    """What pictures of one class were called: a count for each column, and all of them."""

    called: CardClass
    counts: tuple[tuple[CardClass, int], ...]
    n: int


@dataclass(frozen=True)
class OverlapRow:
    """How many drawn boxes were found at an overlap."""

    overlap: str
    found: int


@dataclass(frozen=True)
class MeasuredSet:
    """One set that a version was measured on.

    Args:
        name: in words.
        command: that makes the figures again; empty where none is stated.
        figures: as `metrics.summarise` or `box_evaluation` gave them.
        classes, columns, confusion: of a set of single cells.
        bins: of the calibration plot; empty where the card keeps none.
        overlaps: of a set of boxes.
    """

    name: str
    command: str
    figures: dict[str, Any]
    classes: tuple[ClassRow, ...] = ()
    columns: tuple[CardClass, ...] = ()
    confusion: tuple[ConfusionLine, ...] = ()
    bins: tuple[dict[str, Any], ...] = ()
    overlaps: tuple[OverlapRow, ...] = ()

    @property
    def tells_acceptance(self) -> bool:
        """Whether it says by class how many pictures are accepted, as newer cards do."""
        return all("accepted" in row.figures for row in self.classes)

    @property
    def right(self) -> int:
        """How many pictures were named right."""
        return round((self.figures.get("accuracy") or 0) * self.figures.get("n", 0))


@dataclass(frozen=True)
class ModelFile:
    """A file of a version.

    Args:
        name: in its folder.
        sha256: that was registered.
        size_bytes: none where it is missing.
    """

    name: str
    sha256: str
    size_bytes: int | None


@dataclass(frozen=True)
class StricterClass:
    """From where on a class is accepted that has thresholds of its own.

    Args:
        label: the class.
        asks_for: what, in words.
    """

    label: CardClass
    asks_for: str


@dataclass(frozen=True)
class DangerousCells:
    """What is accepted of cells that people called so, of patients by whom it was not chosen.

    Args:
        label: what people called them.
        n, accepted, right: how many there are, are accepted, and are accepted rightly.
        low, high: the interval of the share accepted, 0 to 1.
    """

    label: CardClass
    n: int
    accepted: int
    right: int
    low: float
    high: float


@dataclass(frozen=True)
class VersionCard:
    """All that the page of a version shows of its card.

    Args:
        classes: that it names, in its order.
        always_reviewed: those of them that a person looks at whatever the confidence.
        stricter: classes that are accepted more strictly than the others.
        dangerous: what is accepted on films of leukaemia; empty where it was not measured.
        measured: what it was measured on, in the card's order.
        files: with their hashes; the checksums' own hash is the version's.
        is_whole: whether the folder carries the registered checksums and every file.
    """

    classes: tuple[CardClass, ...]
    always_reviewed: tuple[CardClass, ...]
    stricter: tuple[StricterClass, ...]
    dangerous: tuple[DangerousCells, ...]
    measured: tuple[MeasuredSet, ...]
    files: tuple[ModelFile, ...]
    is_whole: bool


def card_of(version: ModelVersion, labels: dict[str, Label]) -> VersionCard:
    """The card of a version, in the words of a laboratory's labels."""
    card = version.card
    commands = card.get("commands", {})
    folder = artifacts.model_folder(version)
    asked = always_reviewed(card.get("engine", {}).get("always_reviewed", ()))
    return VersionCard(
        classes=tuple(_called(code, labels) for code in version.classes),
        always_reviewed=tuple(_called(code, labels) for code in version.classes if code in asked),
        stricter=_stricter(card.get("engine", {}).get("thresholds", {}), labels),
        dangerous=tuple(
            DangerousCells(
                _called(code, labels), row["n"], row["accepted"], row["right"], *row["interval"]
            )
            for code, row in card.get("calibration", {})
            .get("safety", {})
            .get("by_class", {})
            .items()
        ),
        measured=tuple(
            _measured(name, figures, commands.get(name, ""), labels)
            for name, figures in _sets_of(card).items()
        ),
        files=tuple(
            ModelFile(file, digest, artifacts.file_size(file_of(folder, file)))
            for file, digest in artifacts.sums_of(folder).items()
        ),
        is_whole=artifacts.is_registered_folder(folder, version.checksums_sha256),
    )


def _stricter(thresholds: dict[str, Any], labels: dict[str, Label]) -> tuple[StricterClass, ...]:
    """From where on classes are accepted that have thresholds of their own, as they act."""
    if "by_class" not in thresholds:
        return ()
    known = Thresholds.of_card(thresholds)
    own = {code: known.acceptance(code) for code in known.by_class}
    return tuple(
        StricterClass(_called(code, labels), least.in_words()) for code, least in own.items()
    )


def _sets_of(card: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """What a version was measured on: its sets, and the reviewed cells it was adapted to."""
    adaptation = card.get("adaptation", {})
    times = {"before": "reviewed cells, before adapting", "after": "reviewed cells, after adapting"}
    return {
        **card.get("metrics", {}),
        **{words: adaptation[key] for key, words in times.items() if key in adaptation},
    }


def measured_at_gate(gate: GateCheck | None, labels: dict[str, Label]) -> tuple[MeasuredSet, ...]:
    """What the candidate answered on the sets of a check, as its card would show it."""
    if gate is None:
        return ()
    return tuple(
        _measured(name, figures["candidate"], "", labels)
        for name, figures in gate.result.get("figures", {}).items()
        if figures["candidate"]["n"]
    )


def _measured(
    name: str, figures: dict[str, Any], command: str, labels: dict[str, Label]
) -> MeasuredSet:
    words = name.replace("_", " ")
    words = words[:1].upper() + words[1:]
    if "per_class" not in figures:
        overlaps = figures.get("found_at_overlap", {}).items() if figures.get("boxes") else ()
        rows = tuple(OverlapRow(overlap, table["found"]) for overlap, table in overlaps)
        return MeasuredSet(words, command, figures, overlaps=rows)
    matrix = figures["confusion_matrix"]
    # A class that is neither shown nor answered would only widen the table.
    used = [
        k
        for k, code in enumerate(matrix["classes"])
        if code == NO_CELL or _is_used(k, matrix["rows"])
    ]
    columns = tuple(_called(matrix["classes"][k], labels) for k in used)
    return MeasuredSet(
        words,
        command,
        figures,
        classes=tuple(
            ClassRow(_called(code, labels), row)
            for code, row in figures["per_class"].items()
            if row["n"]
        ),
        columns=columns,
        confusion=tuple(
            ConfusionLine(
                _called(matrix["classes"][k], labels),
                tuple(zip(columns, (row[c] for c in used), strict=True)),
                sum(row),
            )
            for k, row in enumerate(matrix["rows"])
            if sum(row)
        ),
        bins=tuple(figures.get("reliability", ())),
    )


def _is_used(place: int, rows: list[list[int]]) -> bool:
    return any(row[place] for row in rows) or (place < len(rows) and any(rows[place]))


def _called(code: str, labels: dict[str, Label]) -> CardClass:
    label = labels.get(code)
    if label is not None:
        return CardClass(code, label.name, label.short_name)
    words = class_in_words(code)
    return CardClass(code, words, "none" if code == NO_CELL else words[:2])
