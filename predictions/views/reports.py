"""Signed reports: what one says, its file, what becomes of it, and whether a file is genuine.

A report is shown as a page of ours, made from the same frozen content as its PDF. The PDF itself
is only ever a download: so no page needs to embed a file, and the policy for what a browser may
load stays closed.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.cache import get_conditional_response
from django.views.decorators.debug import sensitive_post_parameters

from accounts.policy import Action, needs
from accounts.requests import SignedInRequest
from accounts.services.audit import record_viewed
from hematovision.errors import DomainError
from hematovision.file_responses import attachment_response, private_no_cache
from hematovision.sent_files import the_file_in
from predictions import policy
from predictions.case_forms import RetractForm
from predictions.errors import StateRefused
from predictions.models import SampleEvent
from predictions.requests import shown_here
from predictions.selectors.reports.reports import SignedReport, file_of_report, report_for_viewer
from predictions.services.reports import amending, files, reading

# A report of forty classes with all its pictures is smaller by far.
LARGEST_PDF_BYTES = 20 * 1024**2
ASK_AGAIN_AFTER_S = 2


@needs({"GET": Action.SEE_REPORTS})
def report(request: SignedInRequest, report_id: UUID) -> HttpResponse:
    """What one version says, and what may be done with it."""
    signed = report_for_viewer(request.user, report_id)
    record_viewed(request.user, signed.report)
    return _page(request, signed, RetractForm())


@needs({"GET": Action.SEE_REPORTS})
def report_file(request: SignedInRequest, report_id: UUID) -> HttpResponse:
    """The part of the page that changes while the PDF is made; 304 while it does not."""
    file = file_of_report(request.user, report_id)
    etag = f'"{file.status}"'
    response = get_conditional_response(request, etag=etag)
    if response is None:
        context = {"report": file.report, "file": file}
        response = render(request, "predictions/case/partials/report_file.html", context)
    return private_no_cache(response, etag=etag)


@needs({"POST": Action.SEE_REPORTS})
def report_file_again(request: SignedInRequest, report_id: UUID) -> HttpResponse:
    """Ask for a PDF once more that could not be made."""
    files.ask_again(actor=request.user, report_id=report_id)
    return redirect("predictions:report", report_id=report_id)


@needs({"GET": Action.SEE_REPORTS})
def report_pdf(request: SignedInRequest, report_id: UUID) -> HttpResponseBase:
    """The PDF as a download; 202 while it is being made."""
    pdf = reading.download_report(actor=request.user, report_id=report_id)
    if pdf is not None:
        return attachment_response(pdf.data, name=pdf.name)
    file = file_of_report(request.user, report_id)
    context = {"report": file.report, "file": file}
    answer = render(request, "predictions/case/report_waits.html", context, status=202)
    answer["Retry-After"] = str(ASK_AGAIN_AFTER_S)
    return answer


@needs({"POST": Action.SIGN_OUT})
def report_amend(request: SignedInRequest, report_id: UUID) -> HttpResponse:
    """Open the sample of a signed report again, with a reason."""
    sample_id = report_for_viewer(request.user, report_id).report.sample_id
    try:
        amending.begin_amendment(
            actor=request.user, sample_id=sample_id, reason=request.POST.get("reason", "")
        )
    except DomainError as error:
        shown_here(error)
        messages.error(request, error.message)
        return redirect("predictions:report", report_id=report_id)
    messages.success(
        request, "The sample is open for an amendment. The signed report counts until you sign."
    )
    return redirect("predictions:sample", sample_id=sample_id)


@needs({"POST": Action.SIGN_OUT})
@sensitive_post_parameters("password")
def report_retract(request: SignedInRequest, report_id: UUID) -> HttpResponse:
    """Take a report back; a refusal keeps the reason that was typed."""
    signed = report_for_viewer(request.user, report_id)
    form = RetractForm(request.POST)
    if form.is_valid():
        try:
            amending.retract(
                actor=request.user, sample_id=signed.report.sample_id, **form.cleaned_data
            )
        except StateRefused as error:
            # Nothing is left to correct in the form, and the page shows it no more.
            messages.error(request, error.message)
            return redirect("predictions:report", report_id=report_id)
        except DomainError as error:
            shown_here(error)
            form.take(error)
        else:
            messages.success(request, f"Report {signed.report} is retracted.")
            return redirect("predictions:report", report_id=report_id)
    return _page(request, signed, form, status=400)


@needs({"GET": Action.SEE_RESULTS})
def report_verify(request: SignedInRequest, report_id: UUID) -> HttpResponse:
    """What the code on a printed report leads to: who signed it, and whether it still counts."""
    signed = reading.verify_report(actor=request.user, report_id=report_id)
    return render(request, "predictions/case/verify.html", {"signed": signed})


@needs({"GET": Action.SEE_RESULTS, "POST": Action.SEE_RESULTS})
def verify(request: SignedInRequest) -> HttpResponse:
    """Whether a PDF is a report that was signed here, and whether it still counts."""
    if request.method != "POST":
        return render(request, "predictions/case/verify.html")
    sent = the_file_in(request, "file")
    if sent is None:
        return _refused_file(request, "Choose the PDF of a report.", 400)
    if (sent.size or 0) > LARGEST_PDF_BYTES:
        return _refused_file(request, "This file is larger than any report. Choose a PDF.", 413)
    signed = reading.verify_file(actor=request.user, data=sent.read())
    context = {"signed": signed, "name": sent.name, "was_compared": True}
    return render(request, "predictions/case/verify.html", context)


def _refused_file(request: SignedInRequest, problem: str, status: int) -> HttpResponse:
    context = {"problem": problem}
    return render(request, "predictions/case/verify.html", context, status=status)


def _page(
    request: SignedInRequest, signed: SignedReport, form: RetractForm, *, status: int = 200
) -> HttpResponse:
    row = signed.report
    can_take = {
        kind: signed.replaced_by is None and policy.can_take(request.user, row.sample, kind)
        for kind in (SampleEvent.Kind.AMENDMENT_BEGUN, SampleEvent.Kind.RETRACTED)
    }
    context: dict[str, Any] = {
        "signed": signed,
        "report": row,
        "content": signed.content,
        "file": row.file,
        "sample": row.sample,
        "can_amend": can_take[SampleEvent.Kind.AMENDMENT_BEGUN],
        "can_retract": can_take[SampleEvent.Kind.RETRACTED],
        "retract_form": form,
    }
    return render(request, "predictions/case/report.html", context, status=status)
