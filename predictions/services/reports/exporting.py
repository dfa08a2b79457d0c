"""A signed report for other programs: as FHIR and as HL7, with the entry that it was taken."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings

from accounts.models import AuditAction, User
from accounts.policy import Action, require
from accounts.services.audit import record_read
from predictions.errors import NotNewest, NotSigned, ReportFileDamaged, ReportFileFailed
from predictions.exchange.fhir import Issued, Kind, bundle_of
from predictions.exchange.fhir_checks import refuse_faults
from predictions.exchange.hl7_results import Envelope, control_id_of, message_of
from predictions.exchange.results import signature_of
from predictions.models import Report
from predictions.selectors.reports.contents import moment
from predictions.selectors.reports.exchange import label_codes, replaced_content
from predictions.selectors.reports.reports import (
    SignedReport,
    pdf_bytes,
    report_for_viewer,
    reports_of_sample,
)


@dataclass(frozen=True)
class Message:
    """An HL7 message to hand out."""

    name: str
    text: str


def fhir_of_report(*, actor: User, report_id: UUID, kind: Kind = "collection") -> dict[str, Any]:
    """The FHIR Bundle of a signed report.

    Raises:
        ReportNotFound: there is no such report in the actor's laboratory.
        NotNewest: as a transaction it would take the place of a later version.
        BundleInvalid: nobody could read it.
        StorageUnavailable: the storage does not answer now.
    """
    require(actor, Action.SEE_REPORTS)
    found = report_for_viewer(actor, report_id)
    if kind == "transaction" and found.replaced_by is not None:
        raise NotNewest()
    bundle = bundle_of(
        found.content,
        Issued(
            report_id=found.report.pk,
            laboratory_id=found.report.laboratory_id,
            address=settings.PUBLIC_ADDRESS,
            is_retracted=found.is_retracted,
            at=_at(found),
            pdf=_pdf(found.report),
        ),
        label_codes(actor.laboratory),
        kind=kind,
        replaced=replaced_content(found.report),
    )
    refuse_faults(bundle)
    _note(actor, found.report)
    return bundle


def fhir_of_sample(*, actor: User, sample_id: UUID, kind: Kind = "collection") -> dict[str, Any]:
    """The FHIR Bundle of the newest report of a sample.

    Raises:
        SampleNotFound: there is no such sample in the actor's laboratory.
        NotSigned: it has no report yet.
        StorageUnavailable: the storage does not answer now.
    """
    require(actor, Action.SEE_REPORTS)
    newest = next(iter(reports_of_sample(actor, sample_id)), None)
    if newest is None:
        raise NotSigned()
    return fhir_of_report(actor=actor, report_id=newest.pk, kind=kind)


def hl7_of_report(*, actor: User, report_id: UUID) -> Message:
    """The HL7 message of a signed report, without its file.

    Raises:
        ReportNotFound: there is no such report in the actor's laboratory.
    """
    require(actor, Action.SEE_REPORTS)
    found = report_for_viewer(actor, report_id)
    text = message_of(
        found.content,
        _envelope(found),
        label_codes(actor.laboratory),
        replaced=replaced_content(found.report),
    )
    _note(actor, found.report)
    return Message(f"{found.report}.hl7", text)


def _envelope(found: SignedReport) -> Envelope:
    return Envelope(
        control_id=control_id_of(found.report.pk, f"exported {found.is_retracted}"),
        sent_at=_at(found) or signature_of(found.content).signed_at,
        placer_number=found.report.sample.order_number,
        is_retracted=found.is_retracted,
    )


def _at(found: SignedReport) -> str:
    """When a report was taken back; empty for one that was not."""
    return moment(found.report.sample.state_changed_at) if found.is_retracted else ""


def _pdf(report: Report) -> bytes | None:
    """Its file where there is one; the bundle says where it can be had in any case."""
    try:
        return pdf_bytes(report.file)
    except (ReportFileFailed, ReportFileDamaged):
        return None


def _note(actor: User, report: Report) -> None:
    record_read(
        action=AuditAction.REPORT_EXPORTED, actor=actor, laboratory=actor.laboratory, obj=report
    )
