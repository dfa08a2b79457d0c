"""What classifies in the laboratory, how it does, and how a version in shadow compares."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render

from accounts.policy import Action, needs
from accounts.requests import SignedInRequest
from mlmodels.selectors.versions.lists import models_page
from predictions.selectors.models.model_use import DAYS, scopes_in_use
from predictions.selectors.models.shadow_agreement import agreement_of


@needs({"GET": Action.SEE_MODELS})
def models(request: SignedInRequest) -> HttpResponse:
    """The active versions, the candidates, and the ledger."""
    page = models_page(request.user)
    context = {"page": page, "in_use": scopes_in_use(request.user, page.scopes), "days": DAYS}
    return render(request, "predictions/models.html", context)


@needs({"GET": Action.MANAGE_MODELS})
def shadow(request: SignedInRequest, version_id: UUID) -> HttpResponse:
    """How far a version in shadow agrees with what people saw."""
    return render(
        request, "predictions/shadow.html", {"agreement": agreement_of(request.user, version_id)}
    )
