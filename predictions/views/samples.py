"""A sample: its page, what is said of it, and what is done with its images."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.cache import get_conditional_response

from accounts.policy import Action, needs
from accounts.requests import SignedInRequest
from hematovision.errors import DomainError
from hematovision.file_responses import private_no_cache
from predictions.case_forms import SampleForm
from predictions.requests import shown_here
from predictions.selectors.imaging.images import image_for_viewer
from predictions.selectors.laboratory.diseases import diseases_of_sample
from predictions.selectors.samples import page as selector
from predictions.selectors.samples.samples import sample_for_viewer
from predictions.selectors.samples.searching import find_samples
from predictions.services.imaging import dismissing, moving
from predictions.services.samples import details, states


@needs({"GET": Action.SEE_RESULTS})
def sample(request: SignedInRequest, sample_id: UUID) -> HttpResponse:
    """The images of a sample, under what it lacks and what is next."""
    page = selector.sample_page(request.user, sample_id)
    return render(request, "predictions/case/sample.html", _context(page))


@needs({"GET": Action.SEE_RESULTS})
def sample_status(request: SignedInRequest, sample_id: UUID) -> HttpResponse:
    """The part that changes while images are read; 304 while it does not."""
    sample = sample_for_viewer(request.user, sample_id)
    etag = selector.mark_of(sample)
    response = get_conditional_response(request, etag=etag)
    if response is None:
        context = _context(selector.page_of(request.user, sample))
        response = render(request, "predictions/case/partials/sample_live.html", context)
    return private_no_cache(response, etag=etag)


@needs({"GET": Action.SEE_RESULTS, "POST": Action.CORRECT_SAMPLES})
def sample_details(request: SignedInRequest, sample_id: UUID) -> HttpResponse:
    """What is said of a sample, and the form to correct it."""
    head = selector.sample_head(request.user, sample_id)
    form = SampleForm(request.POST if request.method == "POST" else None, sample=head.sample)
    if request.method == "POST" and form.is_valid():
        try:
            details.change_sample(
                actor=request.user,
                sample_id=sample_id,
                changes=form.changes(),
                reason=form.cleaned_data["reason"],
            )
        except DomainError as error:
            shown_here(error)
            form.take(error)
        else:
            messages.success(request, "What is said of the sample is kept.")
            return redirect("predictions:sample_details", sample_id=sample_id)
    context = {
        "head": head,
        "sample": head.sample,
        "form": form,
        "diseases": diseases_of_sample(request.user, sample_id),
    }
    return render(
        request, "predictions/case/details.html", context, status=400 if form.is_bound else 200
    )


@needs({"POST": Action.SEND_SAMPLES})
def sample_send(request: SignedInRequest, sample_id: UUID) -> HttpResponse:
    """Let a doctor sign it."""
    return _taken(
        request,
        sample_id,
        lambda: states.send_to_doctor(actor=request.user, sample_id=sample_id),
        "The sample waits for a doctor now.",
    )


@needs({"POST": Action.SEND_SAMPLES})
def sample_send_back(request: SignedInRequest, sample_id: UUID) -> HttpResponse:
    """Put it into review again, with a note."""
    return _taken(
        request,
        sample_id,
        lambda: states.send_back(
            actor=request.user, sample_id=sample_id, reason=request.POST.get("reason", "")
        ),
        "The sample is in review again.",
    )


@needs({"POST": Action.CORRECT_SAMPLES})
def sample_cancel(request: SignedInRequest, sample_id: UUID) -> HttpResponse:
    """End it without a result, with a reason."""
    return _taken(
        request,
        sample_id,
        lambda: states.cancel(
            actor=request.user, sample_id=sample_id, reason=request.POST.get("reason", "")
        ),
        "The sample is cancelled. Its number can be given again.",
    )


@needs({"POST": Action.CORRECT_SAMPLES})
def image_dismiss(request: SignedInRequest, image_id: UUID) -> HttpResponse:
    """Set an image aside, with a reason."""
    image = image_for_viewer(request.user, image_id)
    return _taken(
        request,
        image.sample_id,
        lambda: dismissing.dismiss_image(
            actor=request.user, image_id=image_id, reason=request.POST.get("reason", "")
        ),
        "The image is dismissed: its cells count no more. Running it again takes that back.",
    )


@needs({"POST": Action.CORRECT_SAMPLES})
def image_move(request: SignedInRequest, image_id: UUID) -> HttpResponse:
    """Give an image to another sample, named by its number, with a reason."""
    image = image_for_viewer(request.user, image_id)
    return _taken(
        request,
        image.sample_id,
        lambda: moving.move_image(
            actor=request.user,
            image_id=image_id,
            to_sample_id=_sample_of_number(request),
            reason=request.POST.get("reason", ""),
        ),
        "The image is with the other sample now.",
    )


def _sample_of_number(request: SignedInRequest) -> UUID:
    """The key of the newest sample that takes images and has the number typed.

    Raises:
        DomainError: there is none.
    """
    number = request.POST.get("accession_number", "").strip()
    found = find_samples(request.user, accession_number=number) if number else ()
    for each in found:
        if each.accepts_images:
            return each.pk
    raise DomainError(
        "No sample with this accession number takes images now. Check the number, or create the "
        "sample first."
    )


def _taken(
    request: SignedInRequest, sample_id: UUID, act: Callable[[], object], sentence: str
) -> HttpResponse:
    """Do something with a sample, and show its page again with what came of it."""
    try:
        act()
    except DomainError as error:
        shown_here(error)
        messages.error(request, error.message)
    else:
        messages.success(request, sentence)
    return redirect("predictions:sample", sample_id=sample_id)


def _context(page: selector.SamplePage) -> dict[str, Any]:
    return {"page": page, "head": page.head, "sample": page.head.sample}
