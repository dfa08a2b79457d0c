"""The laboratory itself, for its admins: name, address, time zone, logo."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render

from accounts.errors import LaboratoryRefused
from accounts.forms import LaboratoryForm, LogoForm
from accounts.policy import Action, needs
from accounts.requests import SignedInRequest
from accounts.selectors.laboratories import laboratory_page, logo_of
from accounts.services import laboratories, logos


@needs({"GET": Action.MANAGE_LABORATORY, "POST": Action.MANAGE_LABORATORY})
def laboratory(request: SignedInRequest) -> HttpResponse:
    """What the laboratory is called, and where it is."""
    if request.method != "POST":
        return _page(request)
    form = LaboratoryForm(request.POST, initial={"time_zone": request.user.laboratory.time_zone})
    if form.is_valid():
        try:
            laboratories.change_laboratory(actor=request.user, **form.cleaned_data)
        except LaboratoryRefused as error:
            form.take(error)
        else:
            messages.success(request, "The laboratory is saved.")
            return redirect("accounts:laboratory")
    return _page(request, form=form, status=400)


@needs({"GET": Action.MANAGE_LABORATORY, "POST": Action.MANAGE_LABORATORY})
def logo(request: SignedInRequest) -> HttpResponse:
    """The picture itself, and another one in its place."""
    if request.method != "POST":
        return HttpResponse(logo_of(request.user), content_type="image/png")
    form = LogoForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            logos.change_logo(actor=request.user, picture=form.cleaned_data["logo"].read())
        except LaboratoryRefused as error:
            form.take(error)
        else:
            messages.success(request, "Reports begin with this logo from now on.")
            return redirect("accounts:laboratory")
    return _page(request, logo_form=form, status=400)


@needs({"POST": Action.MANAGE_LABORATORY})
def logo_remove(request: SignedInRequest) -> HttpResponse:
    """Take the picture away."""
    logos.remove_logo(actor=request.user)
    messages.success(request, "Reports begin without a logo from now on.")
    return redirect("accounts:laboratory")


def _page(
    request: SignedInRequest,
    *,
    form: LaboratoryForm | None = None,
    logo_form: LogoForm | None = None,
    status: int = 200,
) -> HttpResponse:
    page = laboratory_page(request.user)
    said = {name: getattr(page.laboratory, name) for name in ("name", "address", "time_zone")}
    context = {
        "page": page,
        "form": form or LaboratoryForm(initial=said),
        "logo_form": logo_form or LogoForm(),
    }
    return render(request, "accounts/laboratory.html", context, status=status)
