"""Looks after stale work of all kinds, so that nothing depends on the broker's memory."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db.models import Model
from django.utils import timezone

from accounts.models import AuditAction, AuditEvent
from hematovision import leases, queue
from predictions import storage
from predictions.models import (
    Cell,
    CellExport,
    ClassificationJob,
    ImageArchive,
    ReportFile,
    Sample,
    SmearImage,
)
from predictions.services.exchange import outbox
from predictions.services.imaging import archive_claims, jobs
from predictions.services.reports import files
from predictions.services.research import claims as export_claims


@dataclass(frozen=True)
class Sweep:
    """What one pass did."""

    sent: int
    failed: int


def sweep() -> Sweep:
    """Send what nobody has claimed in time, and fail what no attempt is left for."""
    jobs_left = leases.exhausted(jobs.unfinished()).select_related("image__sample__laboratory")
    failed = sum(jobs.give_up(job) for job in jobs_left[: settings.JOB_RESEND_AT_MOST])
    failed += files.give_up_exhausted() + outbox.give_up_exhausted()
    failed += export_claims.give_up_exhausted()
    archives_left = leases.exhausted(archive_claims.unfinished()).select_related(
        "sample__laboratory"
    )
    failed += sum(archive_claims.give_up(archive) for archive in archives_left)
    sent = leases.send_due(jobs.unfinished(), _send) + files.send_due() + _send_added_cells()
    sent += outbox.send_due() + export_claims.send_due()
    sent += leases.send_due(archive_claims.unfinished(), _send_archive)
    return Sweep(sent=sent, failed=failed)


def _send_added_cells() -> int:
    """Send cells that people added and no worker has read in time; says how many went out."""
    waiting = Cell.objects.filter(awaits_engine=True).exclude(
        image__sample__state__in=Sample.FROZEN
    )
    keys = [str(key) for key in waiting.values_list("pk", flat=True)[: settings.JOB_RESEND_AT_MOST]]
    since = timezone.now() - timedelta(seconds=settings.JOB_RESEND_AFTER_S)
    added_lately = AuditEvent.objects.filter(
        action=AuditAction.CELL_ADDED, object_type="cell", object_id__in=keys, at__gt=since
    )
    due = sorted(set(keys) - set(added_lately.values_list("object_id", flat=True)))
    sent = 0
    for key in due:
        if not queue.send("predictions.name_added_cell", cell_id=key):
            break
        sent += 1
    return sent


def _send(job: ClassificationJob) -> bool:
    return queue.send("predictions.classify_image", job_id=str(job.pk))


def _send_archive(archive: ImageArchive) -> bool:
    return queue.send("predictions.unpack_archive", archive_id=str(archive.pk))


def remove_orphaned_files() -> int:
    """Delete orphaned files: stored, but named by no row since a crash came between the two.

    Looks at the days of the last week that ended more than a day ago; says how many went.
    """
    removed = 0
    today = timezone.now().date()
    for days in range(2, 9):
        for folder, (model, column) in _COLUMNS.items():
            names = storage.names_of_day(folder, today - timedelta(days=days))
            for begin in range(0, len(names), 500):
                part = names[begin : begin + 500]
                named = model._default_manager.filter(**{f"{column}__in": part})
                orphaned = set(part) - set(named.values_list(column, flat=True))
                storage.remove(*orphaned)
                removed += len(orphaned)
    return removed


_COLUMNS: dict[str, tuple[type[Model], str]] = {
    storage.ORIGINALS: (SmearImage, "original"),
    storage.RENDITIONS: (SmearImage, "rendition"),
    storage.THUMBNAILS: (SmearImage, "thumbnail"),
    storage.ARCHIVES: (ImageArchive, "file"),
    storage.REPORTS: (ReportFile, "name"),
    storage.EXPORTS: (CellExport, "file"),
}
