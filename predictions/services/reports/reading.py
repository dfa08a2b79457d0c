"""What is read of reports and written down: a file that is downloaded, a file that is verified."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from accounts.models import AuditAction, User
from accounts.policy import Action, require
from accounts.services.audit import record_read
from predictions.models import Report
from predictions.selectors.reports.reports import (
    SignedReport,
    file_of_report,
    pdf_bytes,
    report_for_viewer,
    report_of_file,
)


@dataclass(frozen=True)
class ReportPdf:
    """A report's file to hand out."""

    name: str
    data: bytes


def download_report(*, actor: User, report_id: UUID) -> ReportPdf | None:
    """The file of a report, and the entry that it was taken; none while it is being made.

    Raises:
        ReportNotFound: there is no such report in the actor's laboratory.
        ReportFileFailed: it could not be made.
        ReportFileDamaged: it is gone, or is not what was made.
    """
    require(actor, Action.SEE_REPORTS)
    file = file_of_report(actor, report_id)
    data = pdf_bytes(file)
    if data is None:
        return None
    _note(actor, file.report, AuditAction.REPORT_DOWNLOADED)
    return ReportPdf(name=f"{file.report}.pdf", data=data)


def verify_file(*, actor: User, data: bytes) -> SignedReport | None:
    """The signed report that these bytes are the file of; none where they are none of ours."""
    require(actor, Action.SEE_RESULTS)
    found = report_of_file(actor, data)
    if found is not None:
        _note(actor, found.report, AuditAction.REPORT_VERIFIED)
    return found


def verify_report(*, actor: User, report_id: UUID) -> SignedReport:
    """The signed report that a printed address names.

    Raises:
        ReportNotFound: there is no such report in the actor's laboratory.
    """
    require(actor, Action.SEE_RESULTS)
    found = report_for_viewer(actor, report_id)
    _note(actor, found.report, AuditAction.REPORT_VERIFIED)
    return found


def _note(actor: User, report: Report, action: AuditAction) -> None:
    record_read(action=action, actor=actor, laboratory=actor.laboratory, obj=report)
