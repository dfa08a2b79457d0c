"""Datasets, for those who manage them: the list, a new one, and the page of one."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.cache import get_conditional_response
from django.views.decorators.csrf import csrf_exempt, csrf_protect

from accounts.policy import Action, needs
from accounts.requests import SignedInRequest
from hematovision.file_responses import jpeg_response, private_no_cache
from hematovision.sent_files import the_file_in
from hematovision.upload_handlers import DatasetUploadHandler
from mlmodels.errors import DatasetRefused, RegistryUnavailable
from mlmodels.forms import DerivedDatasetForm, NewDatasetForm
from mlmodels.selectors.datasets import datasets as selector
from mlmodels.services.datasets import lifecycle, near_duplicates, thumbnails


@needs({"GET": Action.MANAGE_DATASETS})
def dataset_list(request: SignedInRequest) -> HttpResponse:
    """The laboratory's datasets, newest first."""
    context = {"rows": selector.datasets_of_laboratory(request.user)}
    return render(request, "mlmodels/dataset_list.html", context)


@needs({"GET": Action.MANAGE_DATASETS, "POST": Action.MANAGE_DATASETS})
@csrf_exempt
def dataset_new(request: SignedInRequest) -> HttpResponse:
    """Send an archive.

    The form's token is checked inside: before that, the body must not be read, so that its files
    go where they belong, and only once the policy has let the person through.
    """
    request.upload_handlers = [DatasetUploadHandler(request)]
    return _dataset_new(request)


@csrf_protect
def _dataset_new(request: HttpRequest) -> HttpResponse:
    form, status = NewDatasetForm(), 200
    if request.method == "POST":
        the_file_in(request, "archive")  # one that is misplaced is told of
        form, status = NewDatasetForm(request.POST, request.FILES), 400
        if form.is_valid():
            try:
                made = lifecycle.upload_dataset(
                    actor=request.user,  # type: ignore[arg-type]
                    **form.cleaned_data,
                )
            except (DatasetRefused, RegistryUnavailable) as error:
                form.take(error)
                status = error.http_status
            else:
                return redirect("mlmodels:dataset", dataset_id=made.pk)
    context = {"form": form, "limits": _limits()}
    return render(request, "mlmodels/dataset_new.html", context, status=status)


@needs({"GET": Action.MANAGE_DATASETS})
def dataset(request: SignedInRequest, dataset_id: UUID) -> HttpResponse:
    """One dataset."""
    return render(request, "mlmodels/dataset.html", _context(request, dataset_id))


@needs({"GET": Action.MANAGE_DATASETS})
def dataset_status(request: SignedInRequest, dataset_id: UUID) -> HttpResponse:
    """The part of the page that changes while a worker is at it; 304 while it does not."""
    state = selector.dataset_state(request.user, dataset_id)
    response = get_conditional_response(request, etag=state.etag)
    if response is None:
        context = {"state": state, "dataset": state.dataset}
        response = render(request, "mlmodels/partials/dataset_status.html", context)
        if request.headers.get("HX-Request") and not state.is_working:
            # What stands on the page beside the status is another thing now.
            response["HX-Refresh"] = "true"
    return private_no_cache(response, etag=state.etag)


@needs({"POST": Action.MANAGE_DATASETS})
def dataset_freeze(request: SignedInRequest, dataset_id: UUID) -> HttpResponse:
    """Freeze it."""
    frozen = lifecycle.freeze_dataset(actor=request.user, dataset_id=dataset_id)
    messages.success(request, f"{frozen.name} is frozen. It never changes again.")
    return redirect("mlmodels:dataset", dataset_id=dataset_id)


@needs({"POST": Action.MANAGE_DATASETS})
def dataset_derive(request: SignedInRequest, dataset_id: UUID) -> HttpResponse:
    """Make an open one with the pictures of a frozen one."""
    form = DerivedDatasetForm(request.POST)
    if form.is_valid():
        try:
            derived = lifecycle.derive_dataset(
                actor=request.user, dataset_id=dataset_id, **form.cleaned_data
            )
        except DatasetRefused as error:
            form.take(error)
        else:
            messages.success(request, f"{derived.name} can be changed until you freeze it.")
            return redirect("mlmodels:dataset", dataset_id=derived.pk)
    context = {**_context(request, dataset_id), "derived_form": form}
    return render(request, "mlmodels/dataset.html", context, status=400)


