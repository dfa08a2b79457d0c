"""Cells that a person saw and the engine missed: stored at once, named by the engine later."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Max

from accounts.models import AuditAction, User
from accounts.policy import Action, require
from accounts.services.audit import Event
from hematovision.queue import enqueue_on_commit
from mlmodels.ml.inference.boxes import SAME_CELL, overlap
from mlmodels.ml.inference.crops import Box
from mlmodels.selectors.labels import labels_for
from predictions import policy
from predictions.errors import CellRefused, ImageNotFound
from predictions.models import Cell, ImageLabel, SmearImage
from predictions.services import summaries
from predictions.services.review.carrying import box_of
from predictions.services.review.reviews import (
    new_review,
    refuse_label,
    reviewing,
    store_reviews,
)

# Less holds no cell at any magnification at which cells are told apart.
SMALLEST_SIDE_PX = 8


def add_cell(
    *,
    actor: User,
    image_id: UUID,
    x_px: int,
    y_px: int,
    width_px: int,
    height_px: int,
    label: str = "",
) -> Cell:
    """Add a cell that was missed to an image's newest result, and let the engine name it.

    Args:
        x_px, y_px, width_px, height_px: the box around it, in pixels of the oriented picture.
        label: what the actor says it is; nothing where the engine speaks first.

    Raises:
        ImageNotFound: there is no such image in the actor's laboratory.
        ReviewRefused: the sample takes no reviews, or there is no such label.
        CellRefused: the box holds no cell, a cell is there already, or there is no result yet.
    """
    require(actor, Action.REVIEW_CELLS)
    image = policy.visible_images(actor).select_related("sample").filter(pk=image_id).first()
    if image is None:
        raise ImageNotFound()
    policy.refuse_review(actor, image.sample)
    box = Box(x_px, y_px, width_px, height_px)
    _refuse_box(image, box)
    if label:
        refuse_label(labels_for(actor.laboratory), label)
    with reviewing(actor, image.sample_id):
        cell = _stored(actor, image_id, box)
        summaries.cell_added(cell)
        reviews = [new_review(actor, cell, label)] if label else []
        added = Event(AuditAction.CELL_ADDED, obj=cell, changes={"image": [None, str(image_id)]})
        store_reviews(
            actor, cell.image.sample_id, [(cell, review) for review in reviews], after=[added]
        )
        enqueue_on_commit("predictions.name_added_cell", cell_id=str(cell.pk))
    return reviews[0].cell if reviews else cell


def _refuse_box(image: SmearImage, box: Box) -> None:
    """Let only a box pass that lies in the picture and can hold a cell."""
    if min(box.width, box.height) < SMALLEST_SIDE_PX:
        raise CellRefused(
            f"The box is {box.width} × {box.height} px. "
            f"Draw one of at least {SMALLEST_SIDE_PX} px each way around the whole cell.",
            field="box",
        )
    right, bottom = box.x + box.width, box.y + box.height
    if min(box.x, box.y) < 0 or right > image.width_px or bottom > image.height_px:
        raise CellRefused(
            "The box reaches beyond the picture. Draw it inside, around what is seen of the cell.",
            field="box",
        )


def _stored(actor: User, image_id: UUID, box: Box) -> Cell:
    """The new row, after the last cell of the newest result; the image's row is held."""
    image = SmearImage.objects.select_for_update(no_key=True).get(pk=image_id)
    if image.newest_result is None:
        raise CellRefused("This image has no result yet. Wait for it, then add the cell.")
    cells = image.newest_result.cells
    for cell in cells.defer("probabilities", "attributes"):
        if overlap(box_of(cell), box) >= SAME_CELL:
            raise CellRefused(f"Cell {cell.position} is there already. Say of that one what it is.")
    last = cells.aggregate(last=Max("position"))["last"] or 0
    return Cell.objects.create(
        image=image,
        job=image.newest_result,
        position=last + 1,
        origin=Cell.Origin.PERSON,
        added_by=actor,
        awaits_engine=True,
        x_px=box.x,
        y_px=box.y,
        width_px=box.width,
        height_px=box.height,
        # Until the engine has read it, nothing stands behind any name.
        label=ImageLabel.UNIDENTIFIED,
        present_label=ImageLabel.UNIDENTIFIED,
        confidence=0.0,
        probabilities={},
        disposition=Cell.Disposition.UNIDENTIFIED,
        nucleus_area_px=0.0,
        objectness=1.0,
    )
