"""What people say a cell is. Reviews are only ever added; the last one counts."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction

from accounts.models import AuditAction, User
from accounts.policy import Action, require
from accounts.services.audit import record_event
from mlmodels.models import Label
from mlmodels.selectors.labels import labels_for
from predictions import policy
from predictions.errors import CellNotFound, ReviewConflict, ReviewRefused
from predictions.models import Cell, CellReview, Sample, SmearImage
from predictions.services import summaries


def review_cell(*, actor: User, cell_id: UUID, label: str, seen_number: int) -> CellReview:
    """Say what a cell is: the same as before confirms it, another label reclassifies it.

    Args:
        label: code of any label of the laboratory, those the model has not included.
        seen_number: number of the last review that the actor saw; 0 for none.

    Raises:
        CellNotFound: there is no such cell in the actor's laboratory.
        ReviewRefused: the sample takes no reviews, the cell is of an older result, or there is
            no such label.
        ReviewConflict: somebody else reviewed it in between; the sentence has both versions.
    """
    require(actor, Action.REVIEW_CELLS)
    labels = labels_for(actor.laboratory)
    if label not in labels:
        raise ReviewRefused("Choose what the cell is from the list.", field="label")
    with transaction.atomic():
        cell = _cell_under_lock(actor, cell_id)
        last = cell.reviews.select_related("by").order_by("-number").first()
        # Whoever has not seen the last review decides nothing over it.
        if (last.number if last else 0) != seen_number:
            raise _conflict(last, labels, label)
        review = CellReview.objects.create(
            cell=cell,
            number=seen_number + 1,
            from_label=cell.present_label,
            to_label=label,
            by=actor,
            by_role=actor.role,
            model_label=cell.label,
            model_version_id=cell.job.model_version_id,
        )
        summaries.cell_reviewed(cell, review)
        # The sample's row is taken late, so that uploads, which count in it, need not wait;
        # who closed the sample in the meantime undoes all of this.
        policy.refuse_review(actor, _sample_under_lock(cell))
        record_event(
            action=AuditAction.CELL_REVIEWED,
            actor=actor,
            laboratory=actor.laboratory,
            obj=cell,
            changes={
                "label": [review.from_label, review.to_label],
                "review": [seen_number, review.number],
            },
        )
    return review


def _cell_under_lock(actor: User, cell_id: UUID) -> Cell:
    """The cell as it is now, with its image's row held: new results and other reviews wait."""
    cell = policy.visible_cells(actor).filter(pk=cell_id).first()
    if cell is None:
        raise CellNotFound()
    # `no_key`: rows that only refer to the image need not wait.
    list(SmearImage.objects.select_for_update(no_key=True).filter(pk=cell.image_id))
    cell = Cell.objects.select_related("image__sample", "job").get(pk=cell.pk)
    policy.refuse_review(actor, cell.image.sample)
    if cell.job_id != cell.image.newest_result_id:
        raise ReviewRefused(
            "This image was classified again, so this cell is of an older result. Load the page "
            "again and review the present cells."
        )
    return cell


def _sample_under_lock(cell: Cell) -> Sample:
    return Sample.objects.select_for_update(no_key=True).get(pk=cell.image.sample_id)


def _conflict(last: CellReview | None, labels: dict[str, Label], wanted: str) -> ReviewConflict:
    if last is None:
        return ReviewConflict("This review is of a state that never was. Load the page again.")
    now, yours = (labels[code].name if code in labels else code for code in (last.to_label, wanted))
    return ReviewConflict(
        f"{last.by.display_name} reviewed this cell in the meantime: {now}. You chose {yours}. "
        "Look again, then confirm or change it."
    )
