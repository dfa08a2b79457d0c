"""The audit trail, for the laboratory's admins: who did what, and whether the chain holds."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render

from accounts.errors import ReasonNeeded
from accounts.forms import TrailForm
from accounts.models import AuditAction
from accounts.policy import Action, needs
from accounts.requests import SignedInRequest
from accounts.selectors.trail import EXPORTED_COLUMNS, exported, trail_page
from accounts.services.audit import record_read
from accounts.services.audit_checks import dismiss_alert
from hematovision.csv_rows import csv_response


@needs({"GET": Action.SEE_AUDIT})
def audit(request: SignedInRequest) -> HttpResponse:
    """The trail, filtered, the newest first."""
    return _page(request)


@needs({"GET": Action.SEE_AUDIT})
def audit_export(request: SignedInRequest) -> HttpResponseBase:
    """What the page's filter asks for, as CSV."""
    form = TrailForm(request.GET, viewer=request.user)
    asked = form.asked()
    said = {name: str(value) for name, value in vars(asked).items() if value}
    record_read(
        action=AuditAction.AUDIT_EXPORTED,
        actor=request.user,
        laboratory=request.user.laboratory,
        changes={name: [None, value] for name, value in said.items()},
    )
    return csv_response(EXPORTED_COLUMNS, exported(request.user, asked), name="audit-trail.csv")


@needs({"POST": Action.SEE_AUDIT})
def audit_alert_dismiss(request: SignedInRequest, check_id: UUID) -> HttpResponse:
    """Take an alert away, with a reason."""
    try:
        dismiss_alert(actor=request.user, check_id=check_id, reason=request.POST.get("reason", ""))
    except ReasonNeeded as error:
        return _page(request, problem=error.message, status=400)
    messages.success(request, "The alert is dismissed; the reason stands in the trail.")
    return redirect("accounts:audit")


def _page(request: SignedInRequest, *, problem: str = "", status: int = 200) -> HttpResponse:
    form = TrailForm(request.GET, viewer=request.user)
    before = request.GET.get("before", "")
    page = trail_page(
        request.user, form.asked(), before=int(before) if _is_position(before) else None
    )
    context: dict[str, Any] = {
        "form": form,
        "page": page,
        "problem": problem,
        "query": _query(request),
    }
    return render(request, "accounts/audit.html", context, status=status)


def _is_position(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 18


def _query(request: HttpRequest) -> str:
    """The filter as it stands in the address, without the page."""
    query = request.GET.copy()
    query.pop("before", None)
    return query.urlencode()
