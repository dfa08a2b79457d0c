"""How far a version in shadow agrees with the one whose results are seen. For admins alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from accounts.models import User
from accounts.policy import Action, require
from mlmodels.ml.classes import wider_classes
from mlmodels.ml.evaluation.gate import SharedClasses, share_classes
from mlmodels.ml.evaluation.metrics import wilson_interval
from mlmodels.ml.inference.boxes import match_boxes
from mlmodels.ml.inference.crops import Box
from mlmodels.models import Label, ModelVersion
from mlmodels.selectors.labels import labels_for
from mlmodels.selectors.versions.active import version_for_viewer
from mlmodels.selectors.versions.promotions import shadow_of
from predictions.models import Cell, ShadowReading

# The newest readings; older ones say less about what comes in now. They end with the one that
# brings the cells above their number, so that pages of crowded fields stay quick.
MOST_READINGS = 1000
MOST_CELLS = 10_000
MOST_EXAMPLES = 24
# Two boxes show the same cell from this overlap on, area shared over area of both together.
LEAST_OVERLAP = 0.5

ShadowCell = dict[str, Any]


@dataclass(frozen=True)
class Named:
    """A cell that both found.

    Args:
        cell: as the active version found it.
        other: as the shadow did.
        is_same: whether both name it alike, in the classes of both.
    """

    cell: Cell
    other: ShadowCell
    is_same: bool


@dataclass(frozen=True)
class ClassAgreement:
    """How cells of one class, as the active version names it, are named in shadow.

    Args:
        code: of the class.
        label: the laboratory's row of it; none where there is none.
        cells: found by both.
        same: named alike; a class that one of them alone knows counts as its wider class.
        interval: of the share, 95 %.
    """

    code: str
    label: Label | None
    cells: int
    same: int

    @property
    def share(self) -> float:
        """Of the cells named alike, 0 to 1."""
        return self.same / self.cells

    @property
    def interval(self) -> tuple[float, float]:
        """Of the share, 95 % (Wilson)."""
        return wilson_interval(self.same, self.cells)


@dataclass(frozen=True)
class Disagreement:
    """One cell that the two name differently.

    Args:
        cell: as the active version found it.
        label, other_label: the laboratory's rows of both names.
        other_code, other_confidence, other_disposition: what the shadow said.
    """

    cell: Cell
    label: Label | None
    other_code: str
    other_label: Label | None
    other_confidence: float
    other_disposition: str


@dataclass(frozen=True)
class Agreement:
    """What the page of a shadow shows.

    Args:
        version: that reads, or read, along.
        is_running: whether it does now.
        readings: images that both read, at most `MOST_READINGS`, with some `MOST_CELLS`.
        classes: by the active version's class, the most frequent first.
        whole: all classes together; none where no cell was found by both.
        only_active, only_shadow: cells that one of them found alone.
        examples: the newest cells that are named differently.
        disagreements: how many there are of them.
    """

    version: ModelVersion
    is_running: bool
    readings: int
    classes: list[ClassAgreement]
    whole: ClassAgreement | None
    only_active: int
    only_shadow: int
    examples: list[Disagreement]
    disagreements: int


def agreement_of(viewer: User, version_id: UUID) -> Agreement:
    """How far a version agreed, image by image, with what people saw.

    Raises:
        ModelVersionNotFound: there is no such version, shipped or in the viewer's laboratory.
    """
    require(viewer, Action.MANAGE_MODELS)
    version = version_for_viewer(viewer, version_id)
    laboratory = viewer.laboratory
    rows = ShadowReading.objects.filter(
        model_version=version, job__image__sample__laboratory=laboratory
    )
    readings = _newest(rows)
    cells = _cells_by_job(reading.job_id for reading in readings)
    compared = _compared(version, readings)
    pairs: list[Named] = []
    only_active = only_shadow = 0
    for reading in readings:
        found = cells.get(reading.job_id, [])
        matched = matched_cells(found, reading.cells)
        called = compared[reading.job.model_version_id].called
        pairs += [
            Named(cell, other, called(cell.label) == called(other["label"]))
            for cell, other in matched
        ]
        only_active += len(found) - len(matched)
        only_shadow += len(reading.cells) - len(matched)
    labels = labels_for(laboratory)
    different = [(pair.cell, pair.other) for pair in pairs if not pair.is_same]
    shadow = shadow_of(laboratory)
    return Agreement(
        version=version,
        is_running=shadow is not None and shadow.version == version,
        readings=len(readings),
        classes=_by_class(pairs, labels),
        whole=ClassAgreement("", None, len(pairs), len(pairs) - len(different)) if pairs else None,
        only_active=only_active,
        only_shadow=only_shadow,
        examples=[_example(cell, other, labels) for cell, other in different[:MOST_EXAMPLES]],
        disagreements=len(different),
    )


def _newest(rows: QuerySet[ShadowReading]) -> list[ShadowReading]:
    readings: list[ShadowReading] = []
    cells = 0
    for reading in rows.select_related("job")[:MOST_READINGS].iterator(chunk_size=50):
        readings.append(reading)
        cells += len(reading.cells)
        if cells > MOST_CELLS:
            break
    return readings


def matched_cells(
    cells: Sequence[Cell], others: Sequence[ShadowCell]
) -> list[tuple[Cell, ShadowCell]]:
    """Which cells of two readings of one image are the same, one to one, the surest first.

    Args:
        cells: as the active version found them.
        others: as the shadow did: {"box": [x, y, width, height] in px, …}.
    """
    ours = [Box(cell.x_px, cell.y_px, cell.width_px, cell.height_px) for cell in cells]
    theirs = [Box(*other["box"]) for other in others]
    matched = match_boxes(ours, theirs, LEAST_OVERLAP)
    return [(cells[i], others[k]) for i, k in matched.items()]


def _cells_by_job(jobs: Iterable[UUID]) -> dict[UUID, list[Cell]]:
    found: dict[UUID, list[Cell]] = {}
    rows = Cell.objects.filter(job__in=list(jobs)).defer("probabilities")
    for cell in rows:
        found.setdefault(cell.job_id, []).append(cell)
    return found


def _compared(
    version: ModelVersion, readings: Iterable[ShadowReading]
) -> dict[UUID | None, SharedClasses]:
    """The classes to compare a version in, by the version that was seen beside it."""
    seen = ModelVersion.objects.in_bulk(
        {reading.job.model_version_id for reading in readings} - {None}
    )
    shares: dict[UUID | None, SharedClasses] = {None: SharedClasses((), (), ())}
    for key, other in seen.items():
        wider = wider_classes(version.card, other.card)
        shares[key] = share_classes(version.classes, other.classes, wider)
    return shares


def _by_class(pairs: Sequence[Named], labels: dict[str, Label]) -> list[ClassAgreement]:
    counts: dict[str, list[int]] = {}
    for pair in pairs:
        of_class = counts.setdefault(pair.cell.label, [0, 0])
        of_class[0] += 1
        of_class[1] += pair.is_same
    rows = [ClassAgreement(code, labels.get(code), n, same) for code, (n, same) in counts.items()]
    return sorted(rows, key=lambda row: -row.cells)


def _example(cell: Cell, other: ShadowCell, labels: dict[str, Label]) -> Disagreement:
    return Disagreement(
        cell=cell,
        label=labels.get(cell.label),
        other_code=other["label"],
        other_label=labels.get(other["label"]),
        other_confidence=other["confidence"],
        other_disposition=other["disposition"],
    )
