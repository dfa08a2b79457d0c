"""A dataset for the models, made of signed reviews."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render

from accounts.policy import Action, needs
from accounts.requests import SignedInRequest
from hematovision.errors import DomainError
from predictions.models import CellExport
from predictions.requests import shown_here
from predictions.research_forms import ReviewedDatasetForm
from predictions.selectors.research.exports import choices_for, export_list
from predictions.selectors.research.reviewed import free_name, preview, usual_wish
from predictions.services.research.exports import ask_for_dataset


@needs({"GET": Action.MANAGE_DATASETS, "POST": Action.MANAGE_DATASETS})
def dataset_from_reviews(request: SignedInRequest) -> HttpResponse:
    """See what the signed cells would make, and make it.

    Nothing is looked at before somebody asks: it goes over thousands of cells.
    """
    choices = choices_for(request.user)
    sent: Any = request.POST if request.method == "POST" else request.GET
    form = ReviewedDatasetForm(sent or asdict(usual_wish(request.user)), choices=choices)
    context: dict[str, Any] = {
        "form": form,
        "made": export_list(request.user, CellExport.Kind.DATASET, choices),
    }
    if sent and form.is_valid():
        wanted = form.wanted()
        if request.method == "POST" and _is_asked_for(request, form):
            return redirect("dataset_from_reviews")
        seen = preview(request.user, wanted)
        form.tell(seen.by_label)
        name = form.data.get("name") or free_name(request.user, seen.wanted)
        context |= {"seen": seen, "name": name}
    status = 400 if request.method == "POST" else 200
    return render(request, "predictions/research/from_reviews.html", context, status=status)


@needs({"GET": Action.MANAGE_DATASETS})
def reviewed_datasets(request: SignedInRequest) -> HttpResponse:
    """The list alone, as it asks for itself while one is written."""
    made = export_list(request.user, CellExport.Kind.DATASET, choices_for(request.user))
    return render(request, "predictions/research/partials/datasets.html", {"made": made})


def _is_asked_for(request: SignedInRequest, form: ReviewedDatasetForm) -> bool:
    """Ask for what is wanted; where that is refused, the form says why."""
    try:
        ask_for_dataset(actor=request.user, name=form.cleaned_data["name"], wanted=form.wanted())
    except DomainError as error:
        shown_here(error)
        form.take(error)
        return False
    messages.success(
        request, "It is being written. Open it from here when it is done, then freeze it."
    )
    return True
