"""The page of a model version, and what admins do with it: check, promote, roll back, shadow."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import get_conditional_response

from accounts.policy import Action, needs
from accounts.requests import SignedInRequest
from hematovision.file_responses import attachment_response, private_no_cache
from mlmodels.errors import LedgerMoved, ProfileNotFound, PromotionRefused
from mlmodels.selectors.versions.pages import gate_view, version_page
from mlmodels.services.versions import downloads, gates, promotions, shadows


@needs({"GET": Action.SEE_MODELS})
def version(request: SignedInRequest, version_id: UUID) -> HttpResponse:
    """The card of a version, its checks, and where it stands."""
    return _page(request, version_id)


@needs({"GET": Action.MANAGE_MODELS})
def version_file(request: SignedInRequest, version_id: UUID, name: str) -> HttpResponseBase:
    """One of its files, as a download."""
    file = downloads.download_model_file(actor=request.user, version_id=version_id, name=name)
    return attachment_response(file.data, name=file.name)


@needs({"POST": Action.MANAGE_MODELS})
def version_gate(request: SignedInRequest, version_id: UUID) -> HttpResponse:
    """Ask for a comparison with the active version."""
    gates.request_gate(actor=request.user, version_id=version_id, profile_id=_profile(request))
    page = reverse("mlmodels:version", kwargs={"version_id": version_id})
    return redirect(f"{page}#gate")


@needs({"GET": Action.SEE_MODELS})
def gate(request: SignedInRequest, gate_id: UUID) -> HttpResponse:
    """The part of the page that changes while a check is made; 304 while it does not."""
    check = gate_view(request.user, gate_id)
    response = get_conditional_response(request, etag=check.etag)
    if response is None:
        response = render(request, "mlmodels/partials/gate_check.html", {"check": check})
    return private_no_cache(response, etag=check.etag)


@needs({"POST": Action.MANAGE_MODELS})
def version_promote(request: SignedInRequest, version_id: UUID) -> HttpResponse:
    """Make it the active version; a refusal comes back with what was typed."""
    try:
        row = promotions.promote(
            actor=request.user,
            version_id=version_id,
            profile_id=_profile(request),
            reason=request.POST.get("reason", ""),
            seen=_seen(request),
        )
    except (PromotionRefused, LedgerMoved) as error:
        typed = {"problem": error.message, "typed_reason": request.POST.get("reason", "")}
        return _page(request, version_id, typed, status=error.http_status)
    messages.success(request, f"{row.version} classifies from now on.")
    return redirect("mlmodels:version", version_id=version_id)


@needs({"POST": Action.MANAGE_MODELS})
def version_reject(request: SignedInRequest, version_id: UUID) -> HttpResponse:
    """Set it aside for good."""
    rejected = promotions.reject_version(
        actor=request.user, version_id=version_id, reason=request.POST.get("reason", "")
    )
    messages.success(request, f"{rejected} is rejected.")
    return redirect("mlmodels:version", version_id=version_id)


@needs({"POST": Action.MANAGE_MODELS})
def shadow_start(request: SignedInRequest, version_id: UUID) -> HttpResponse:
    """Let it read along unseen."""
    shadow = shadows.start_shadow(actor=request.user, version_id=version_id)
    messages.success(request, f"{shadow.version} reads along from now on, unseen.")
    return redirect("mlmodels:version", version_id=version_id)


@needs({"POST": Action.MANAGE_MODELS})
def shadow_end(request: SignedInRequest, version_id: UUID) -> HttpResponse:
    """Let it read along no more."""
    shadow = shadows.end_shadow(actor=request.user, version_id=version_id)
    messages.success(request, f"{shadow.version} reads along no more; what it read is kept.")
    return redirect("mlmodels:version", version_id=version_id)


@needs({"POST": Action.MANAGE_MODELS})
def roll_back(request: SignedInRequest) -> HttpResponse:
    """Let the version before classify again."""
    return _gone_back(request, promotions.roll_back)


@needs({"POST": Action.MANAGE_MODELS})
def return_to_shipped(request: SignedInRequest) -> HttpResponse:
    """Let what comes with the program classify again."""
    return _gone_back(request, promotions.return_to_shipped)


def _gone_back(request: SignedInRequest, act: Any) -> HttpResponse:
    row = act(
        actor=request.user,
        profile_id=_profile(request),
        reason=request.POST.get("reason", ""),
        seen=_seen(request),
    )
    now = f"{row.version} classifies again." if row.version else "What is shipped classifies again."
    messages.success(request, now)
    return redirect("models")


def _page(
    request: SignedInRequest, version_id: UUID, typed: Any = None, *, status: int = 200
) -> HttpResponse:
    context = {"page": version_page(request.user, version_id), **(typed or {})}
    return render(request, "mlmodels/version.html", context, status=status)


def _profile(request: HttpRequest) -> UUID | None:
    """The imaging profile that a form names; empty stands for all.

    Raises:
        ProfileNotFound: it is none.
    """
    sent = request.POST.get("profile", "").strip()
    try:
        return UUID(sent) if sent else None
    except ValueError as error:
        raise ProfileNotFound() from error


def _seen(request: HttpRequest) -> int | None:
    """The ledger's last number when the page was made; none where it is not said."""
    sent = request.POST.get("seen", "")
    return int(sent) if sent.isascii() and sent.isdecimal() and len(sent) < 12 else None
