"""What a sample comes to: its differential, signature and reports, and what was done with it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters

from accounts.models import AuditAction
from accounts.policy import Action, needs
from accounts.requests import SignedInRequest
from accounts.services.audit import record_read, record_viewed
from hematovision.csv_rows import csv_response
from hematovision.errors import DomainError
from hematovision.file_responses import attachment_response
from predictions.case_forms import ContactForm, SignForm
from predictions.errors import ChangedSinceSeen
from predictions.reports.phrases import standard_phrases
from predictions.requests import shown_here
from predictions.selectors.reports.reports import reports_of_sample
from predictions.selectors.reports.signing import SignPage, case_page, sign_page
from predictions.selectors.samples.page import short_head
from predictions.selectors.samples.reads import reads_of_sample
from predictions.selectors.samples.tables import CELL_COLUMNS, cell_table
from predictions.selectors.samples.timeline import sample_history as history_of
from predictions.services.reports import amending, contacts, signing
from predictions.services.reports.findings import keep_findings
from predictions.services.reports.preliminary import print_preliminary
from predictions.services.research.tables import research_cell_columns, research_cell_table


@needs({"GET": Action.SEE_RESULTS})
def differential(request: SignedInRequest, sample_id: UUID) -> HttpResponse:
    """The white-cell differential as it stands."""
    page = case_page(request.user, sample_id)
    context = {"page": page, "head": page.head, "sample": page.head.sample}
    if page.critical:
        context["contact_form"] = ContactForm()
    record_viewed(request.user, page.head.sample)
    return render(request, "predictions/case/differential.html", context)


@needs({"GET": Action.SEE_RESULTS})
def sample_history(request: SignedInRequest, sample_id: UUID) -> HttpResponse:
    """Who did what with a sample, and when."""
    history = history_of(request.user, sample_id)
    context = {
        "history": history,
        "reads": reads_of_sample(request.user, history.head.sample),
        "head": history.head,
        "sample": history.head.sample,
    }
    return render(request, "predictions/case/history.html", context)


@needs({"GET": Action.SEE_REPORTS})
def reports(request: SignedInRequest, sample_id: UUID) -> HttpResponse:
    """All versions of a sample's report, the newest first."""
    head = short_head(request.user, sample_id)
    context = {
        "head": head,
        "sample": head.sample,
        "reports": reports_of_sample(request.user, sample_id),
    }
    return render(request, "predictions/case/reports.html", context)


@needs({"GET": Action.SEE_REPORTS})
def preliminary(request: SignedInRequest, sample_id: UUID) -> HttpResponseBase:
    """What the report would say now, as a download that is marked as not signed."""
    pdf = print_preliminary(actor=request.user, sample_id=sample_id)
    return attachment_response(pdf.data, name=pdf.name)


@needs({"GET": Action.SEE_REPORTS})
def cells_table(request: SignedInRequest, sample_id: UUID) -> HttpResponseBase:
    """The cells of a sample as CSV."""
    head = short_head(request.user, sample_id)
    rows = cell_table(request.user, sample_id)
    record_read(
        action=AuditAction.TABLE_EXPORTED,
        actor=request.user,
        laboratory=request.user.laboratory,
        obj=head.sample,
    )
    # Numbers and references stay out of the names of files.
    return csv_response(CELL_COLUMNS, rows, name="cells.csv")


@needs({"GET": Action.EXPORT_RESEARCH})
def cells_research(request: SignedInRequest, sample_id: UUID) -> HttpResponseBase:
    """The same as it may leave: under study codes; diseases only where they are asked for."""
    with_diseases = request.GET.get("diseases") == "on"
    rows = research_cell_table(
        actor=request.user,
        sample_id=sample_id,
        project=request.GET.get("project", ""),
        with_diseases=with_diseases,
    )
    columns = research_cell_columns(with_diseases=with_diseases)
    return csv_response(columns, rows, name="research-cells.csv")


@needs({"GET": Action.SIGN_OUT, "POST": Action.SIGN_OUT})
@sensitive_post_parameters("password")
def sign(request: SignedInRequest, sample_id: UUID) -> HttpResponse:
    """What will be printed, what blocks, and the signature; a refusal keeps what was typed."""
    page = sign_page(request.user, sample_id)
    if request.method == "GET" and not page.head.can_sign:
        messages.info(
            request,
            f"This sample is {page.head.sample.get_state_display()}, so nobody can sign it now.",
        )
        return redirect("predictions:sample", sample_id=sample_id)
    if request.method == "GET":
        record_viewed(request.user, page.head.sample)
    form = _sign_form(request, page)
    if request.method == "POST" and form.is_valid():
        try:
            report = signing.sign(actor=request.user, sample_id=sample_id, **form.said())
        except DomainError as error:
            shown_here(error)
            form.take(error)
            return _sign_page(
                request,
                page,
                form,
                status=error.http_status,
                is_new=isinstance(error, ChangedSinceSeen),
            )
        messages.success(request, f"Report {report} is signed. Its PDF is being made.")
        return redirect("predictions:report", report_id=report.pk)
    return _sign_page(request, page, form, status=400 if form.is_bound else 200)


