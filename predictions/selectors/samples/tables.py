"""Samples and cells as rows of tables, read while they are sent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from accounts.models import User
from predictions.models import Cell, SmearImage
from predictions.selectors.review.cells import cells_of_sample
from predictions.selectors.samples.worklist import Filters, WorklistRow, worklist_page

_AT_ONCE = 500

SAMPLE_COLUMNS = (
    "sample", "patient", "state", "since", "priority", "sex", "birth date", "collected at",
    "created at", "created by", "origin", "images", "images without result", "cells",
    "cells to review", "counted", "to count",
)  # fmt: skip

CELL_COLUMNS = (
    "image", "cell", "id", "x", "y", "width", "height", "label", "named by", "at", "model label",
    "confidence", "model says", "reason", "familiarity", "found by", "model version",
)  # fmt: skip


def sample_table(viewer: User, filters: Filters) -> Iterator[tuple[Any, ...]]:
    """The samples of a worklist, all of its pages, in its order; columns `SAMPLE_COLUMNS`."""
    page = worklist_page(viewer, filters, size=_AT_ONCE)
    yield from map(_of_sample, page.rows)
    while page.after:
        page = worklist_page(viewer, filters, after=page.after, size=_AT_ONCE)
        yield from map(_of_sample, page.rows)


def cell_table(viewer: User, sample_id: UUID) -> Iterator[tuple[Any, ...]]:
    """The cells of a sample's newest results, image by image; columns `CELL_COLUMNS`.

    Returns:
        Rows; pixels of the image as it is shown, confidence 0 to 1, familiarity 0 to 100.

    Raises:
        SampleNotFound: there is no such sample in the viewer's laboratory.
    """
    found = cells_of_sample(viewer, sample_id).select_related("job__model_version")
    places = {
        image: place
        for place, image in enumerate(
            SmearImage.objects.filter(sample_id=sample_id)
            .order_by("uploaded_at", "pk")
            .values_list("pk", flat=True),
            start=1,
        )
    }
    ordered = found.order_by("image__uploaded_at", "image_id", "position")
    return _of_cells(ordered.iterator(chunk_size=_AT_ONCE), places)


def _of_sample(row: WorklistRow) -> tuple[Any, ...]:
    sample = row.sample
    return (
        sample.accession_number,
        sample.patient_reference,
        sample.get_state_display(),
        _moment(sample.state_changed_at),
        sample.get_priority_display(),
        sample.sex,
        sample.birth_date,
        _moment(sample.collected_at),
        _moment(sample.created_at),
        sample.created_by.display_name if sample.created_by else "",
        sample.get_origin_display(),
        sample.images_count,
        sample.images_unfinished + sample.images_failed,
        sample.cells_found,
        sample.cells_to_review,
        row.counted,
        row.target,
    )


def _of_cells(cells: Iterable[Cell], places: dict[UUID, int]) -> Iterator[tuple[Any, ...]]:
    for cell in cells:
        review = cell.deciding_review
        version = cell.job.model_version
        yield (
            places.setdefault(cell.image_id, len(places) + 1),
            cell.position,
            cell.pk,
            cell.x_px,
            cell.y_px,
            cell.width_px,
            cell.height_px,
            cell.shown_label,
            review.by.display_name if review else "",
            _moment(review.at) if review else "",
            cell.label,
            round(cell.confidence, 4),
            cell.get_disposition_display(),
            cell.get_reason_display() or "",
            _rounded(cell.familiarity_percentile),
            cell.get_origin_display(),
            f"{version.name} {version.version}" if version else "",
        )


def _moment(at: datetime | None) -> str:
    return "" if at is None else at.isoformat(timespec="seconds")


def _rounded(percentile: float | None) -> float | None:
    return None if percentile is None else round(percentile, 1)
