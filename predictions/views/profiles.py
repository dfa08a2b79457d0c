"""Imaging profiles: the list, what is said of one, and its onboarding.

They stand here and not with the models: what they show was found in the laboratory's images.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render

from accounts.policy import Action, needs
from accounts.requests import SignedInRequest
from mlmodels.errors import ProfileInvalid, TrainingRefused
from mlmodels.ml.adaptation.reviewed_cells import FEWEST_CELLS, MOST_CELLS
from mlmodels.models import ImagingProfile
from mlmodels.selectors.profiles import (
    declarable_classes,
    profile_for_viewer,
    profiles_of,
)
from mlmodels.services import profiles as services
from mlmodels.services.profiles import ProfileFields
from predictions.errors import OnboardingRefused
from predictions.forms import ProfileForm
from predictions.selectors.imaging.familiarity import profile_rows
from predictions.selectors.models.onboarding import onboarding_of
from predictions.services import onboarding as onboarding_services


@needs({"GET": Action.MANAGE_PROFILES})
def profile_list(request: SignedInRequest) -> HttpResponse:
    """Every profile with its familiarity now."""
    rows = profile_rows(request.user, profiles_of(request.user))
    context = {"rows": rows, "to_onboard": [r for r in rows if _asks(r)]}
    return render(request, "predictions/profiles.html", context)


@needs({"GET": Action.MANAGE_PROFILES, "POST": Action.MANAGE_PROFILES})
def profile_new(request: SignedInRequest) -> HttpResponse:
    """Add a profile."""
    return _form_page(
        request,
        ProfileForm(
            request.POST if request.method == "POST" else None,
            classes=declarable_classes(request.user, None),
        ),
        lambda fields: services.create_profile(actor=request.user, fields=fields),
        "{} can be chosen at upload now.",
    )


@needs({"GET": Action.MANAGE_PROFILES, "POST": Action.MANAGE_PROFILES})
def profile_change(request: SignedInRequest, profile_id: UUID) -> HttpResponse:
    """Say something else of a profile."""
    profile = profile_for_viewer(request.user, profile_id)
    initial = {name: getattr(profile, name) for name in asdict(ProfileFields(""))}
    return _form_page(
        request,
        ProfileForm(
            request.POST if request.method == "POST" else None,
            classes=declarable_classes(request.user, profile),
            initial=initial,
        ),
        lambda fields: services.change_profile(
            actor=request.user, profile_id=profile_id, fields=fields
        ),
        "{} is changed.",
        profile=profile,
    )


@needs({"GET": Action.MANAGE_PROFILES})
def profile(request: SignedInRequest, profile_id: UUID) -> HttpResponse:
    """The profile and its onboarding."""
    return _onboarding_page(request, profile_id)


@needs({"POST": Action.MANAGE_PROFILES})
def profile_default(request: SignedInRequest, profile_id: UUID) -> HttpResponse:
    """Let uploads that name none take this profile."""
    return _done(request, services.make_default, profile_id, "{} is the default now.")


@needs({"POST": Action.MANAGE_PROFILES})
def profile_retire(request: SignedInRequest, profile_id: UUID) -> HttpResponse:
    """Offer the profile no longer at upload."""
    return _done(
        request, services.retire_profile, profile_id, "{} is retired: uploads cannot choose it."
    )


@needs({"POST": Action.MANAGE_PROFILES})
def profile_use_again(request: SignedInRequest, profile_id: UUID) -> HttpResponse:
    """Offer a retired profile again."""
    return _done(request, services.use_again, profile_id, "{} can be chosen at upload again.")


@needs({"POST": Action.TRAIN_MODELS})
def profile_adapt(request: SignedInRequest, profile_id: UUID) -> HttpResponse:
    """Ask for an adaptation to the reviewed cells."""
    try:
        onboarding_services.request_adaptation(actor=request.user, profile_id=profile_id)
    except (OnboardingRefused, TrainingRefused) as error:
        return _onboarding_page(request, profile_id, error.message, status=error.http_status)
    messages.success(request, "The adaptation is queued. This page shows what it comes to.")
    return redirect("predictions:profile", profile_id=profile_id)


def _onboarding_page(
    request: SignedInRequest, profile_id: UUID, problem: str = "", *, status: int = 200
) -> HttpResponse:
    context = {
        "onboarding": onboarding_of(request.user, profile_id),
        "fewest": FEWEST_CELLS,
        "most": MOST_CELLS,
        "problem": problem,
    }
    return render(request, "predictions/profile.html", context, status=status)


def _form_page(
    request: SignedInRequest,
    form: ProfileForm,
    save: Callable[[ProfileFields], ImagingProfile],
    told: str,
    **context: Any,
) -> HttpResponse:
    """Show the form, or what was wrong with it, or go back to the list."""
    if form.is_bound and form.is_valid():
        try:
            saved = save(ProfileFields(**form.cleaned_data))
        except ProfileInvalid as error:
            form.take(error)
        else:
            messages.success(request, told.format(saved.name))
            return redirect("predictions:profiles")
    status = 400 if form.is_bound else 200
    return render(
        request, "predictions/profile_form.html", {"form": form, **context}, status=status
    )


def _done(
    request: SignedInRequest, service: Callable[..., ImagingProfile], profile_id: UUID, told: str
) -> HttpResponse:
    """Change one thing and go back to the list, with what was done or why not."""
    try:
        changed = service(actor=request.user, profile_id=profile_id)
    except ProfileInvalid as error:
        messages.error(request, error.message)
    else:
        messages.success(request, told.format(changed.name))
    return redirect("predictions:profiles")


def _asks(row: Any) -> bool:
    return not row.profile.is_retired and row.familiarity.asks_for_onboarding