@needs({"POST": Action.MANAGE_DATASETS})
def dataset_delete(request: SignedInRequest, dataset_id: UUID) -> HttpResponse:
    """Delete it."""
    lifecycle.delete_dataset(actor=request.user, dataset_id=dataset_id)
    messages.success(request, "The dataset is deleted.")
    return redirect("mlmodels:datasets")


@needs({"POST": Action.MANAGE_DATASETS})
def dataset_check(request: SignedInRequest, dataset_id: UUID) -> HttpResponse:
    """Search for near-duplicates again."""
    near_duplicates.ask_for_check(actor=request.user, dataset_id=dataset_id)
    return redirect("mlmodels:dataset", dataset_id=dataset_id)


@needs({"POST": Action.MANAGE_DATASETS})
def dataset_reference(request: SignedInRequest, dataset_id: UUID) -> HttpResponse:
    """Let versions be compared on it, or no more."""
    wanted = request.POST.get("is_reference") == "yes"
    changed = lifecycle.set_reference(
        actor=request.user, dataset_id=dataset_id, is_reference=wanted
    )
    said = "is the reference now" if wanted else "is the reference no more"
    messages.success(request, f"{changed.name} {said}.")
    return redirect("mlmodels:dataset", dataset_id=dataset_id)


@needs({"POST": Action.MANAGE_DATASETS})
def pair_resolve(request: SignedInRequest, dataset_id: UUID, pair_id: UUID) -> HttpResponse:
    """Say what a pair is."""
    near_duplicates.resolve_pair(
        actor=request.user,
        dataset_id=dataset_id,
        pair_id=pair_id,
        resolution=request.POST.get("resolution", ""),
    )
    return redirect(f"{_address(dataset_id)}#pairs")


@needs({"GET": Action.MANAGE_DATASETS})
def image_thumbnail(request: SignedInRequest, dataset_image_id: UUID) -> HttpResponse:
    """Our own small JPEG of one picture."""
    return _picture(request, dataset_image_id, thumbnails.THUMBNAIL_SIDE_PX)


@needs({"GET": Action.MANAGE_DATASETS})
def image_picture(request: SignedInRequest, dataset_image_id: UUID) -> HttpResponse:
    """Our own JPEG of one picture."""
    return _picture(request, dataset_image_id, thumbnails.PICTURE_SIDE_PX)


def _picture(request: SignedInRequest, image_id: UUID, side_px: int) -> HttpResponse:
    image = selector.image_for_viewer(request.user, image_id)
    return jpeg_response(
        request,
        etag=f"{image.pk}-{side_px}",
        read=lambda: thumbnails.dataset_thumbnail(
            actor=request.user, image_id=image.pk, side_px=side_px
        ),
    )


def _context(request: SignedInRequest, dataset_id: UUID) -> dict[str, Any]:
    page = selector.dataset_page(
        request.user,
        dataset_id,
        report_page=request.GET.get("report", ""),
        pair_page=request.GET.get("pairs", ""),
    )
    return {
        "page": page,
        "state": page,
        "dataset": page.dataset,
        "derived_form": DerivedDatasetForm(),
    }


def _address(dataset_id: UUID) -> str:
    return redirect("mlmodels:dataset", dataset_id=dataset_id).url


def _limits() -> dict[str, int | str]:
    return {
        "megabytes": settings.MAX_DATASET_BYTES // 1024**2,
        "files": f"{settings.MAX_DATASET_ENTRIES:,}",
        "picture_megabytes": settings.MAX_IMAGE_BYTES // 1024**2,
        "picture_megapixels": settings.MAX_IMAGE_MEGAPIXELS,
    }
