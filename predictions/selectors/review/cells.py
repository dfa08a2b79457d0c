"""The cells of a sample, one list over all of its images."""

from __future__ import annotations

from uuid import UUID

from django.db.models import F, Prefetch, Q, QuerySet

from accounts.models import User
from predictions import policy
from predictions.errors import CellNotFound, SampleNotFound
from predictions.models import Cell, CellReview, ImageLabel


def cells_of_sample(
    viewer: User,
    sample_id: UUID,
    *,
    label: str = "",
    disposition: str = "",
    reviewed: bool | None = None,
) -> QuerySet[Cell]:
    """The cells of a sample's newest results with all that was said of them.

    Args:
        label: code of what they are called now, or unidentified; empty for all.
        disposition: how far the model stands behind them; empty for all.
        reviewed: whether a person named them; none for all.

    Returns:
        Rows with `uploaded_at` of their images, to be put in that order.

    Raises:
        SampleNotFound: there is no such sample in the viewer's laboratory.
    """
    if not policy.visible_samples(viewer).filter(pk=sample_id).exists():
        raise SampleNotFound()
    cells = policy.visible_cells(viewer).filter(
        image__sample_id=sample_id, job=F("image__newest_result")
    )
    nobody = Q(last_review_number=0)
    if label == ImageLabel.UNIDENTIFIED:
        cells = cells.filter(nobody, disposition=Cell.Disposition.UNIDENTIFIED)
    elif label:
        cells = cells.filter(present_label=label).exclude(
            nobody, disposition=Cell.Disposition.UNIDENTIFIED
        )
    if disposition:
        cells = cells.filter(disposition=disposition)
    if reviewed is not None:
        cells = cells.exclude(nobody) if reviewed else cells.filter(nobody)
    return cells.annotate(uploaded_at=F("image__uploaded_at")).prefetch_related(_said())


def cell_with_reviews(viewer: User, cell_id: UUID) -> Cell:
    """One cell with all that was said of it.

    Raises:
        CellNotFound: there is no such cell in the viewer's laboratory.
    """
    cell = policy.visible_cells(viewer).prefetch_related(_said()).filter(pk=cell_id).first()
    if cell is None:
        raise CellNotFound()
    return cell


def _said() -> Prefetch:
    return Prefetch("reviews", queryset=CellReview.objects.select_related("by"))
