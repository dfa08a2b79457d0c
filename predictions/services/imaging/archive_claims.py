"""The life of an archive: claimed, told how far it is, given back, ended.

How a claim holds is the business of `hematovision.leases`; here is what it means for an archive.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import AuditAction
from accounts.services.audit import record_event
from hematovision import leases
from predictions import storage
from predictions.models import ImageArchive, JobStatus


@dataclass(frozen=True)
class Claim:
    """An archive that this process unpacks for as long as its lease is renewed.

    Args:
        archive: as it was when it was claimed: what was done before is not done again.
        fence: what the row's fence must still be when something is written.
    """

    archive: ImageArchive
    fence: int


def unfinished() -> QuerySet[ImageArchive]:
    """Archives that wait for a worker or that one unpacks."""
    return ImageArchive.objects.filter(status__in=[JobStatus.QUEUED, JobStatus.RUNNING])


def claim(archive_id: UUID) -> Claim | None:
    """Take an archive that nobody holds; none if it is not to be had."""
    rows = unfinished().select_related(
        "sample__laboratory", "uploaded_by__laboratory", "imaging_profile"
    )
    archive = leases.claim(rows, archive_id, status=JobStatus.RUNNING)
    return None if archive is None else Claim(archive, archive.fence)


def renew(held: Claim) -> bool:
    """Prolong the lease; false when the archive is no longer this process's."""
    return leases.renew(_held(held))


def tell(held: Claim, **values: Any) -> bool:
    """Write how far it is, and prolong the lease; false when the archive is lost."""
    return leases.renew(_held(held), **values)


def release(held: Claim) -> bool:
    """Give the archive back for another attempt, after what may pass; false when it is lost."""
    return leases.release(_held(held), **leases.just_sent())


def end(held: Claim, *, error: str = "") -> bool:
    """Record that nothing is left to do, or why it cannot go on; the stored ZIP goes.

    Returns:
        False, and nothing written, when the fence is old.
    """
    return _end(held.archive, _held(held), error)


def give_up(archive: ImageArchive) -> bool:
    """End an archive for which no attempt is left; false when somebody holds it after all."""
    sentence = (
        f"The unpacking was interrupted {settings.JOB_MAX_ATTEMPTS} times. What is in the sample "
        "stays. Send the archive again; if it is interrupted again, tell the operator."
    )
    left = leases.left(leases.exhausted(unfinished()), archive)
    return _end(archive, left, sentence)


def _held(held: Claim) -> QuerySet[ImageArchive]:
    return leases.held(unfinished(), {held.archive.pk: held.fence})


def _end(archive: ImageArchive, rows: QuerySet[ImageArchive], error: str) -> bool:
    status = JobStatus.FAILED if error else JobStatus.SUCCEEDED
    with transaction.atomic():
        ended = leases.finish(rows, status=status, error=error, file="", finished_at=timezone.now())
        if not ended:
            return False
        transaction.on_commit(partial(storage.remove, archive.file))
        archive.refresh_from_db(fields=["files_found", "files_done", "refused"])
        record_event(
            action=AuditAction.ARCHIVE_UNPACKED,
            actor=None,
            laboratory=archive.sample.laboratory,
            obj=archive,
            changes={
                "files_found": [None, archive.files_found],
                "files_done": [None, archive.files_done],
                "refused": [None, len(archive.refused)],
            },
            reason=error,
        )
    return True