@needs({"POST": Action.SIGN_OUT})
@sensitive_post_parameters("password")
def findings(request: SignedInRequest, sample_id: UUID) -> HttpResponse:
    """Remember what is to be kept of the findings; all else that was typed stays in the form."""
    page = sign_page(request.user, sample_id)
    typed, status = _sign_form(request, page), 200
    typed.is_valid()
    try:
        keep_findings(actor=request.user, sample_id=sample_id, findings=typed.kept_findings())
    except DomainError as error:
        shown_here(error)
        messages.error(request, error.message)
        status = error.http_status
    else:
        messages.success(request, "The findings are kept until the report is signed.")
    if not page.head.can_sign:
        return redirect("predictions:sample", sample_id=sample_id)
    return _sign_page(request, page, _sign_form(request, page, is_signed=False), status=status)


@needs({"POST": Action.RECORD_CONTACTS})
def contact(request: SignedInRequest, sample_id: UUID) -> HttpResponse:
    """Record who was told a critical value; a refusal keeps what was typed."""
    form = ContactForm(request.POST)
    label = request.POST.get("label", "")
    page = case_page(request.user, sample_id)
    if form.is_valid():
        try:
            contacts.record_contact(
                actor=request.user, sample_id=sample_id, label=label, **form.cleaned_data
            )
        except DomainError as error:
            shown_here(error)
            form.take(error)
        else:
            messages.success(request, "The contact is on record.")
            where = "predictions:sign" if page.head.can_sign else "predictions:differential"
            return redirect(where, sample_id=sample_id)
    context = {
        "page": page,
        "head": page.head,
        "sample": page.head.sample,
        "contact_form": form,
        "contact_label": label,
    }
    return render(request, "predictions/case/differential.html", context, status=400)


@needs({"POST": Action.SIGN_OUT})
def alarm_acknowledge(request: SignedInRequest, sample_id: UUID) -> HttpResponse:
    """Record that a doctor has looked at what made one suspect blasts, or raised the alarm."""
    try:
        contacts.acknowledge_alarm(
            actor=request.user,
            sample_id=sample_id,
            note=request.POST.get("note", ""),
            seen=request.POST.get("seen", ""),
        )
    except DomainError as error:
        shown_here(error)
        messages.error(request, error.message)
    else:
        messages.success(request, "It is on record that you have looked.")
    return redirect("predictions:sign", sample_id=sample_id)


@needs({"POST": Action.SIGN_OUT})
def amendment_withdraw(request: SignedInRequest, sample_id: UUID) -> HttpResponse:
    """Close a sample again of which nothing was changed."""
    try:
        amending.withdraw_amendment(actor=request.user, sample_id=sample_id)
    except DomainError as error:
        shown_here(error)
        messages.error(request, error.message)
    else:
        messages.success(request, "The amendment is withdrawn; the signed report goes on to count.")
    return redirect("predictions:sample", sample_id=sample_id)


def _sign_form(request: SignedInRequest, page: SignPage, *, is_signed: bool = True) -> SignForm:
    """The form; of what is typed and not signed yet nothing is judged."""
    typed = request.POST if request.method == "POST" else None
    return SignForm(
        typed if is_signed else None,
        phrases=standard_phrases(),
        is_limited=page.is_limited,
        signed_before=page.signed_before,
        findings=page.findings,
        typed=None if is_signed else typed,
    )


def _sign_page(
    request: SignedInRequest, page: SignPage, form: SignForm, *, status: int, is_new: bool = False
) -> HttpResponse:
    """The page with its form.

    Args:
        is_new: whether its reader is told that the figures are others than before. Else the form
            keeps the digest it came with, so that no other refusal hides that they changed.
    """
    context: dict[str, Any] = {
        "page": page,
        "head": page.head,
        "sample": page.head.sample,
        "form": form,
        "seen": ("" if is_new else form["seen"].value()) or page.case.digest,
        "contact_form": ContactForm(),
    }
    return render(request, "predictions/case/sign.html", context, status=status)
