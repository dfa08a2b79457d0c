"""Cells that show what a class looks like in this laboratory: those that a doctor signed."""

from __future__ import annotations

from dataclasses import dataclass

from accounts.models import User
from mlmodels.models import Label
from mlmodels.selectors.labels import labels_for
from predictions import policy
from predictions.models import Sample, SampleLabel
from predictions.selectors.quality.reading import without_asked_ones
from predictions.selectors.review.crops import Crop, crops_of

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
class References:
    """What a class looks like: in words, and in the laboratory's own signed cells, newest first."""

    label: Label | None
    cells: list[Crop]

    @property
    def has_drawing(self) -> bool:
        """Whether there is a drawing for where no cell is signed yet."""
        return self.label is not None and self.label.code in DRAWN


def references_of(viewer: User, code: str) -> References:
    """Signed cells of a label that a person gave them, doctors' before others'.

    None of which a reader is asked unaided what it is: its name would be read off here.
    """
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
    # In the alphabet doctors come before technicians.
    cells = (
        policy.visible_cells(viewer)
        .filter(image__sample_id__in=samples, present_label=code, last_review_number__gt=0)
        .order_by("named_by_role", "-image__uploaded_at", "position")
    )
    return References(labels.get(code), crops_of(without_asked_ones(cells), MOST))
