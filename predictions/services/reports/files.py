"""The life of a report's file: asked for with the signature, made by a worker, or failed.

How a claim holds is the business of `hematovision.leases`; here is what it means for a report.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import AuditAction, User
from accounts.policy import Action, require
from accounts.services.audit import record_event
from hematovision import leases, queue
from hematovision.queue import enqueue_on_commit
from predictions import policy
from predictions.errors import ReportNotFound
from predictions.models import JobStatus, Report, ReportFile


@dataclass(frozen=True)
class Claim:
    """A file that this process makes for as long as its lease is renewed.

    Args:
        report: whose file it is.
        fence: what the row's fence must still be when something is written.
    """

    report: Report
    fence: int


def claim(report_id: UUID) -> Claim | None:
    """Take a file that waits to be made and that nobody holds; none if it is not to be had."""
    taken = leases.claim(unfinished(), report_id, status=JobStatus.RUNNING)
    if taken is None:
        return None
    report = Report.objects.select_related("laboratory").get(pk=taken.pk)
    return Claim(report, taken.fence)


def renew(held: Claim) -> bool:
    """Prolong the lease; false when the file is no longer this process's."""
    return leases.renew(_held(held))


def release(held: Claim) -> bool:
    """Give a file back for another attempt, after what may pass; false when it is lost."""
    return leases.release(_held(held), status=JobStatus.QUEUED, **leases.just_sent())


def record(held: Claim, *, name: str, sha256: str, size_bytes: int) -> bool:
    """Note where the whole file lies and what it hashes to.

    Returns:
        False, and nothing written, when the fence is old.
    """
    with transaction.atomic():
        ended = leases.finish(
            _held(held),
            status=JobStatus.SUCCEEDED,
            error="",
            name=name,
            sha256=sha256,
            size_bytes=size_bytes,
            finished_at=timezone.now(),
        )
        if not ended:
            return False
        record_event(
            action=AuditAction.REPORT_MADE,
            actor=None,
            laboratory=held.report.laboratory,
            obj=held.report,
            changes={"sha256": [None, sha256]},
        )
    return True


def fail(held: Claim, sentence: str) -> bool:
    """End a file that cannot be made; false, and nothing written, when the fence is old."""
    return _fail(_held(held), sentence)


def ask_again(*, actor: User, report_id: UUID) -> ReportFile:
    """Ask for the file of a report once more where it failed; else nothing changes.

    Raises:
        ReportNotFound: there is no such report in the actor's laboratory.
    """
    require(actor, Action.SEE_REPORTS)
    with transaction.atomic():
        if not policy.visible_reports(actor).filter(pk=report_id).exists():
            raise ReportNotFound()
        failed = ReportFile.objects.filter(pk=report_id, status=JobStatus.FAILED)
        waits = {"status": JobStatus.QUEUED, "attempts": 0, "error": "", "finished_at": None}
        if failed.update(**waits, queued_at=timezone.now(), **leases.just_sent()):
            enqueue_on_commit("predictions.make_report", report_id=str(report_id))
    return ReportFile.objects.get(pk=report_id)


def give_up_exhausted() -> int:
    """Fail those that no attempt is left for; says how many."""
    sentence = (
        f"The file could not be made in {settings.JOB_MAX_ATTEMPTS} attempts. Ask for it again; "
        "if it fails again, tell the operator."
    )
    exhausted = leases.exhausted(unfinished())
    rows = exhausted[: settings.JOB_RESEND_AT_MOST]
    return sum(_fail(leases.left(exhausted, row), sentence) for row in rows)


def send_due() -> int:
    """Send what nobody has claimed in time; says how many."""
    return leases.send_due(unfinished(), _send)


def unfinished() -> QuerySet[ReportFile]:
    """Files that wait for a worker or that one makes."""
    return ReportFile.objects.filter(status__in=(JobStatus.QUEUED, JobStatus.RUNNING))


def _send(row: ReportFile) -> bool:
    return queue.send("predictions.make_report", report_id=str(row.pk))


def _held(held: Claim) -> QuerySet[ReportFile]:
    return leases.held(unfinished(), {held.report.pk: held.fence})


def _fail(rows: QuerySet[ReportFile], sentence: str) -> bool:
    return leases.finish(rows, status=JobStatus.FAILED, error=sentence, finished_at=timezone.now())
