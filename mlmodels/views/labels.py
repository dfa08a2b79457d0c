"""What cells can be called in the laboratory, for its admins."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from accounts.policy import Action, needs
from accounts.requests import SignedInRequest
from mlmodels.errors import LabelRefused
from mlmodels.forms import ChangedLabelForm, NewLabelForm
from mlmodels.selectors import labels as selectors
from mlmodels.services import labels as services


@needs({"GET": Action.MANAGE_LABORATORY})
def label_list(request: SignedInRequest) -> HttpResponse:
    """Every label in its order."""
    return render(request, "mlmodels/labels.html", {"rows": selectors.label_list(request.user)})


@needs({"GET": Action.MANAGE_LABORATORY, "POST": Action.MANAGE_LABORATORY})
def label_new(request: SignedInRequest) -> HttpResponse:
    """Add a label."""
    form = NewLabelForm(
        request.POST if request.method == "POST" else None,
        wider=selectors.wider_choices(request.user),
    )
    if form.is_bound and form.is_valid():
        values = dict(form.cleaned_data)
        try:
            made = services.add_label(actor=request.user, code=values.pop("code"), values=values)
        except LabelRefused as error:
            form.take(error)
        else:
            messages.success(request, f"{made.name} can be chosen in review now.")
            return redirect("mlmodels:labels")
    status = 400 if form.is_bound else 200
    return render(request, "mlmodels/label.html", {"form": form}, status=status)


@needs({"GET": Action.MANAGE_LABORATORY, "POST": Action.MANAGE_LABORATORY})
def label(request: SignedInRequest, code: str) -> HttpResponse:
    """One label: what an admin says of it, and what was changed."""
    page = selectors.label_page(request.user, code)
    form = ChangedLabelForm(
        request.POST if request.method == "POST" else None,
        managed=page.managed,
        wider=page.wider_choices,
    )
    if form.is_bound and form.is_valid():
        try:
            changed = services.change_label(
                actor=request.user, code=code, changes=form.cleaned_data
            )
        except LabelRefused as error:
            form.take(error)
        else:
            messages.success(request, f"{changed.name} is saved.")
            return redirect("mlmodels:labels")
    status = 400 if form.is_bound else 200
    return render(request, "mlmodels/label.html", {"form": form, "page": page}, status=status)


@needs({"POST": Action.MANAGE_LABORATORY})
def label_place(request: SignedInRequest, code: str) -> HttpResponse:
    """Put a label one place up or down."""
    number = request.POST.get("position", "")
    services.change_label(
        actor=request.user,
        code=code,
        changes={"position": int(number) if number.isascii() and number.isdigit() else 0},
    )
    return redirect(f"{reverse('mlmodels:labels')}#{code}")
