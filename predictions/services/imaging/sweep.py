"""Looks after stale jobs and files of reports, so that nothing depends on the broker's memory."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from hematovision import leases, queue
from predictions import storage
from predictions.models import ClassificationJob, ReportFile, SmearImage
from predictions.services.imaging import jobs
from predictions.services.reports import files


@dataclass(frozen=True)
class Sweep:
    """What one pass did."""

    sent: int
    failed: int


def sweep() -> Sweep:
    """Send what nobody has claimed in time, and fail what no attempt is left for."""
    jobs_left = leases.exhausted(jobs.unfinished()).select_related("image__sample__laboratory")
    failed = sum(jobs.give_up(job) for job in jobs_left[: settings.JOB_RESEND_AT_MOST])
    failed += files.give_up_exhausted()
    sent = leases.send_due(jobs.unfinished(), _send) + files.send_due()
    return Sweep(sent=sent, failed=failed)


def _send(job: ClassificationJob) -> bool:
    return queue.send("predictions.classify_image", job_id=str(job.pk))


def remove_orphaned_files() -> int:
    """Delete orphaned files: stored, but named by no row since a crash came between the two.

    Looks at the days of the last week that ended more than a day ago; says how many went.
    """
    removed = 0
    today = timezone.now().date()
    for days in range(2, 9):
        for folder, (rows, column) in _COLUMNS.items():
            names = storage.names_of_day(folder, today - timedelta(days=days))
            for begin in range(0, len(names), 500):
                part = names[begin : begin + 500]
                named = rows.objects.filter(**{f"{column}__in": part})
                orphaned = set(part) - set(named.values_list(column, flat=True))
                storage.remove(*orphaned)
                removed += len(orphaned)
    return removed


_COLUMNS: dict[str, tuple[type[SmearImage | ReportFile], str]] = {
    storage.ORIGINALS: (SmearImage, "original"),
    storage.RENDITIONS: (SmearImage, "rendition"),
    storage.THUMBNAILS: (SmearImage, "thumbnail"),
    storage.REPORTS: (ReportFile, "name"),
}
