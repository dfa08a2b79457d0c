"""Signed reports: those of a sample, one with its content, its file, and whether a file is one."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from uuid import UUID

from django.db.models import QuerySet

from accounts.models import User
from predictions import policy, storage
from predictions.errors import (
    OriginalMissing,
    ReportFileDamaged,
    ReportFileFailed,
    ReportNotFound,
    SampleNotFound,
)
from predictions.models import JobStatus, Report, ReportFile, Sample
from predictions.reports.content import ReportContent


@dataclass(frozen=True)
class SignedReport:
    """A report with what it says.

    Args:
        report: with its sample, signature and file.
        content: that was signed.
        replaced_by: the version that took its place; none where it is the newest.
        is_retracted: whether all versions were taken back.
    """

    report: Report
    content: ReportContent
    replaced_by: Report | None
    is_retracted: bool

    @property
    def is_valid(self) -> bool:
        """Whether it is what the laboratory says now."""
        return self.replaced_by is None and not self.is_retracted


def reports_of_sample(viewer: User, sample_id: UUID) -> list[Report]:
    """The versions of a sample's report, the newest first, with their signatures and files.

    Raises:
        SampleNotFound: there is no such sample in the viewer's laboratory.
    """
    if not policy.visible_samples(viewer).filter(pk=sample_id).exists():
        raise SampleNotFound()
    return list(_whole(viewer).filter(sample_id=sample_id).order_by("-version"))


def report_for_viewer(viewer: User, report_id: UUID) -> SignedReport:
    """One report with its content.

    Raises:
        ReportNotFound: there is no such report in the viewer's laboratory.
    """
    report = _whole(viewer).filter(pk=report_id).first()
    if report is None:
        raise ReportNotFound()
    return _signed(report)


def file_of_report(viewer: User, report_id: UUID) -> ReportFile:
    """The row of a report's file: whether it waits, is whole, or failed.

    Raises:
        ReportNotFound: there is no such report in the viewer's laboratory.
    """
    report = policy.visible_reports(viewer).select_related("file").filter(pk=report_id).first()
    if report is None:
        raise ReportNotFound()
    return report.file


def pdf_bytes(file: ReportFile) -> bytes | None:
    """The bytes of a report's file, verified; none while it is not made.

    Raises:
        ReportFileFailed: it could not be made.
        ReportFileDamaged: it is gone, or is not what was made.
        StorageUnavailable: the storage does not answer now.
    """
    if file.status == JobStatus.FAILED:
        raise ReportFileFailed(file.error)
    if file.status != JobStatus.SUCCEEDED:
        return None
    try:
        return storage.read_original(file.name, sha256=file.sha256)
    except OriginalMissing as error:
        raise ReportFileDamaged() from error


def report_of_file(viewer: User, data: bytes) -> SignedReport | None:
    """The report of the viewer's laboratory that these bytes are the file of; none if of none."""
    sha256 = hashlib.sha256(data).hexdigest()
    report = _whole(viewer).filter(file__sha256=sha256, file__status=JobStatus.SUCCEEDED).first()
    return None if report is None else _signed(report)


def _whole(viewer: User) -> QuerySet[Report]:
    return policy.visible_reports(viewer).select_related(
        "sample", "signature__by", "file", "replaced_by__signature"
    )


def _signed(report: Report) -> SignedReport:
    return SignedReport(
        report=report,
        content=ReportContent.from_json(report.content),
        replaced_by=getattr(report, "replaced_by", None),
        is_retracted=report.sample.state == Sample.State.RETRACTED,
    )
