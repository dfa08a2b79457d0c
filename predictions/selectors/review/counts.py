"""What images hold, in counts by class: never one cell for all of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from django.db.models import Count

from mlmodels.models import Label
from predictions.counts import LabelUse
from predictions.differential import headline
from predictions.models import Cell


@dataclass(frozen=True)
class CellCounts:
    """Cells of one image, counted.

    Args:
        by_label: as they are called now, unidentified ones as such.
        to_review: those that ask for a person.
        reviewed: those that a person named.
    """

    by_label: Counter[str] = field(default_factory=Counter)
    to_review: int = 0
    reviewed: int = 0

    @property
    def is_reviewed(self) -> bool:
        """Whether people looked, and nothing asks for them any more."""
        return self.reviewed > 0 and self.to_review == 0

    def headline(self, labels: Mapping[str, Label]) -> str:
        """In words, the largest first: "21 neutrophils, 5 monocytes"."""
        return headline(self.by_label, label_uses(labels))


def counts_of(cells: Iterable[Cell]) -> CellCounts:
    """The counts of cells at hand."""
    cells = list(cells)
    return CellCounts(
        by_label=Counter(cell.shown_label for cell in cells),
        to_review=sum(cell.asks_for_review for cell in cells),
        reviewed=sum(cell.is_reviewed for cell in cells),
    )


def counts_of_results(jobs: Iterable[UUID]) -> dict[UUID, CellCounts]:
    """The counts of results, in one query; of one without cells there is none."""
    rows = (
        Cell.objects.filter(job__in=list(jobs))
        .order_by()
        .values_list("job", "present_label", "disposition", "named_by_role")
        .annotate(cells=Count("pk"))
    )
    found: dict[UUID, CellCounts] = {}
    for job, label, disposition, named_by, cells in rows:
        like = Cell(
            present_label=label, disposition=disposition, last_review_number=int(bool(named_by))
        )
        so_far = found.get(job, CellCounts())
        found[job] = CellCounts(
            by_label=so_far.by_label + Counter({like.shown_label: cells}),
            to_review=so_far.to_review + cells * like.asks_for_review,
            reviewed=so_far.reviewed + cells * like.is_reviewed,
        )
    return found


def label_uses(labels: Mapping[str, Label]) -> list[LabelUse]:
    """Labels as the differential uses them, in the order of reading."""
    return [
        LabelUse(
            code=label.code,
            name=label.name,
            short_name=label.short_name,
            group=label.group,
            counts=label.in_denominator,
            wider=label.wider,
            apart=label.is_apart,
        )
        for label in labels.values()
    ]
