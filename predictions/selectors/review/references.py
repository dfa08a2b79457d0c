"""Cells that show what a class looks like in this laboratory: those that a doctor signed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import F

from accounts.models import User
from mlmodels.ml.inference.sheets import sheet_size, tile_corner
from mlmodels.models import Label
from mlmodels.selectors.labels import labels_for
from predictions import policy
from predictions.models import Sample, SampleLabel

MOST = 8
# The classes of which `static/img/cells.svg` holds a drawing.
DRAWN = frozenset(
    {
        "band",
        "basophil",
        "blast",
        "eosinophil",
        "erythroblast",
        "immature_granulocyte",
        "lymphocyte",
        "monocyte",
        "neutrophil",
        "plasma_cell",
        "platelet",
        "reactive_lymphocyte",
        "segmented",
        "smudge_cell",
    }
)
# How many samples are looked through for them.
SAMPLES = 20


@dataclass(frozen=True)
class ReferenceCell:
    """A crop of a signed cell.

    Args:
        cells: of its image's result, which is how many tiles the sheet has.
        tile: x and y of its crop on the sheet.
    """

    image_id: UUID
    job_id: UUID
    cells: int
    tile: tuple[int, int]

    @property
    def sheet_px(self) -> tuple[int, int]:
        """Width and height of the sheet."""
        return sheet_size(self.cells)


@dataclass(frozen=True)
class References:
    """What a class looks like: in words, and in the laboratory's own signed cells, newest first."""

    label: Label | None
    cells: list[ReferenceCell]

    @property
    def has_drawing(self) -> bool:
        """Whether there is a drawing for where no cell is signed yet."""
        return self.label is not None and self.label.code in DRAWN


def references_of(viewer: User, code: str) -> References:
    """Signed cells of a label that a person gave them, doctors' before others'."""
    labels = labels_for(viewer.laboratory)
    signed = SampleLabel.objects.filter(
        sample__in=policy.visible_samples(viewer),
        laboratory_id=viewer.laboratory_id,
        code=code,
        reviewed__gt=0,
        sample__state=Sample.State.SIGNED,
    )
    samples = list(
        signed.order_by("-sample__state_changed_at").values_list("sample", flat=True)[:SAMPLES]
    )
    return References(labels.get(code), [_reference(row) for row in _rows(viewer, samples, code)])


def _rows(viewer: User, samples: list[UUID], code: str) -> Iterable[Any]:
    cells = policy.visible_cells(viewer).filter(
        image__sample_id__in=samples,
        job_id=F("image__newest_result_id"),
        present_label=code,
        last_review_number__gt=0,
        position__lte=F("image__cells_found"),
    )
    # In the alphabet doctors come before technicians.
    return cells.order_by("named_by_role", "-image__uploaded_at", "position").values_list(
        "image_id", "job_id", "position", "image__cells_found", named=True
    )[:MOST]


def _reference(row: Any) -> ReferenceCell:
    return ReferenceCell(
        image_id=row.image_id,
        job_id=row.job_id,
        cells=row.image__cells_found,
        tile=tile_corner(row.position - 1),
    )
