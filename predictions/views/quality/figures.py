"""The figures of quality: of the laboratory for doctors and admins, of oneself for readers."""

from __future__ import annotations

from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render

from accounts.policy import Action, needs
from accounts.requests import SignedInRequest
from predictions.quality_forms import QualityForm, SpanForm
from predictions.selectors.quality.own import own_figures
from predictions.selectors.quality.page import quality_figures

_DAYS = ("month", "first_day", "last_day")
# What a link of a table asks for in place of what the address has.
_REPLACED = {"version": ("version",), "profile": ("profile",), "month": _DAYS}


@needs({"GET": Action.SEE_QUALITY})
def quality(request: SignedInRequest) -> HttpResponse:
    """Models against people, people against each other, and how long it takes."""
    form = QualityForm(request.GET, viewer=request.user)
    page = quality_figures(
        request.user,
        form.span(),
        version=request.GET.get("version", ""),
        profile=request.GET.get("profile", ""),
    )
    form.offer(page.version_choices, page.profile_choices)
    kept = {
        name: request.GET[name] for name in ("version", "profile", *_DAYS) if request.GET.get(name)
    }
    context = {
        "form": form,
        "page": page,
        "is_narrowed": bool(kept),
        "links": {
            name: urlencode({key: value for key, value in kept.items() if key not in replaced})
            for name, replaced in _REPLACED.items()
        },
    }
    status = 400 if form.errors else 200
    return render(request, "predictions/quality/quality.html", context, status=status)


@needs({"GET": Action.READ_AGAIN})
def mine(request: SignedInRequest) -> HttpResponse:
    """One's own words against the model's and the doctor's, and one's own time."""
    form = SpanForm(request.GET, viewer=request.user)
    own = own_figures(request.user, form.span())
    context = {"form": form, "own": own, "is_narrowed": any(map(request.GET.get, _DAYS))}
    status = 400 if form.errors else 200
    return render(request, "predictions/quality/mine.html", context, status=status)
