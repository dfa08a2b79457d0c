"""Reference intervals and critical limits: everybody reads them, admins change them."""

from __future__ import annotations

from django.contrib import messages
from django.forms import BaseFormSet
from django.http import HttpResponse
from django.shortcuts import redirect, render

from accounts.policy import Action, needs
from accounts.requests import SignedInRequest
from predictions.errors import IntervalsMoved, IntervalsRefused
from predictions.forms import IntervalForm, IntervalLines, LimitForm, ShippedIntervalsForm
from predictions.selectors.laboratory import interval_pages as selectors
from predictions.services.laboratory import intervals as services


@needs({"GET": Action.SEE_INTERVALS})
def intervals(request: SignedInRequest) -> HttpResponse:
    """What is normal and what is critical, and every version of it."""
    return _page(request)


@needs({"GET": Action.MANAGE_LABORATORY, "POST": Action.MANAGE_LABORATORY})
def intervals_of_label(request: SignedInRequest, label: str) -> HttpResponse:
    """Change the intervals of one label."""
    held = selectors.intervals_of_label(request.user, label)
    typed = request.POST if request.method == "POST" else None
    lines = IntervalLines(
        typed, prefix="rows", initial=[IntervalForm.initial_of(row) for row in held.intervals]
    )
    form = LimitForm(typed, initial=LimitForm.initial_of(held))
    status, problems = 200, list[str]()
    if typed is not None:
        status = 400
        if lines.is_valid() and form.is_valid():
            try:
                _save(request, label, lines, form)
            except (IntervalsRefused, IntervalsMoved) as error:
                status, problems = error.http_status, _sentences(error)
            else:
                messages.success(request, f"The intervals of {held.name} are saved.")
                return redirect("predictions:intervals")
    context = {"held": held, "lines": lines, "form": form, "problems": problems}
    return render(request, "predictions/intervals_of_label.html", context, status=status)


@needs({"POST": Action.MANAGE_LABORATORY})
def intervals_shipped(request: SignedInRequest) -> HttpResponse:
    """Let the shipped intervals hold again."""
    form = ShippedIntervalsForm(request.POST)
    status = 400
    if form.is_valid():
        try:
            services.restore_shipped_intervals(actor=request.user, **form.cleaned_data)
        except (IntervalsRefused, IntervalsMoved) as error:
            form.take(error)
            status = error.http_status
        else:
            messages.success(request, "The intervals hold again as they are shipped.")
            return redirect("predictions:intervals")
    return _page(request, form, status=status)


def _page(
    request: SignedInRequest, form: ShippedIntervalsForm | None = None, *, status: int = 200
) -> HttpResponse:
    page = selectors.intervals_page(request.user)
    context = {
        "page": page,
        "form": form or ShippedIntervalsForm(initial={"seen_number": page.number}),
    }
    return render(request, "predictions/intervals.html", context, status=status)


def _save(
    request: SignedInRequest, label: str, lines: BaseFormSet[IntervalForm], form: LimitForm
) -> None:
    kept = [line for line in lines if line.has_changed() or line.initial]
    services.change_intervals_of_label(
        actor=request.user,
        label=label,
        intervals=[line.interval(label) for line in kept if not line.cleaned_data["DELETE"]],
        limit=form.limit(label),
        seen_number=form.cleaned_data["seen_number"],
        reason=form.cleaned_data["reason"],
    )


def _sentences(error: IntervalsRefused | IntervalsMoved) -> list[str]:
    return [sentence for found in error.fields.values() for sentence in found] or [error.message]
