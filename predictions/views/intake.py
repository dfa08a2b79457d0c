"""The upload page: takes pictures from a form or from its script."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse

from accounts.policy import Action, needs
from accounts.requests import SignedInRequest
from hematovision.errors import DomainError
from predictions.selectors.imaging.familiarity import upload_choices
from predictions.services.imaging import intake

_FIELDS = ("accession_number", "patient_reference", "note", "imaging_profile")


@needs({"GET": Action.UPLOAD_IMAGES, "POST": Action.UPLOAD_IMAGES})
def upload(request: SignedInRequest) -> HttpResponse:
    """Show the form, or take what it sends; each file has its own outcome."""
    if request.method != "POST":
        context = {"values": dict.fromkeys(_FIELDS, ""), **_choices(request)}
        return render(request, "predictions/upload.html", context)
    values = {name: request.POST.get(name, "") for name in _FIELDS}
    try:
        received = intake.receive_upload(
            actor=request.user,
            files=request.FILES.getlist("files"),
            **values,
        )
    except DomainError as error:
        if _wants_json(request) or error.http_status in {401, 403}:
            raise
        context = {"values": values, "error": error, **_choices(request)}
        return render(request, "predictions/upload.html", context, status=error.http_status)
    status = intake.status_of(received.files)
    if _wants_json(request):
        return JsonResponse(_body(received), status=status)
    context = {
        "values": {
            "accession_number": received.sample.accession_number,
            "imaging_profile": values["imaging_profile"],
        },
        **_choices(request),
        "sample": received.sample,
        "outcomes": received.files,
    }
    return render(request, "predictions/upload.html", context, status=status)


def _choices(request: SignedInRequest) -> dict[str, Any]:
    return {"profiles": upload_choices(request.user)}


def _wants_json(request: HttpRequest) -> bool:
    return "HX-Request" in request.headers or "application/json" in request.headers.get(
        "Accept", ""
    )


def _body(received: intake.Upload) -> dict[str, Any]:
    return {
        "images": [_outcome(file) for file in received.files],
        "sample": {"id": str(received.sample.pk)},
    }


def _outcome(file: intake.ReceivedFile) -> dict[str, Any]:
    """What the page's script shows for one file."""
    if file.image is None:
        return {"name": file.name, "error": file.error}
    outcome: dict[str, Any] = {
        "name": file.name,
        "id": str(file.image.pk),
        "url": reverse("predictions:image", args=[file.image.pk]),
    }
    if file.duplicate:
        return {**outcome, "duplicate": True}
    return {**outcome, "job": str(file.job.pk) if file.job else None}
