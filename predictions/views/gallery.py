"""The cells of a sample side by side: the page, what people say there, and what others said."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.cache import get_conditional_response
from django.utils.dateparse import parse_datetime

from accounts.policy import Action, needs
from accounts.requests import SignedInRequest
from hematovision.errors import DomainError
from hematovision.file_responses import lasting_jpeg_response, private_no_cache
from predictions.selectors.review import gallery as selector
from predictions.selectors.review import references
from predictions.selectors.review.crops import Crop
from predictions.selectors.review.gallery import Change, Field, Gallery
from predictions.services.imaging import sheets
from predictions.services.review import reviews
from predictions.services.review.gallery import view_gallery
from predictions.services.review.reviews import ReviewOutcome, WantedReview
from predictions.templatetags.gallery_cells import gallery_cell


@needs({"GET": Action.SEE_RESULTS})
def gallery(request: SignedInRequest, sample_id: UUID) -> HttpResponse:
    """All cells by class in columns, those of one class as a grid, or those of the alarm alone."""
    shown = view_gallery(
        actor=request.user,
        sample_id=sample_id,
        label=request.GET.get("class"),
        only_alarm="alarm" in request.GET,
    )
    addresses = _Addresses()
    context = {
        "gallery": shown,
        "sample": shown.sample,
        "fields": [_field(field, addresses) for field in shown.fields],
    }
    return render(request, "predictions/gallery/page.html", context)


@needs({"POST": Action.REVIEW_CELLS})
def gallery_reviews(request: SignedInRequest, sample_id: UUID) -> JsonResponse:
    """Take what a person says of many cells; each is sent back with its outcome, as it is now."""
    outcomes = reviews.review_cells(
        actor=request.user, sample_id=sample_id, reviews=_wanted(request)
    )
    now = selector.gallery_of(request.user, sample_id)
    body = _cells_now(now, [outcome.cell_id for outcome in outcomes])
    return JsonResponse({**body, "outcomes": [_outcome(outcome) for outcome in outcomes]})


@needs({"GET": Action.SEE_RESULTS})
def gallery_changes(request: SignedInRequest, sample_id: UUID) -> HttpResponse:
    """The cells of which somebody said something since a time; 304 while nobody does."""
    etag = f'"{selector.state_of(request.user, sample_id)}"'
    response = get_conditional_response(request, etag=etag)
    if response is None:
        since = _moment(request.GET.get("since", ""))
        changes = selector.changes_since(request.user, sample_id, since)
        now = selector.gallery_of(request.user, sample_id)
        body = _cells_now(now, [change.cell_id for change in changes])
        response = JsonResponse({**body, "changes": [_change(change) for change in changes]})
    return private_no_cache(response, etag=etag)


@needs({"GET": Action.SEE_RESULTS})
def reference_cells(request: SignedInRequest) -> HttpResponse:
    """What one class looks like, beside the cells that may be of it."""
    shown = references.references_of(request.user, request.GET.get("class", ""))
    addresses = _Addresses()
    cells = [{"cell": cell, "sheet": addresses.sheet(cell)} for cell in shown.cells]
    context = {"references": shown, "label": shown.label, "cells": cells}
    return render(request, "predictions/gallery/references.html", context)


@needs({"GET": Action.SEE_RESULTS})
def image_sheet(request: SignedInRequest, image_id: UUID, job_id: UUID, cells: int) -> HttpResponse:
    """The crops of an image's cells on one sheet; another result has another address."""
    data = sheets.sheet_bytes(actor=request.user, image_id=image_id, job_id=job_id, cells=cells)
    return lasting_jpeg_response(request, etag=f"{job_id}-{cells}", read=lambda: data)


