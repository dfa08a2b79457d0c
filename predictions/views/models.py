"""What classifies in the laboratory, how it does, and how a version in shadow compares."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render

from accounts.models import AuditAction
from accounts.policy import Action, needs
from accounts.requests import SignedInRequest
from accounts.services.audit import record_read
from hematovision.csv_rows import csv_response
from mlmodels.selectors.versions.active import version_for_viewer
from mlmodels.selectors.versions.lists import models_page
from predictions.selectors.models.model_use import DAYS, scopes_in_use
from predictions.selectors.models.shadow_agreement import agreement_of
from predictions.selectors.models.touched_reports import COLUMNS, touched_page, touched_table


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


@needs({"GET": Action.MANAGE_MODELS})
def touched_reports(request: SignedInRequest, version_id: UUID) -> HttpResponse:
    """The signed reports whose cells a version found."""
    page = touched_page(request.user, version_id, before=request.GET.get("before", ""))
    return render(request, "predictions/models_reports.html", {"page": page})


@needs({"GET": Action.MANAGE_MODELS})
def touched_reports_table(request: SignedInRequest, version_id: UUID) -> HttpResponseBase:
    """All of them as CSV: the list to recall."""
    version = version_for_viewer(request.user, version_id)
    record_read(
        action=AuditAction.VERSION_RECALLED,
        actor=request.user,
        laboratory=request.user.laboratory,
        obj=version,
        changes={"version": [None, str(version)]},
    )
    return csv_response(COLUMNS, touched_table(request.user, version), name="reports.csv")
