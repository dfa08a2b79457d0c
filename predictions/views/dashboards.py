"""The first page after sign-in, by what the person may do."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from accounts.policy import Action, allows, needs
from accounts.selectors.trail import alerts, last_check
from predictions.forms import SearchForm
from predictions.selectors import dashboards, desks
from predictions.selectors.imaging.familiarity import upload_choices
from predictions.selectors.quality.drift import drift_alerts


@needs({"GET": Action.USE_OWN_ACCOUNT})
def dashboard(request: HttpRequest) -> HttpResponse:
    """The technician's bench, the admin's figures, or what waits for the doctor."""
    viewer: Any = request.user
    if allows(viewer, Action.UPLOAD_IMAGES):
        return _bench(request, viewer)
    if allows(viewer, Action.SEE_USAGE):
        usage = dashboards.usage(viewer)
        context = {
            "usage": usage,
            "alerts": alerts(viewer),
            "last_check": last_check(viewer),
            "drift_alerts": drift_alerts(viewer),
        }
        return render(request, "predictions/dashboard_admin.html", context)
    context = {"desk": desks.doctors_desk(viewer), "search_form": SearchForm()}
    return render(request, "predictions/dashboard_doctor.html", context)


@needs({"GET": Action.REVIEW_CELLS})
def to_review(request: HttpRequest) -> HttpResponse:
    """The part of the first page that tells which samples wait for a look; it asks for itself."""
    viewer: Any = request.user
    context = {"to_review": desks.samples_to_review(viewer)}
    return render(request, "predictions/partials/to_review.html", context)


def _bench(request: HttpRequest, viewer: Any) -> HttpResponse:
    work = dashboards.bench_work(viewer)
    if request.htmx:  # type: ignore[attr-defined]
        return render(request, "predictions/partials/bench_work.html", {"work": work})
    context = {
        "work": work,
        "profiles": upload_choices(viewer),
        "search_form": SearchForm(),
    }
    return render(request, "predictions/dashboard_technician.html", context)
