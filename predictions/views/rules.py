"""What the laboratory asks of its cases, for its admins."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render

from accounts.policy import Action, needs
from accounts.requests import SignedInRequest
from predictions.errors import RulesInvalid, RulesRefused
from predictions.forms import RulesForm
from predictions.selectors.laboratory.rules_pages import rules_page
from predictions.services.laboratory.rules import change_rules


@needs({"GET": Action.MANAGE_LABORATORY, "POST": Action.MANAGE_LABORATORY})
def rules(request: SignedInRequest) -> HttpResponse:
    """How many cells, who sees them, how numbers are compared."""
    page = rules_page(request.user)
    form = RulesForm(request.POST if request.method == "POST" else None, page=page)
    status = 200
    if form.is_bound:
        status = 400
        if form.is_valid():
            try:
                change_rules(actor=request.user, changes=form.cleaned_data)
            except (RulesInvalid, RulesRefused) as error:
                form.take(error)
                status = error.http_status
            else:
                messages.success(request, "The rules are saved.")
                return redirect("predictions:rules")
    return render(request, "predictions/rules.html", {"form": form, "page": page}, status=status)
