"""Disease labels: the list that admins keep, and what doctors say of a sample."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render

from accounts.policy import Action, needs
from accounts.requests import SignedInRequest
from hematovision.errors import DomainError
from predictions.errors import DiseaseInvalid
from predictions.forms import DiseaseForm, NewDiseaseForm
from predictions.requests import shown_here
from predictions.selectors.laboratory.diseases import disease_for_managing, disease_list
from predictions.services.laboratory.diseases import add_disease_label, change_disease_label
from predictions.services.samples.diseases import add_disease, remove_disease


@needs({"GET": Action.MANAGE_LABORATORY, "POST": Action.MANAGE_LABORATORY})
def diseases(request: SignedInRequest) -> HttpResponse:
    """The list, and a form that adds to it."""
    form = NewDiseaseForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            label = add_disease_label(actor=request.user, **form.cleaned_data)
        except DiseaseInvalid as error:
            form.take(error)
        else:
            messages.success(request, f"{label.name} can be chosen from now on.")
            return redirect("predictions:diseases")
    context = {"rows": disease_list(request.user), "form": form}
    status = 400 if form.is_bound else 200
    return render(request, "predictions/diseases.html", context, status=status)


@needs({"GET": Action.MANAGE_LABORATORY, "POST": Action.MANAGE_LABORATORY})
def disease(request: SignedInRequest, code: str) -> HttpResponse:
    """Change one label, or retire it."""
    held = disease_for_managing(request.user, code)
    form = DiseaseForm(request.POST if request.method == "POST" else None, label=held.label)
    if form.is_bound and form.is_valid():
        try:
            label = change_disease_label(actor=request.user, code=code, **form.cleaned_data)
        except DiseaseInvalid as error:
            form.take(error)
        else:
            messages.success(request, f"{label.name} is saved.")
            return redirect("predictions:diseases")
    context = {"held": held, "form": form}
    status = 400 if form.is_bound else 200
    return render(request, "predictions/disease.html", context, status=status)


@needs({"POST": Action.SIGN_OUT})
def sample_disease_add(request: SignedInRequest, sample_id: UUID) -> HttpResponse:
    """Say a disease of a sample."""
    try:
        row = add_disease(
            actor=request.user, sample_id=sample_id, code=request.POST.get("code", "")
        )
    except DomainError as error:
        shown_here(error)
        messages.error(request, error.message)
    else:
        messages.success(request, f"{row.label.name} is said of this sample.")
    return redirect("predictions:sample_details", sample_id=sample_id)


@needs({"POST": Action.SIGN_OUT})
def sample_disease_remove(request: SignedInRequest, sample_id: UUID) -> HttpResponse:
    """Take it back."""
    try:
        remove_disease(actor=request.user, sample_id=sample_id, code=request.POST.get("code", ""))
    except DomainError as error:
        shown_here(error)
        messages.error(request, error.message)
    else:
        messages.success(request, "It is taken back. That it was said stays on record.")
    return redirect("predictions:sample_details", sample_id=sample_id)
