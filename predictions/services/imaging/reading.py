"""What is read and written down: a result that is viewed, an original that is downloaded."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings

from accounts.models import AuditAction, User
from accounts.policy import Action, require
from accounts.services.audit import record_read
from predictions import storage
from predictions.selectors.imaging.images import ImageReading, image_for_viewer, reading_within

# Who waits holds a thread of the web process; the other half stays for everybody else.
_PLACES_TO_WAIT = threading.BoundedSemaphore(settings.WEB_THREADS // 2)


@dataclass(frozen=True)
class Original:
    """Uploaded bytes to hand out."""

    name: str
    data: bytes


def view_result(*, actor: User, image_id: UUID, wait_s: float = 0) -> ImageReading:
    """The image's reading; once there is a result, that it was viewed is written down.

    Args:
        wait_s: how long to wait for an unfinished classification; not at all where half of this
            process's threads wait already.

    Raises:
        ImageNotFound: there is no such image in the actor's laboratory.
    """
    require(actor, Action.SEE_RESULTS)
    with _place_to_wait(wait_s) as granted_s:
        reading = reading_within(actor, image_id, wait_s=granted_s)
    if reading.has_result:
        record_read(
            action=AuditAction.RESULT_VIEWED,
            actor=actor,
            laboratory=actor.laboratory,
            obj=reading.image,
        )
    return reading


@contextmanager
def _place_to_wait(wait_s: float) -> Iterator[float]:
    """How long one may wait: as asked where a place is free, which is held meanwhile; else 0."""
    if wait_s <= 0 or not _PLACES_TO_WAIT.acquire(blocking=False):
        yield 0.0
        return
    try:
        yield wait_s
    finally:
        _PLACES_TO_WAIT.release()


def download_original(*, actor: User, image_id: UUID) -> Original:
    """The bytes as they were uploaded, and the entry that they were taken.

    Raises:
        ImageNotFound: there is no such image in the actor's laboratory.
        OriginalMissing: its bytes are gone from storage, or are not those that were uploaded.
        StorageUnavailable: the storage does not answer now.
    """
    require(actor, Action.DOWNLOAD_ORIGINALS)
    image = image_for_viewer(actor, image_id)
    data = storage.read_original(image.original, sha256=image.sha256)
    record_read(
        action=AuditAction.ORIGINAL_DOWNLOADED,
        actor=actor,
        laboratory=actor.laboratory,
        obj=image,
    )
    return Original(name=image.original_name, data=data)
