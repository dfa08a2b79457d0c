"""A print of what a report would say now; made while one waits, and kept nowhere."""

from __future__ import annotations

from uuid import UUID

from accounts.models import AuditAction, User
from accounts.policy import Action, require
from accounts.services.audit import record_read
from predictions.errors import ReportFileFailed, StateRefused
from predictions.reports.canonical import ContentInvalid
from predictions.reports.pdf import render
from predictions.selectors.reports.contents import preliminary_content
from predictions.selectors.samples.samples import sample_for_viewer
from predictions.services.reports.pictures import cut_pictures
from predictions.services.reports.reading import ReportPdf


def print_preliminary(*, actor: User, sample_id: UUID) -> ReportPdf:
    """What the report would say now, marked on every page as not signed.

    Raises:
        SampleNotFound: there is no such sample in the actor's laboratory.
        StateRefused: nothing of the sample changes any more, so nothing of it is preliminary.
        ReportFileFailed: something that is said of it cannot be printed.
        StorageUnavailable: the storage of pictures does not answer now.
    """
    require(actor, Action.SEE_REPORTS)
    sample = sample_for_viewer(actor, sample_id)
    if sample.is_frozen:
        raise StateRefused(
            f"This sample is {sample.get_state_display()}, so there is no preliminary print of "
            "it. What was signed stands under its reports."
        )
    content = preliminary_content(actor, sample_id)
    try:
        data = render(content, cut_pictures(content, laboratory_id=sample.laboratory_id))
    except ContentInvalid as error:
        raise ReportFileFailed(str(error)) from error
    record_read(
        action=AuditAction.REPORT_DOWNLOADED,
        actor=actor,
        laboratory=actor.laboratory,
        obj=sample,
        changes={"status": [None, content.status]},
    )
    # Numbers and references stay out of the names of files.
    return ReportPdf(name="preliminary.pdf", data=data)
