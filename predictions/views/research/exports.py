"""Signed cells for research: how many there are, what was exported, and the files."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render

from accounts.policy import Action, needs
from accounts.requests import SignedInRequest
from hematovision.errors import DomainError
from hematovision.file_responses import attachment_stream
from predictions.models import CellExport
from predictions.requests import shown_here
from predictions.research_forms import ExportForm
from predictions.selectors.research.exports import Choices, choices_for, export_list
from predictions.selectors.research.signed_cells import found_cells
from predictions.services.research import exports

_USUAL_SPAN = timedelta(days=365)


@needs({"GET": Action.EXPORT_RESEARCH, "POST": Action.EXPORT_RESEARCH})
def research(request: SignedInRequest) -> HttpResponse:
    """Count what is wanted, ask for it, and see what was asked for.

    Nothing is counted before somebody asks: opening the page costs as little as the list.
    """
    choices = choices_for(request.user)
    is_asked = request.method == "POST" or bool(request.GET)
    sent: Any = request.POST if request.method == "POST" else request.GET or _usual(request)
    form = ExportForm(sent, choices=choices)
    context: dict[str, Any] = {"form": form, **_list(request, choices)}
    if is_asked and form.is_valid():
        wanted = form.wanted()
        if request.method == "POST" and _is_asked_for(request, form):
            return redirect("research")
        found = found_cells(request.user, wanted)
        form.tell(found.by_label)
        context["found"] = found
        if found.cells > settings.MAX_EXPORT_CELLS:
            context["refusal"] = exports.too_many(found.cells)
    status = 400 if request.method == "POST" else 200
    return render(request, "predictions/research/exports.html", context, status=status)


@needs({"GET": Action.EXPORT_RESEARCH})
def research_exports(request: SignedInRequest) -> HttpResponse:
    """The list alone, as it asks for itself while one is written."""
    context = _list(request, choices_for(request.user))
    return render(request, "predictions/research/partials/exports.html", context)


@needs({"GET": Action.EXPORT_RESEARCH})
def research_file(request: SignedInRequest, export_id: UUID) -> HttpResponseBase:
    """The ZIP of an export."""
    try:
        download = exports.download_export(actor=request.user, export_id=export_id)
    except DomainError as error:
        shown_here(error)
        messages.error(request, error.message)
        return redirect("research")
    return attachment_stream(download.stream, name=download.name, content_type="application/zip")


def _is_asked_for(request: SignedInRequest, form: ExportForm) -> bool:
    """Ask for what is wanted; where that is refused, the form says why."""
    try:
        exports.ask_for_export(
            actor=request.user, project=form.cleaned_data["project"], wanted=form.wanted()
        )
    except DomainError as error:
        shown_here(error)
        form.take(error)
        return False
    messages.success(request, "It is being written. It can be downloaded here when it is ready.")
    return True


def _usual(request: SignedInRequest) -> dict[str, Any]:
    today = request.user.laboratory.today
    return {"first_day": today - _USUAL_SPAN, "last_day": today}


def _list(request: SignedInRequest, choices: Choices) -> dict[str, Any]:
    return {
        "exports": export_list(request.user, CellExport.Kind.RESEARCH, choices),
        "days": settings.EXPORT_DAYS,
    }
