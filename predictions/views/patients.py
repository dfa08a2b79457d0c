"""The pages of one patient: all samples over time, and two of them side by side."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render

from accounts.policy import Action, needs
from accounts.requests import SignedInRequest
from accounts.services.audit import record_viewed
from predictions.selectors.reports.beside import beside_page
from predictions.selectors.reports.patient import patient_page


@needs({"GET": Action.SEE_PATIENTS})
def patient(request: SignedInRequest, sample_id: UUID) -> HttpResponse:
    """All samples of the patient, over time."""
    page = patient_page(request.user, sample_id)
    record_viewed(request.user, *{page.head.sample, *(visit.sample for visit in page.visits)})
    context = {"page": page, "head": page.head, "sample": page.head.sample}
    return render(request, "predictions/case/patient.html", context)


@needs({"GET": Action.SEE_PATIENTS})
def beside(request: SignedInRequest, sample_id: UUID, other_id: UUID) -> HttpResponse:
    """A sample beside another one of the same patient, with the cells of one class of both."""
    page = beside_page(request.user, sample_id, other_id, request.GET.get("class", ""))
    record_viewed(request.user, page.other, page.head.sample)
    context = {"page": page, "head": page.head, "sample": page.head.sample}
    return render(request, "predictions/case/beside.html", context)
