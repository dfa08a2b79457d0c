"""What people said of an image's cells, carried to the same cells of its next result.

Two cells are the same where their boxes overlap by half, each at most once, the best pair first.
What the next result does not find again stays in it as added by hand.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

from django.db.models import prefetch_related_objects

from accounts.models import AuditAction
from accounts.services.audit import Event
from hematovision.queue import enqueue_on_commit
from mlmodels.ml.inference.boxes import SAME_CELL, match_boxes
from mlmodels.ml.inference.crops import Box
from predictions.models import Cell, CellFeatures, CellReview, SmearImage
from predictions.services.summaries import Recorded


@dataclass
class Carried:
    """Results with what goes over to them; none of the rows is stored yet.

    Args:
        recorded: the results, with the cells that stay in them as added by hand.
        features: of those cells.
        reviews: of all cells that people had spoken of.
        events: for the trail, one an image.
    """

    recorded: list[Recorded]
    features: list[CellFeatures] = field(default_factory=list)
    reviews: list[CellReview] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)


def box_of(cell: Cell) -> Box:
    """Where the cell is in its picture."""
    return Box(cell.x_px, cell.y_px, cell.width_px, cell.height_px)


def carry(recorded: Sequence[Recorded]) -> Carried:
    """Bring older reviews to new results, inside the transaction that records them.

    First results, nearly all there are, cost nothing; others a lock and a look.

    Args:
        recorded: with cells that are not stored yet; what is carried is written into them.
    """
    spoken = _spoken_of([each.image for each in recorded if each.image.newest_result_id])
    if not spoken:
        return Carried(list(recorded))
    carried = Carried([])
    kept: dict[UUID, Cell] = {}
    for new in recorded:
        old = spoken.get(new.image.pk, [])
        same = _same_cells(old, new.cells)
        stay = {
            cell.pk: _kept(cell, new, position)
            for position, cell in enumerate(
                (cell for cell in old if _is_spoken_of(cell) and cell.pk not in same),
                start=len(new.cells) + 1,
            )
        }
        said = [
            _copy_of(review, (same | stay)[cell.pk])
            for cell in old
            if cell.is_reviewed
            for review in cell.reviews.all()
        ]
        kept |= stay
        carried.recorded.append(replace(new, cells=[*new.cells, *stay.values()]))
        carried.reviews += said
        if said or stay:
            carried.events.append(_event(new.image, said, len(stay)))
    carried.features = _features_of(kept)
    return carried


def _spoken_of(images: Sequence[SmearImage]) -> dict[UUID, list[Cell]]:
    """The present cells of images in which people spoke of some, with what they said.

    The images' rows are held from here on: nobody reviews these cells any more.
    """
    if not images:
        return {}
    rows = SmearImage.objects.select_for_update(no_key=True)
    list(rows.filter(pk__in=[image.pk for image in images]).order_by("pk").values_list("pk"))
    cells = Cell.objects.filter(job__in=[image.newest_result_id for image in images])
    found: dict[UUID, list[Cell]] = {}
    for cell in cells.order_by("job", "position"):
        found.setdefault(cell.image_id, []).append(cell)
    spoken = {key: old for key, old in found.items() if any(map(_is_spoken_of, old))}
    prefetch_related_objects([cell for old in spoken.values() for cell in old], "reviews")
    return spoken


def _is_spoken_of(cell: Cell) -> bool:
    return cell.is_reviewed or cell.origin == Cell.Origin.PERSON


def _same_cells(old: Sequence[Cell], new: Sequence[Cell]) -> dict[UUID, Cell]:
    """New cells by the key of the old one; those that people reviewed are named as they were."""
    pairs = match_boxes([*map(box_of, old)], [*map(box_of, new)], SAME_CELL)
    same = {old[place].pk: new[found] for place, found in pairs.items()}
    for cell in old:
        if cell.is_reviewed and cell.pk in same:
            named = same[cell.pk]
            named.present_label = cell.present_label
            named.named_by_role = cell.named_by_role
            named.last_review_number = cell.last_review_number
    return same


def _kept(cell: Cell, new: Recorded, position: int) -> Cell:
    """A cell that the new result lacks, as one of it that a person added."""
    if cell.added_by_id is None and cell.deciding_review is not None:
        cell.added_by_id = cell.deciding_review.by_id
    values = _values_of(cell)
    kept = Cell(
        **values | {"job_id": new.job_id, "position": position, "origin": Cell.Origin.PERSON}
    )
    if kept.awaits_engine:
        enqueue_on_commit("predictions.name_added_cell", cell_id=str(kept.pk))
    return kept


def _copy_of(review: CellReview, cell: Cell) -> CellReview:
    """The review as it was, of another row of the same cell."""
    return CellReview(**_values_of(review) | {"cell_id": cell.pk, "carried_from_id": review.pk})


def _features_of(kept: dict[UUID, Cell]) -> list[CellFeatures]:
    if not kept:
        return []
    return [
        CellFeatures(
            cell=kept[old.pk], model_version_id=old.model_version_id, values=bytes(old.values)
        )
        for old in CellFeatures.objects.filter(pk__in=kept)
    ]


def _values_of(row: Cell | CellReview) -> dict[str, object]:
    """Everything that a row says, but its key."""
    fields = (each for each in row._meta.concrete_fields if not each.primary_key)
    return {each.attname: getattr(row, each.attname) for each in fields}


def _event(image: SmearImage, said: Sequence[CellReview], kept: int) -> Event:
    return Event(
        AuditAction.REVIEWS_CARRIED,
        obj=image,
        changes={
            "reviews": [None, len(said)],
            "cells": [None, len({review.cell_id for review in said})],
            "kept_as_added": [None, kept],
        },
    )
