"""The control slide: its charts, its readings, and how an admin puts it together."""

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
from predictions.case_forms import CANNOT_TELL, ControlCellForm, ControlSlideForm, QuotaForm
from predictions.requests import shown_here
from predictions.selectors.imaging.images import rendition_bytes
from predictions.selectors.quality import control_slides as selector
from predictions.selectors.quality.control_charts import control_page
from predictions.selectors.quality.control_drafts import SlidePage, choose_page, slide_page
from predictions.selectors.quality.reading import choices_of
from predictions.selectors.samples.searching import find_samples
from predictions.services.quality import control_readings, control_slides


@needs({"GET": Action.SEE_RESULTS})
def control(request: SignedInRequest) -> HttpResponse:
    """Where the control slide stands, and one reader's charts."""
    page = control_page(request.user, _key(request.GET.get("reader", "")))
    context = {"page": page, "state": page.state, "form": ControlSlideForm()}
    return render(request, "predictions/quality/control.html", context)


@needs({"POST": Action.READ_AGAIN})
def control_begin(request: SignedInRequest) -> HttpResponse:
    """Begin this month's reading, or go on with it."""
    try:
        reading = control_readings.begin_control_reading(actor=request.user)
    except DomainError as error:
        shown_here(error)
        messages.error(request, error.message)
        return redirect("predictions:control")
    return redirect("predictions:control_reading", reading_id=reading.pk)


@needs({"GET": Action.READ_AGAIN, "POST": Action.READ_AGAIN})
def control_reading(request: SignedInRequest, reading_id: UUID) -> HttpResponse:
    """One cell of the slide after the other; after the last one, what came of it."""
    problem, status = "", 200
    if request.method == "POST":
        problem, status = _answered(request, reading_id)
        if not problem and not request.htmx:  # type: ignore[attr-defined]
            return redirect("predictions:control_reading", reading_id=reading_id)
    turn = selector.next_turn(request.user, reading_id)
    if turn.cell is None and not turn.is_over:
        return _to_result(request, reading_id)
    context = {**_turn(request, turn), "problem": problem}
    if request.htmx:  # type: ignore[attr-defined]
        return render(request, "predictions/quality/partials/read_cell.html", context)
    return render(request, "predictions/quality/control_reading.html", context, status=status)


@needs({"GET": Action.READ_AGAIN})
def control_crop(request: SignedInRequest, reading_id: UUID, number: int) -> HttpResponse:
    """A cell of one's own reading."""
    data = control_readings.control_crop(actor=request.user, reading_id=reading_id, number=number)
    return jpeg_response(request, etag=f"control-{reading_id}-{number}", read=lambda: data)


@needs({"GET": Action.READ_AGAIN})
def control_field(request: SignedInRequest, reading_id: UUID, number: int) -> HttpResponse:
    """The field that it lies in."""
    reading = selector.own_reading(request.user, reading_id)
    image = selector.cell_of_turn(reading, number).image
    return jpeg_response(
        request,
        etag=f"control-field-{reading_id}-{number}",
        read=lambda: rendition_bytes(image),
    )


@needs({"GET": Action.SEE_RESULTS})
def control_result(request: SignedInRequest, reading_id: UUID) -> HttpResponse:
    """What came of a finished reading, class by class."""
    context = {
        "result": selector.reading_result(request.user, reading_id),
        "state": selector.control_state(request.user),
    }
    return render(request, "predictions/quality/control_result.html", context)


@needs({"POST": Action.MANAGE_LABORATORY})
def control_slide_new(request: SignedInRequest) -> HttpResponse:
    """Begin to put a slide together."""
    name = request.POST.get("name", "")
    try:
        slide = control_slides.new_control_slide(actor=request.user, name=name)
    except DomainError as error:
        shown_here(error)
        messages.error(request, error.message)
        return redirect("predictions:control")
    return redirect("predictions:control_slide", slide_id=slide.pk)


@needs({"GET": Action.MANAGE_LABORATORY, "POST": Action.MANAGE_LABORATORY})
def control_slide(request: SignedInRequest, slide_id: UUID) -> HttpResponse:
    """What a slide holds; draw its cells by chance."""
    page = slide_page(request.user, slide_id)
    form = QuotaForm(request.POST if request.method == "POST" else None, page=page)
    if form.is_bound and form.is_valid():
        try:
            missing = control_slides.draw_control_cells(
                actor=request.user, slide_id=slide_id, quotas=form.quotas()
            )
        except DomainError as error:
            shown_here(error)
            form.take(error)
        else:
            _tell_missing(request, page, missing)
            return redirect("predictions:control_slide", slide_id=slide_id)
    return render(
        request,
        "predictions/quality/control_slide.html",
        {"page": page, "form": form},
        status=400 if form.is_bound else 200,
    )


