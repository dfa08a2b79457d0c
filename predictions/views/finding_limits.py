"""The limits of findings: everybody reads them, admins change them."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render

from accounts.policy import Action, needs
from accounts.requests import SignedInRequest
from predictions.errors import LimitInvalid
from predictions.forms import FindingLimitsForm
from predictions.selectors.laboratory.finding_limits import limits_page
from predictions.services.laboratory.finding_limits import change_limits


@needs({"GET": Action.SEE_INTERVALS, "POST": Action.MANAGE_LABORATORY})
def finding_limits(request: SignedInRequest) -> HttpResponse:
    """What findings go by beside reference intervals."""
    page = limits_page(request.user)
    form = FindingLimitsForm(request.POST if request.method == "POST" else None, page=page)
    status = 200
    if form.is_bound:
        status = 400
        if form.is_valid():
            try:
                change_limits(actor=request.user, **form.said())
            except LimitInvalid as error:
                form.take(error)
            else:
                messages.success(request, "The limits of findings are saved.")
                return redirect("predictions:finding_limits")
    context = {"page": page, "form": form}
    return render(request, "predictions/finding_limits.html", context, status=status)
