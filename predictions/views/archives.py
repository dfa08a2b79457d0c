"""Archives of pictures, as the upload page's script sends and follows them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt, csrf_protect

from accounts.policy import Action, needs
from accounts.requests import SignedInRequest
from hematovision.file_responses import json_unless_known
from hematovision.sent_files import the_file_in
from hematovision.upload_handlers import ArchiveUploadHandler
from predictions.selectors.imaging.archives import archive_for_viewer
from predictions.services.imaging.archives import receive_archive


@needs({"POST": Action.UPLOAD_IMAGES})
@csrf_exempt
def sample_archives(request: SignedInRequest, sample_id: UUID) -> HttpResponse:
    """Take a ZIP for a sample.

    The form's token is checked inside: before that, the body must not be read, so that its file
    is held to an archive's limit, and only once the policy has let the person through.
    """
    request.upload_handlers = [ArchiveUploadHandler(request)]
    return _sample_archives(request, sample_id)


@csrf_protect
def _sample_archives(request: HttpRequest, sample_id: UUID) -> HttpResponse:
    archive = receive_archive(
        actor=request.user,  # type: ignore[arg-type]
        sample_id=sample_id,
        file=the_file_in(request, "archive"),
        imaging_profile=request.POST.get("imaging_profile", ""),
    )
    progress = reverse("predictions:archive_progress", args=[archive.pk])
    return JsonResponse({"id": str(archive.pk), "progress": progress}, status=202)


@needs({"GET": Action.SEE_RESULTS})
def archive_progress(request: SignedInRequest, archive_id: UUID) -> HttpResponse:
    """How far the unpacking is; 304 while that is known."""
    archive = archive_for_viewer(request.user, archive_id)
    body: dict[str, Any] = {
        "final": archive.is_final,
        "found": archive.files_found,
        "done": archive.files_done,
        "refused": archive.refused,
        "error": archive.error,
    }
    return json_unless_known(request, body)
