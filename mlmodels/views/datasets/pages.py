"""Datasets, for those who manage them: the list, the page of one, and what is done with it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.cache import get_conditional_response

from accounts.policy import Action, needs
from accounts.requests import SignedInRequest
from hematovision.file_responses import private_no_cache
from mlmodels.errors import DatasetRefused
from mlmodels.forms import DerivedDatasetForm, MappingForm
from mlmodels.selectors.datasets import datasets as selector
from mlmodels.services.datasets import lifecycle


@needs({"GET": Action.MANAGE_DATASETS})
def dataset_list(request: SignedInRequest) -> HttpResponse:
    """The laboratory's datasets, newest first."""
    context = {"rows": selector.datasets_of_laboratory(request.user)}
    return render(request, "mlmodels/dataset_list.html", context)


@needs({"GET": Action.MANAGE_DATASETS})
def dataset(request: SignedInRequest, dataset_id: UUID) -> HttpResponse:
    """One dataset."""
    return render(request, "mlmodels/dataset.html", page_context(request, dataset_id))


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
    context = {**page_context(request, dataset_id), "derived_form": form}
    return render(request, "mlmodels/dataset.html", context, status=400)


@needs({"POST": Action.MANAGE_DATASETS})
def dataset_delete(request: SignedInRequest, dataset_id: UUID) -> HttpResponse:
    """Delete it."""
    lifecycle.delete_dataset(actor=request.user, dataset_id=dataset_id)
    messages.success(request, "The dataset is deleted.")
    return redirect("mlmodels:datasets")


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


def page_context(request: SignedInRequest, dataset_id: UUID) -> dict[str, Any]:
    """What the page of one dataset shows; where its classes are asked for, their form."""
    page = selector.dataset_page(
        request.user, dataset_id, report_page=request.GET.get("report", "")
    )
    return {
        "page": page,
        "state": page,
        "dataset": page.dataset,
        "derived_form": DerivedDatasetForm(),
        "mapping_form": MappingForm(dataset=page.dataset) if page.dataset.questions else None,
    }
