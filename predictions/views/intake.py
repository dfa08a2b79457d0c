"""The upload pages: take pictures from a form or from its script, and tell how far they are."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse

from accounts.policy import Action, needs
from accounts.requests import SignedInRequest
from hematovision.errors import DomainError
from hematovision.file_responses import json_unless_known
from hematovision.sent_files import sent_in
from predictions.models import SmearImage
from predictions.requests import outcomes_in_order
from predictions.selectors.imaging.familiarity import upload_choices
from predictions.selectors.samples import progress
from predictions.selectors.samples.samples import sample_taking_images
from predictions.services.imaging import intake

_FIELDS = ("accession_number", "patient_reference", "note", "imaging_profile")


@needs({"GET": Action.UPLOAD_IMAGES, "POST": Action.UPLOAD_IMAGES})
def upload(request: SignedInRequest) -> HttpResponse:
    """Show the form, or take what it sends; each file has its own outcome."""
    if request.method != "POST":
        return _form(request, dict.fromkeys(_FIELDS, ""))
    values = _values(request)
    try:
        sent = sent_in(request, "files")
        received = intake.receive_upload(actor=request.user, files=sent.files, **values)
    except DomainError as error:
        return _refused(request, values, error)
    kept = {
        "accession_number": received.sample.accession_number,
        "imaging_profile": values["imaging_profile"],
    }
    files = outcomes_in_order(sent, received.files)
    return _outcomes(request, kept, intake.Upload(received.sample, files))


@needs({"POST": Action.UPLOAD_IMAGES})
def upload_begin(request: SignedInRequest) -> HttpResponse:
    """Tell the script where the pictures for this accession number go."""
    sample = intake.begin_upload(actor=request.user, **_values(request))
    places = ("sample_upload", "sample_archives", "sample_progress")
    return JsonResponse({name: reverse(f"predictions:{name}", args=[sample.pk]) for name in places})


@needs({"GET": Action.UPLOAD_IMAGES, "POST": Action.UPLOAD_IMAGES})
def sample_upload(request: SignedInRequest, sample_id: UUID) -> HttpResponse:
    """The same form for one sample."""
    fixed = sample_taking_images(request.user, sample_id)
    if request.method != "POST":
        return _form(request, {}, fixed=fixed)
    values = {"imaging_profile": request.POST.get("imaging_profile", "")}
    try:
        sent = sent_in(request, "files")
        received = intake.receive_images(
            actor=request.user, sample_id=sample_id, files=sent.files, **values
        )
    except DomainError as error:
        return _refused(request, values, error, fixed=fixed)
    files = outcomes_in_order(sent, received)
    return _outcomes(request, values, intake.Upload(fixed, files), fixed=fixed)


@needs({"GET": Action.SEE_RESULTS})
def sample_progress(request: SignedInRequest, sample_id: UUID) -> HttpResponse:
    """How far the reading of a sample's images is; 304 while that is known."""
    found = progress.sample_progress(request.user, sample_id)
    body = {
        "images": found.images,
        "unfinished": found.unfinished,
        "failed_count": found.failed_count,
        "failed": [
            {
                "name": image.original_name,
                "url": reverse("predictions:image", args=[image.pk]),
                "error": image.newest_job.error if image.newest_job else "",
            }
            for image in found.failed
        ],
        "doubtful": [_doubt(image) for image in found.doubtful],
        # Where the person looks at what was read.
        "url": reverse("predictions:sample", args=[sample_id]),
    }
    return json_unless_known(request, body)


def _doubt(image: SmearImage) -> dict[str, Any]:
    """What the newest job says of a picture that it could read."""
    job = image.newest_job
    return {
        "name": image.original_name,
        "url": reverse("predictions:image", args=[image.pk]),
        "error": job.field_note if job else "",
        "photograph_again": bool(job and job.photograph_again),
    }


def _values(request: HttpRequest) -> dict[str, str]:
    return {name: request.POST.get(name, "") for name in _FIELDS}


def _form(
    request: SignedInRequest, values: dict[str, str], *, status: int = 200, **shown: Any
) -> HttpResponse:
    """The page; `shown` is what else stands on it, the fixed sample among it."""
    context = {"values": values, "profiles": upload_choices(request.user), **shown}
    return render(request, "predictions/upload.html", context, status=status)


def _refused(
    request: SignedInRequest, values: dict[str, str], error: DomainError, **shown: Any
) -> HttpResponse:
    if _wants_json(request) or error.http_status in {401, 403}:
        raise error
    return _form(request, values, status=error.http_status, error=error, **shown)


def _outcomes(
    request: SignedInRequest, values: dict[str, str], received: intake.Upload, **shown: Any
) -> HttpResponse:
    status = intake.status_of(received.files)
    if _wants_json(request):
        return JsonResponse(_body(received), status=status)
    return _form(request, values, status=status, outcomes=received.files, **shown)


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
