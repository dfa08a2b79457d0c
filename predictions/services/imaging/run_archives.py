"""Unpacks the archive of a sample, picture by picture. Workers only."""

from __future__ import annotations

import io
import logging
import re
from functools import partial
from uuid import UUID

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import InterfaceError, OperationalError

from hematovision import leases
from mlmodels.ml.datasets.archive import (
    ArchiveLimits,
    ArchiveReader,
    Entry,
    EntryRefused,
)
from mlmodels.ml.datasets.archive_paths import shown
from mlmodels.ml.errors import ArchiveRefused
from predictions import policy, storage
from predictions.errors import ImageRefused, OriginalMissing, SampleClosed, StorageUnavailable
from predictions.models import Sample
from predictions.services.imaging import archive_claims, intake

logger = logging.getLogger(__name__)

# What may pass by itself: the task is tried again, up to the attempts of the archive.
PASSING = (OperationalError, InterfaceError, StorageUnavailable, OSError)

_GONE = "The archive is gone from the store. Send it again."
_UNEXPECTED = (
    "Something failed while the archive was unpacked; the reason is in the log. What is in the "
    "sample stays. Send it again; if it fails again, tell the operator."
)


class _Lost(Exception):
    """Somebody else holds the archive now."""


def unpack_archive(*, archive_id: UUID) -> None:
    """Take each picture of an archive as if its uploader had sent it alone.

    Run twice or in parallel, it counts once. What an attempt that was killed has taken stays, and
    the next goes on behind it; a picture that is there already is not added again.

    Raises:
        OperationalError, InterfaceError, StorageUnavailable, OSError: what may pass; the archive
            is given back.
    """
    held = archive_claims.claim(archive_id)
    if held is None:
        return
    try:
        with leases.renewed(partial(archive_claims.renew, held), f"archive {archive_id}"):
            _unpack(held)
    except _Lost:
        logger.info("Archive %s is held by somebody else now.", archive_id)
    except PASSING:
        archive_claims.release(held)
        raise
    except OriginalMissing:
        archive_claims.end(held, error=_GONE)
    except (ArchiveRefused, SampleClosed) as error:
        archive_claims.end(held, error=error.message)
    # It must not be unpacked for ever: whatever it was, the row says that it ended.
    except Exception:
        logger.exception("The unpacking of archive %s failed.", archive_id)
        archive_claims.end(held, error=_UNEXPECTED)
        raise
    else:
        archive_claims.end(held)


def _unpack(held: archive_claims.Claim) -> None:
    archive = held.archive
    with storage.open_file(archive.file) as stream:
        reader = ArchiveReader(stream, _limits())
        entries = sorted(reader.entries(), key=lambda entry: _in_name_order(entry.path))
        if len(entries) > settings.MAX_IMAGES_PER_ARCHIVE:
            raise ArchiveRefused(
                f"The archive holds {len(entries)} files; at most "
                f"{settings.MAX_IMAGES_PER_ARCHIVE} can be. Split it into several."
            )
        _tell(held, files_found=len(entries))
        refused = list(archive.refused)
        for position in range(archive.files_done, len(entries)):
            _refuse_closed(archive.sample_id)
            received = _take(held, reader, entries[position], position)
            if received.error:
                refused.append({"name": shown(entries[position].path), "error": received.error})
            _tell(held, files_done=position + 1, refused=refused)


def _take(
    held: archive_claims.Claim, reader: ArchiveReader, entry: Entry, position: int
) -> intake.ReceivedFile:
    archive = held.archive
    name = intake.safe_name(entry.path)
    data = io.BytesIO()
    try:
        reader.copy(entry, data)
    except EntryRefused as refused:
        return intake.refuse_file(
            actor=archive.uploaded_by,
            sample=archive.sample,
            name=name,
            error=ImageRefused(name, refused.reason),
        )
    size = data.tell()
    data.seek(0)
    return intake.take_file(
        actor=archive.uploaded_by,
        sample=archive.sample,
        profile=archive.imaging_profile,
        position=position,
        file=UploadedFile(data, name, size=size),
    )


def _refuse_closed(sample_id: UUID) -> None:
    """Ask before each picture: the sample may have been closed meanwhile."""
    policy.refuse_closed(Sample.objects.get(pk=sample_id))


def _tell(held: archive_claims.Claim, **values: object) -> None:
    if not archive_claims.tell(held, **values):
        raise _Lost


def _limits() -> ArchiveLimits:
    return ArchiveLimits(
        max_entries=settings.MAX_DATASET_ENTRIES,
        max_bytes=settings.MAX_DATASET_EXPANDED_BYTES,
        max_file_bytes=settings.MAX_IMAGE_BYTES,
    )


def _in_name_order(path: str) -> list[tuple[int, str]]:
    """As people count: field 2 stands before field 10."""
    parts = re.findall(r"([0-9]+)|([^0-9]+)", path.casefold())
    # Of two numbers without leading zeros the one of more digits is the larger.
    return [(len(n.lstrip("0")), n.lstrip("0")) if n else (0, text) for n, text in parts]
