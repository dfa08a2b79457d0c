"""Looks after jobs that were left behind, so that nothing depends on the broker's memory."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db.models import F, Q
from django.utils import timezone

from hematovision import queue
from predictions import storage
from predictions.models import ClassificationJob, SmearImage
from predictions.services.imaging import jobs

# The delay doubles with each message sent in vain, up to this many times: from 30 s to 16 min.
_MOST_DOUBLINGS = 5


@dataclass(frozen=True)
class Sweep:
    """What one pass did."""

    sent: int
    failed: int


def sweep() -> Sweep:
    """Send what nobody has claimed in time, and fail what no attempt is left for.

    At most `JOB_RESEND_AT_MOST` messages go out in a pass, and none after the broker refused one.
    """
    failed = sum(jobs.give_up(job) for job in _exhausted())
    sent = 0
    for job in _due():
        outcome = _send_again(job)
        if outcome is False:
            break
        sent += bool(outcome)
    return Sweep(sent=sent, failed=failed)


def remove_unnamed_files() -> int:
    """Delete stored files that no row names, which a crash between bytes and rows leaves behind.

    Looks at the days of the last week that ended more than a day ago; says how many went.
    """
    removed = 0
    today = timezone.now().date()
    for days in range(2, 9):
        for folder, column in _COLUMNS.items():
            names = storage.names_of_day(folder, today - timedelta(days=days))
            for begin in range(0, len(names), 500):
                part = names[begin : begin + 500]
                named = SmearImage.objects.filter(**{f"{column}__in": part})
                unnamed = set(part) - set(named.values_list(column, flat=True))
                storage.remove(*unnamed)
                removed += len(unnamed)
    return removed


_COLUMNS = {
    storage.ORIGINALS: "original",
    storage.RENDITIONS: "rendition",
    storage.THUMBNAILS: "thumbnail",
}


def _exhausted() -> list[ClassificationJob]:
    """Unheld jobs whose last attempt is over."""
    rows = ClassificationJob.objects.filter(
        jobs.unheld(), attempts__gte=settings.JOB_MAX_ATTEMPTS
    ).select_related("image__sample__laboratory")
    return list(rows[: settings.JOB_RESEND_AT_MOST])


def _due() -> list[ClassificationJob]:
    """Unheld jobs whose last message is older than its delay, the longest waiting first."""
    now = timezone.now()
    late = Q(last_sent_at__isnull=True)
    for sends in range(_MOST_DOUBLINGS + 2):
        late |= Q(sends=sends, last_sent_at__lte=now - _delay(sends))
    late |= Q(sends__gt=_MOST_DOUBLINGS, last_sent_at__lte=now - _delay(_MOST_DOUBLINGS + 1))
    rows = ClassificationJob.objects.filter(
        jobs.unheld(), late, attempts__lt=settings.JOB_MAX_ATTEMPTS
    ).order_by("last_sent_at")
    return list(rows.only("id", "sends", "last_sent_at")[: settings.JOB_RESEND_AT_MOST])


def _delay(sends: int) -> timedelta:
    """How long a message may stay without a claim; none was sent since a lease that ended."""
    if sends == 0:
        return timedelta(0)
    return timedelta(seconds=settings.JOB_RESEND_AFTER_S * 2 ** (sends - 1))


def _send_again(job: ClassificationJob) -> bool | None:
    """Send one message; false when the broker refused it, none when another sweeper was faster."""
    seen = ClassificationJob.objects.filter(
        pk=job.pk, sends=job.sends, last_sent_at=job.last_sent_at
    )
    now = timezone.now()
    if not seen.update(sends=F("sends") + 1, last_sent_at=now):
        return None
    if queue.send("predictions.classify_image", job_id=str(job.pk)):
        return True
    # Not sent: the next pass tries it again, and its delay has not grown.
    ClassificationJob.objects.filter(pk=job.pk, last_sent_at=now).update(
        sends=job.sends, last_sent_at=job.last_sent_at
    )
    return False
