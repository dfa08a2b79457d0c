"""Drift: what is watched, what was found changed, and an admin's word on it."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render

from accounts.policy import Action, needs
from accounts.requests import SignedInRequest
from predictions.errors import DriftAnswerRefused, ReasonMissing
from predictions.models import DriftFinding
from predictions.selectors.quality.drift import drift_page
from predictions.services.quality.drift import answer_findings


@needs({"GET": Action.SEE_USAGE})
def drift(request: SignedInRequest) -> HttpResponse:
    """Each profile with its last weeks."""
    return _page(request)


@needs({"POST": Action.SEE_USAGE})
def drift_answer(request: SignedInRequest, watch_id: UUID) -> HttpResponse:
    """Say what is behind a change."""
    try:
        answer_findings(
            actor=request.user,
            watch_id=watch_id,
            finding_ids=request.POST.getlist("finding"),
            cause=request.POST.get("cause", ""),
            reason=request.POST.get("reason", ""),
            usual=request.POST.get("usual", ""),
        )
    except (ReasonMissing, DriftAnswerRefused) as error:
        return _page(request, watch_id=watch_id, problem=error.message, status=400)
    messages.success(request, "Answered; your reason stands in the trail.")
    return redirect("predictions:drift")


def _page(
    request: SignedInRequest,
    *,
    watch_id: UUID | None = None,
    problem: str = "",
    status: int = 200,
) -> HttpResponse:
    context = {
        "profiles": drift_page(request.user),
        "causes": DriftFinding.Cause.choices,
        "refused": watch_id,
        "problem": problem,
        "typed": request.POST,
    }
    return render(request, "predictions/quality/drift.html", context, status=status)