@needs({"POST": Action.MANAGE_LABORATORY})
def control_slide_sample(request: SignedInRequest, slide_id: UUID) -> HttpResponse:
    """Find the signed sample of a number, to choose cells of it."""
    number = request.POST.get("accession_number", "").strip()
    found = find_samples(request.user, accession_number=number) if number else ()
    for sample in found:
        return redirect("predictions:control_slide_cells", slide_id=slide_id, sample_id=sample.pk)
    messages.error(request, "No sample has this accession number. Check it.")
    return redirect("predictions:control_slide", slide_id=slide_id)


@needs({"GET": Action.MANAGE_LABORATORY, "POST": Action.MANAGE_LABORATORY})
def control_slide_cells(request: SignedInRequest, slide_id: UUID, sample_id: UUID) -> HttpResponse:
    """The signed cells of a sample, to choose from."""
    if request.method == "POST":
        cells = [key for key in map(_key, request.POST.getlist("cell")) if key]
        try:
            control_slides.choose_control_cells(
                actor=request.user, slide_id=slide_id, sample_id=sample_id, cell_ids=cells
            )
        except DomainError as error:
            shown_here(error)
            messages.error(request, error.message)
        else:
            messages.success(request, f"The slide holds {len(cells)} cells of this sample.")
            return redirect("predictions:control_slide", slide_id=slide_id)
    page = choose_page(request.user, slide_id, sample_id)
    return render(request, "predictions/quality/control_cells.html", {"page": page})


@needs({"POST": Action.MANAGE_LABORATORY})
def control_slide_start(request: SignedInRequest, slide_id: UUID) -> HttpResponse:
    """Freeze a slide, and let it be read."""
    try:
        control_slides.start_control_slide(actor=request.user, slide_id=slide_id)
    except DomainError as error:
        shown_here(error)
        messages.error(request, error.message)
        return redirect("predictions:control_slide", slide_id=slide_id)
    messages.success(request, "The control slide is started; every reviewer reads it this month.")
    return redirect("predictions:control")


def _answered(request: SignedInRequest, reading_id: UUID) -> tuple[str, int]:
    """Take an answer; what is wrong with it, and its status."""
    form = ControlCellForm(request.POST)
    if not form.is_valid():
        return str(next(iter(form.errors.values()))[0]), 400
    try:
        control_readings.answer_control_cell(
            actor=request.user,
            reading_id=reading_id,
            number=form.cleaned_data["cell"],
            **form.said(),
        )
    except DomainError as error:
        shown_here(error)
        return error.message, error.http_status
    return "", 200


def _to_result(request: SignedInRequest, reading_id: UUID) -> HttpResponse:
    address = reverse("predictions:control_result", args=[reading_id])
    if request.htmx:  # type: ignore[attr-defined]
        return HttpResponse(headers={"HX-Redirect": address})
    return redirect(address)


def _turn(request: SignedInRequest, turn: selector.Turn) -> dict[str, Any]:
    """The next cell, and where one is; nothing that was ever said of it."""
    where = [turn.reading.pk, turn.number]
    if turn.cell is None:
        return {"cell": None, "over": turn}
    return {
        "action": reverse("predictions:control_reading", args=where[:1]),
        "cannot_tell": CANNOT_TELL,
        "key": turn.number,
        "cell": turn.cell,
        "crop": reverse("predictions:control_crop", args=where),
        "field": reverse("predictions:control_field", args=where),
        "place": turn.in_words,
        "choices": choices_of(request.user.laboratory),
    }


def _tell_missing(request: SignedInRequest, page: SlidePage, missing: dict[str, int]) -> None:
    names = {each.label.code: each.label.name for each in page.classes}
    short = ", ".join(f"{cells} × {names[code]}" for code, cells in missing.items())
    if short:
        messages.warning(
            request,
            f"Too few cells that two people agree on; missing: {short}. Ask for fewer, or choose "
            "cells sample by sample.",
        )
    else:
        messages.success(request, "The cells are drawn.")


def _key(text: str) -> UUID | None:
    """A key as it was sent; nothing where it is none."""
    try:
        return UUID(text)
    except ValueError:
        return None