class _Addresses:
    """The addresses of images: each looked up once, since looking up four hundred takes 30 ms."""

    _IMAGE, _JOB = UUID(int=0), UUID(int=1)

    def __init__(self) -> None:
        self._page = reverse("predictions:image", args=[self._IMAGE])
        self._picture = reverse("predictions:image_rendition", args=[self._IMAGE])
        self._sheet = reverse("predictions:image_sheet", args=[self._IMAGE, self._JOB, 0])

    def page(self, image_id: UUID) -> str:
        """Of the image's page."""
        return self._page.replace(str(self._IMAGE), str(image_id))

    def picture(self, image_id: UUID) -> str:
        """Of the image's rendition."""
        return self._picture.replace(str(self._IMAGE), str(image_id))

    def sheet(self, shown: Field | Crop) -> str:
        """Of the sheet that shows the cells of an image's result."""
        address = self._sheet.replace(f"{self._JOB}/0", f"{shown.job_id}/{shown.cells}")
        return address.replace(str(self._IMAGE), str(shown.image_id))


def _field(field: Field, addresses: _Addresses) -> dict[str, Any]:
    """What the script must know of an image."""
    return {
        "number": field.number,
        "name": field.name,
        "page": addresses.page(field.image_id),
        "picture": addresses.picture(field.image_id),
        "size": [field.width_px, field.height_px],
        "sheet": addresses.sheet(field),
        "sheet_size": field.sheet_px,
    }


def _cells_now(now: Gallery, ids: Sequence[UUID]) -> dict[str, Any]:
    """Cells as the page shows them, with the heads of all columns."""
    cells = now.cells
    wanted = [cells[cell_id] for cell_id in ids if cell_id in cells]
    return {
        "cells": [
            {
                "id": str(cell.id),
                "column": cell.code,
                "number": cell.last_review_number,
                "html": gallery_cell(cell),
            }
            for cell in wanted
        ],
        "heads": [
            {
                "column": column.code,
                "html": render_to_string(
                    "predictions/gallery/figures.html", {"column": column, "gallery": now}
                ),
            }
            for column in now.columns
        ],
        "summary": render_to_string("predictions/gallery/summary.html", {"gallery": now}),
        "can_review": now.can_review,
        "results": now.results,
        "as_of": now.as_of.isoformat(),
    }


def _outcome(outcome: ReviewOutcome) -> dict[str, Any]:
    if outcome.error is None:
        return {"cell": str(outcome.cell_id), "stored": True, "is_remark": outcome.is_remark}
    error = outcome.error
    return {
        "cell": str(outcome.cell_id),
        "stored": False,
        "code": error.code,
        "message": error.message,
    }


def _change(change: Change) -> dict[str, str]:
    return {"cell": str(change.cell_id), "by": change.by}


def _wanted(request: SignedInRequest) -> list[WantedReview]:
    """The reviews of a body `{"reviews": [{"cell", "label", "seen_number", "seconds"?}, …]}`.

    Raises:
        DomainError: it is no such body.
    """
    # A form was read by the check of its token, and nothing of it is left.
    body = request.body if request.content_type == "application/json" else b""
    try:
        return [
            WantedReview(
                cell_id=UUID(each["cell"]),
                label=str(each["label"]),
                seen_number=int(each["seen_number"]),
                seconds=float(each["seconds"]) if each.get("seconds") is not None else None,
            )
            for each in json.loads(body)["reviews"]
        ]
    # Overflow: JSON as Python reads it knows Infinity, and whole numbers of any length.
    except (
        ValueError, TypeError, KeyError, AttributeError, RecursionError, OverflowError
    ) as error:  # fmt: skip
        raise DomainError(
            "The reviews cannot be read. Load the page again and repeat.", code="malformed"
        ) from error


def _moment(text: str) -> datetime:
    """A time with its zone.

    Raises:
        DomainError: it is none.
    """
    try:
        moment = parse_datetime(text)
        if moment is not None and moment.tzinfo is not None:
            return moment.astimezone(UTC)
    # No such day, or one that is before the first or after the last in UTC.
    except (ValueError, OverflowError):
        pass
    raise DomainError("Name the time since which changes are asked for.", code="invalid")
