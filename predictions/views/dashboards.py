"""The first page after sign-in, by what the person may do."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from accounts.policy import Action, allows, needs
from predictions.forms import SearchForm
from predictions.selectors import dashboards
from predictions.selectors.imaging.familiarity import upload_choices


@needs({"GET": Action.USE_OWN_ACCOUNT})
def dashboard(request: HttpRequest) -> HttpResponse:
    """The technician's bench, the admin's figures, or the newest results."""
    viewer: Any = request.user
    if allows(viewer, Action.UPLOAD_IMAGES):
        return _bench(request, viewer)
    if allows(viewer, Action.SEE_USAGE):
        usage = dashboards.usage(viewer)
        return render(request, "predictions/dashboard_admin.html", {"usage": usage})
    context = {"results": dashboards.recent_results(viewer), "search_form": SearchForm()}
    return render(request, "predictions/dashboard_doctor.html", context)


def _bench(request: HttpRequest, viewer: Any) -> HttpResponse:
    work = dashboards.bench_work(viewer)
    if request.htmx:  # type: ignore[attr-defined]
        return render(request, "predictions/partials/bench_work.html", {"work": work})
    context = {"work": work, "profiles": upload_choices(viewer)}
    return render(request, "predictions/dashboard_technician.html", context)
