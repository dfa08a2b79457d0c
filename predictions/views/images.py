"""One image: its page, its state while it is classified, and its files."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import get_conditional_response

from accounts.policy import Action, needs
from accounts.requests import SignedInRequest
from hematovision.file_responses import attachment_response, jpeg_response, private_no_cache
from predictions.errors import CellRefused, RerunAsksFirst, ReviewConflict, ReviewRefused
from predictions.forms import AddedCellForm, history_filter
from predictions.models import Cell, SmearImage
from predictions.requests import search_of
from predictions.selectors.imaging import cells as cell_selectors
from predictions.selectors.imaging import images as image_selectors
from predictions.selectors.imaging import neighbours
from predictions.selectors.imaging.images import ImageReading
from predictions.services.imaging import jobs, reading
from predictions.services.review import added_cells, reviews


@needs({"GET": Action.SEE_RESULTS})
def image(request: SignedInRequest, image_id: UUID) -> HttpResponse:
    """The picture with what was found in it."""
    result = reading.view_result(actor=request.user, image_id=image_id)
    context = {**_context(result), **_place(request, result.image)}
    return render(request, "predictions/image.html", context)


@needs({"GET": Action.SEE_RESULTS})
def image_status(request: SignedInRequest, image_id: UUID) -> HttpResponse:
    """The part of the page that changes while the image is classified; 304 while it does not."""
    state = image_selectors.image_state(request.user, image_id)
    response = get_conditional_response(request, etag=state.etag)
    if response is None:
        result = reading.view_result(actor=request.user, image_id=image_id)
        response = render(request, "predictions/partials/image_status.html", _context(result))
    return private_no_cache(response, etag=state.etag)


@needs({"POST": Action.RERUN_IMAGES})
def image_rerun(request: SignedInRequest, image_id: UUID) -> HttpResponse:
    """Ask for a new classification, and go back to the image; first ask back where people spoke."""
    confirmed = request.POST.get("confirmed") == "yes"
    try:
        jobs.request_rerun(actor=request.user, image_id=image_id, confirmed=confirmed)
    except RerunAsksFirst as question:
        result = image_selectors.image_for_reading(request.user, image_id)
        context = {
            **_context(result),
            **_place(request, result.image),
            "question": question.message,
        }
        return render(request, "predictions/image.html", context, status=question.http_status)
    return redirect("predictions:image", image_id=image_id)


@needs({"GET": Action.SEE_RESULTS})
def image_rendition(request: SignedInRequest, image_id: UUID) -> HttpResponse:
    """Our own JPEG of the picture."""
    row = image_selectors.image_for_viewer(request.user, image_id)
    return jpeg_response(
        request, etag=row.rendition, read=lambda: image_selectors.rendition_bytes(row)
    )


@needs({"GET": Action.SEE_RESULTS})
def image_thumbnail(request: SignedInRequest, image_id: UUID) -> HttpResponse:
    """Our own small JPEG of the picture."""
    row = image_selectors.image_for_viewer(request.user, image_id)
    return jpeg_response(
        request, etag=row.thumbnail, read=lambda: image_selectors.thumbnail_bytes(row)
    )


@needs({"GET": Action.DOWNLOAD_ORIGINALS})
def image_original(request: SignedInRequest, image_id: UUID) -> HttpResponseBase:
    """The uploaded bytes, as a download and never to be shown."""
    original = reading.download_original(actor=request.user, image_id=image_id)
    return attachment_response(original.data, name=original.name)


@needs({"POST": Action.REVIEW_CELLS})
def cell_review(request: SignedInRequest, cell_id: UUID) -> HttpResponse:
    """Take what a person says a cell is; the page is shown again, with what was refused."""
    cell = cell_selectors.cell_for_viewer(request.user, cell_id)
    problem = ""
    try:
        reviews.review_cell(
            actor=request.user,
            cell_id=cell_id,
            label=request.POST.get("label", ""),
            seen_number=_whole(request.POST.get("seen_number", "")),
            remark=request.POST.get("remark", ""),
        )
    except (ReviewConflict, ReviewRefused) as error:
        problem = error.message
    if not problem and not request.htmx:  # type: ignore[attr-defined]
        return _to_cell(cell)
    told = {"problem": problem, "problem_cell": cell_id}
    return _shown_again(request, cell.image_id, told, status=409 if problem else 200)


@needs({"POST": Action.REVIEW_CELLS})
def image_cells(request: SignedInRequest, image_id: UUID) -> HttpResponse:
    """Add a cell that the model missed; a refusal keeps the box that was drawn."""
    labels = image_selectors.image_for_reading(request.user, image_id).labels
    form = AddedCellForm(request.POST, labels=labels)
    status = 400
    if form.is_valid():
        try:
            cell = added_cells.add_cell(actor=request.user, image_id=image_id, **form.said())
        except (CellRefused, ReviewRefused) as error:
            form.take(error)
            status = error.http_status
        else:
            if not request.htmx:  # type: ignore[attr-defined]
                return _to_cell(cell)
            return _shown_again(request, image_id, {}, status=200)
    return _shown_again(request, image_id, {"add_form": form}, status=status)


@needs({"GET": Action.SEE_RESULTS})
def cell_crop(request: SignedInRequest, cell_id: UUID) -> HttpResponse:
    """One cell, cut out of the picture."""
    cell = cell_selectors.cell_for_viewer(request.user, cell_id)
    return jpeg_response(request, etag=str(cell.pk), read=lambda: cell_selectors.crop_bytes(cell))


def _to_cell(cell: Cell) -> HttpResponse:
    return redirect(f"{reverse('predictions:image', args=[cell.image_id])}#cell-{cell.position}")


def _shown_again(
    request: SignedInRequest, image_id: UUID, told: dict[str, Any], *, status: int
) -> HttpResponse:
    """The page as it is now, with what was refused."""
    result = image_selectors.image_for_reading(request.user, image_id)
    context = {**_context(result), **_place(request, result.image), **told}
    # HTMX shows no answer that is an error; the sentence stands on the page either way.
    shown = 200 if request.htmx else status  # type: ignore[attr-defined]
    return render(request, "predictions/image.html", context, status=shown)


def _whole(text: str) -> int:
    """A number that no review has, where it is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1


def _context(result: ImageReading) -> dict[str, Any]:
    add_form = AddedCellForm(None, labels=result.labels) if result.can_add else None
    return {"reading": result, "labels": result.labels, "add_form": add_form}


def _place(request: SignedInRequest, image: SmearImage) -> dict[str, Any]:
    """The image's neighbours in the list that one came from: the history, else its sample."""
    if request.GET.get("from") == "history":
        search = search_of(request, request.GET.get("search", ""))
        images = history_filter(request.user, request.GET, search).qs
        place = neighbours.place_in_list(images, image)
        if place is not None:
            return {"place": place, "list_query": f"?{request.GET.urlencode()}"}
    return {"place": neighbours.place_in_sample(request.user, image), "list_query": ""}
