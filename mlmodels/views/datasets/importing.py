"""Sending a dataset in as an archive, and saying what its classes mean."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.csrf import csrf_exempt, csrf_protect

from accounts.policy import Action, needs
from accounts.requests import SignedInRequest
from hematovision.file_responses import jpeg_response
from hematovision.sent_files import the_file_in
from hematovision.upload_handlers import DatasetUploadHandler
from mlmodels import artifacts, storage
from mlmodels.errors import DatasetRefused, RegistryUnavailable
from mlmodels.forms import MappingForm, NewDatasetForm
from mlmodels.selectors.datasets import datasets as selector
from mlmodels.services.datasets import mapping, sending
from mlmodels.views.datasets.pages import page_context


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
                made = sending.upload_dataset(
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


@needs({"POST": Action.MANAGE_DATASETS})
def dataset_classes(request: SignedInRequest, dataset_id: UUID) -> HttpResponse:
    """Say what the classes of an archive mean, and let its import go on."""
    asked = selector.dataset_state(request.user, dataset_id).dataset
    form = MappingForm(request.POST, dataset=asked)
    if form.is_valid():
        try:
            mapping.map_classes(actor=request.user, dataset_id=dataset_id, **form.answers())
        except DatasetRefused as error:
            form.take(error)
        else:
            return redirect("mlmodels:dataset", dataset_id=dataset_id)
    context = {**page_context(request, dataset_id), "mapping_form": form}
    return render(request, "mlmodels/dataset.html", context, status=400)


@needs({"GET": Action.MANAGE_DATASETS})
def dataset_example(request: SignedInRequest, dataset_id: UUID, number: int) -> HttpResponse:
    """A small picture of what an archive holds, while its classes are asked for."""
    asked = selector.dataset_state(request.user, dataset_id).dataset
    folder = artifacts.examples_folder(asked.folder)
    return jpeg_response(
        request,
        etag=f"{asked.pk}-{asked.fence}-{number}",
        read=lambda: storage.example(folder, number),
    )


def _limits() -> dict[str, int | str]:
    return {
        "megabytes": settings.MAX_DATASET_BYTES // 1024**2,
        "files": f"{settings.MAX_DATASET_ENTRIES:,}",
        "picture_megabytes": settings.MAX_IMAGE_BYTES // 1024**2,
        "picture_megapixels": settings.MAX_IMAGE_MEGAPIXELS,
    }
