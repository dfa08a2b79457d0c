"""What somebody sees who reads a cell without being told what others called it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, QuerySet

from accounts.models import Laboratory
from mlmodels.ml.classes import class_in_words
from mlmodels.models import Label
from mlmodels.selectors.labels import labels_for
from predictions.counts import LabelUse, label_by_code, shown_as
from predictions.models import Cell, ControlCell, SecondRead
from predictions.selectors.review.counts import label_uses


@dataclass(frozen=True)
class CellToRead:
    """A cell as it is shown to be read: where it lies in its field, and nothing that was said.

    Args:
        field_px: width and height of the field.
        box: x, y, width and height in pixels of the field.
    """

    field_px: tuple[int, int]
    box: tuple[int, int, int, int]

    @classmethod
    def of(cls, cell: Cell) -> CellToRead:
        """Of a cell with its image."""
        return cls(
            (cell.image.width_px, cell.image.height_px),
            (cell.x_px, cell.y_px, cell.width_px, cell.height_px),
        )


def without_asked_ones(cells: QuerySet[Cell]) -> QuerySet[Cell]:
    """Leave out those that people are to name unaided: of the control slide that is read now, and
    those that wait for a second reader."""
    on_slide = ControlCell.objects.filter(
        cell=OuterRef("pk"), slide__started_at__isnull=False, slide__retired_at=None
    )
    waiting = SecondRead.objects.filter(cell=OuterRef("pk"), state=SecondRead.State.WAITING)
    return cells.filter(~Exists(on_slide), ~Exists(waiting))


def choices_of(laboratory: Laboratory) -> list[Label]:
    """What a cell can be called, in the order of reading."""
    return [label for label in labels_for(laboratory).values() if label.is_used]


def are_one(labels: Mapping[str, Label], first: str, second: str) -> bool:
    """Whether two names mean one class here: the differential shows them in one row.

    A band is a neutrophil where the laboratory does not report bands apart.
    """
    told = told_apart(labels)
    return shown_as(first, told) == shown_as(second, told)


def told_apart(labels: Mapping[str, Label]) -> dict[str, LabelUse]:
    """How the laboratory shows its labels, by their codes."""
    return label_by_code(label_uses(labels))


def name_of(labels: Mapping[str, Label], code: str) -> str:
    """What a class is called here, for people."""
    return labels[code].name if code in labels else class_in_words(code)
