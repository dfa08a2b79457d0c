"""Reading signed cells a second time, and what a doctor does where two people differ."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from accounts.policy import Action, needs
from accounts.requests import SignedInRequest
from hematovision.errors import DomainError
from hematovision.file_responses import jpeg_response
from predictions.case_forms import CANNOT_TELL, SecondReadForm
from predictions.requests import shown_here
from predictions.selectors.imaging.images import rendition_bytes
from predictions.selectors.quality.control_slides import control_state
from predictions.selectors.quality.reading import CellToRead, choices_of
from predictions.selectors.quality.second_reads import (
    again_figures,
    disagreements_of,
    open_disagreements,
    second_reads_today,
)
from predictions.selectors.samples.samples import sample_for_viewer
from predictions.services.quality import second_reads


@needs({"GET": Action.READ_AGAIN, "POST": Action.READ_AGAIN})
def again(request: SignedInRequest) -> HttpResponse:
    """One cell after the other, without what it was called, and by whom."""
    problem, status = "", 200
    if request.method == "POST":
        problem, status = _answered(request)
        if not problem and not request.htmx:  # type: ignore[attr-defined]
            return redirect("predictions:again")
    context = {**_next(request), "problem": problem}
    if request.htmx:  # type: ignore[attr-defined]
        # HTMX shows no answer that is an error; the sentence stands in it either way.
        return render(request, "predictions/quality/partials/read_cell.html", context)
    return render(request, "predictions/quality/again.html", context, status=status)


@needs({"GET": Action.READ_AGAIN})
def again_crop(request: SignedInRequest, read_id: UUID) -> HttpResponse:
    """The cell that one has on screen."""
    data = second_reads.second_read_crop(actor=request.user, read_id=read_id)
    return jpeg_response(request, etag=f"again-{read_id}", read=lambda: data)


@needs({"GET": Action.READ_AGAIN})
def again_field(request: SignedInRequest, read_id: UUID) -> HttpResponse:
    """The field that it lies in."""
    image = second_reads.held_second_read(request.user, read_id).cell.image
    return jpeg_response(
        request, etag=f"again-field-{read_id}", read=lambda: rendition_bytes(image)
    )


@needs({"GET": Action.SEE_RESULTS})
def second_read_figures(request: SignedInRequest) -> HttpResponse:
    """How second reads agree with first labels, and the control slide: all, or one's own."""
    context = {"figures": again_figures(request.user)}
    return render(request, "predictions/quality/second_reads.html", context)


@needs({"GET": Action.SEE_RESULTS})
def quality_desk(request: SignedInRequest) -> HttpResponse:
    """The part of the first page that tells what waits to be read again, and what differs."""
    disagreements, count = open_disagreements(request.user)
    context = {
        "today": second_reads_today(request.user),
        "disagreements": disagreements,
        "disagreements_count": count,
        "control": control_state(request.user),
    }
    return render(request, "predictions/quality/partials/desk.html", context)


@needs({"GET": Action.SIGN_OUT})
def sample_again(request: SignedInRequest, sample_id: UUID) -> HttpResponse:
    """The part of a sample's page that tells which signed cells a second reader named otherwise."""
    sample = sample_for_viewer(request.user, sample_id)
    context = {"sample": sample, "disagreements": disagreements_of(request.user, sample)}
    return render(request, "predictions/quality/partials/disagreements.html", context)


@needs({"POST": Action.SIGN_OUT})
def again_keep(request: SignedInRequest, sample_id: UUID, read_id: UUID) -> HttpResponse:
    """Note that one has looked, and that the cell stays what it was signed as."""
    reason = request.POST.get("reason", "")
    try:
        second_reads.look_and_keep(actor=request.user, read_id=read_id, reason=reason)
    except DomainError as error:
        return _told(request, sample_id, error)
    messages.success(request, "It is on record that you have looked, and that the cell stays.")
    return redirect("predictions:sample", sample_id=sample_id)


@needs({"POST": Action.SIGN_OUT})
def again_amend(request: SignedInRequest, sample_id: UUID, read_id: UUID) -> HttpResponse:
    """Begin an amendment, and go to the cell."""
    reason = request.POST.get("reason", "")
    try:
        look = second_reads.look_and_amend(actor=request.user, read_id=read_id, reason=reason)
    except DomainError as error:
        return _told(request, sample_id, error)
    messages.success(
        request, "The report is being amended. Name the cell anew, then sign the next version."
    )
    gallery = reverse("predictions:gallery", args=[look.read.sample_id])
    return redirect(f"{gallery}#cell-{look.read.cell_id}")


def _told(request: SignedInRequest, sample_id: UUID, error: DomainError) -> HttpResponse:
    shown_here(error)
    messages.error(request, error.message)
    return redirect("predictions:sample", sample_id=sample_id)


def _answered(request: SignedInRequest) -> tuple[str, int]:
    """Take an answer; what is wrong with it, and its status."""
    form = SecondReadForm(request.POST)
    if not form.is_valid():
        return str(next(iter(form.errors.values()))[0]), 400
    try:
        second_reads.answer_second_read(
            actor=request.user, read_id=form.cleaned_data["cell"], **form.said()
        )
    except DomainError as error:
        return error.message, error.http_status
    return "", 200


def _next(request: SignedInRequest) -> dict[str, Any]:
    """The next cell, and where one is; nothing that was ever said of it."""
    read = second_reads.next_second_read(actor=request.user)
    here = {"action": reverse("predictions:again"), "cannot_tell": CANNOT_TELL}
    if read is None:
        return {**here, "cell": None}
    return {
        **here,
        "key": read.pk,
        "cell": CellToRead.of(read.cell),
        "crop": reverse("predictions:again_crop", args=[read.pk]),
        "field": reverse("predictions:again_field", args=[read.pk]),
        "place": second_reads_today(request.user).in_words,
        "choices": choices_of(request.user.laboratory),
    }
