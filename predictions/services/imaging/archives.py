"""Takes in archives of pictures: kept as they come, unpacked by a worker."""

from __future__ import annotations

import hashlib
from uuid import UUID

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction

from accounts.models import AuditAction, User
from accounts.policy import Action, require
from accounts.services.audit import record_event
from hematovision import leases
from hematovision.queue import enqueue_on_commit
from mlmodels.selectors.profiles import profile_of_upload
from predictions import storage
from predictions.errors import ArchiveTooLarge, NoArchive, NoFile
from predictions.models import ImageArchive
from predictions.selectors.samples.samples import sample_taking_images
from predictions.services.imaging import archive_claims
from predictions.services.imaging.intake import safe_name

# With entries, and without any: an archive is known by its bytes, whatever it is called.
_STARTS = (b"PK\x03\x04", b"PK\x05\x06")


def receive_archive(
    *, actor: User, sample_id: UUID, file: UploadedFile | None, imaging_profile: str = ""
) -> ImageArchive:
    """Keep a ZIP of pictures for a sample, and ask for its unpacking.

    The same archive sent again while it waits or is unpacked is the one that is there.

    Args:
        imaging_profile: id of the one they were taken with; the default's where it is empty.

    Raises:
        SampleNotFound: there is no such sample in the actor's laboratory.
        SampleClosed: it takes no more images.
        ProfileUnusable: the imaging profile is none of the laboratory's, or is retired.
        NoFile, NoArchive: nothing was sent, or no ZIP.
        ArchiveTooLarge: it is longer than the installation takes.
        StorageUnavailable: it cannot be kept now.
    """
    require(actor, Action.UPLOAD_IMAGES)
    sample = sample_taking_images(actor, sample_id)
    profile = profile_of_upload(actor, imaging_profile)
    if file is None:
        raise NoFile("archive")
    _refuse_unusable(file)
    sha256 = _sha256(file)
    same = archive_claims.unfinished().filter(sample=sample, sha256=sha256).first()
    if same is not None:
        return same
    kept = storage.keep_archive(file)
    with transaction.atomic():
        archive = ImageArchive.objects.create(
            sample=sample,
            uploaded_by=actor,
            imaging_profile=profile,
            original_name=safe_name(file.name),
            file=kept,
            sha256=sha256,
            size_bytes=file.size or 0,
            **leases.just_sent(),
        )
        enqueue_on_commit("predictions.unpack_archive", archive_id=str(archive.pk))
        record_event(
            action=AuditAction.ARCHIVE_UPLOADED,
            actor=actor,
            laboratory=actor.laboratory,
            obj=archive,
            changes={"sample": [None, str(sample.pk)], "sha256": [None, sha256]},
        )
    return archive


def _refuse_unusable(file: UploadedFile) -> None:
    # The upload handler drops what is beyond the limit, so the size alone tells of it.
    if (file.size or 0) > settings.MAX_DATASET_BYTES:
        raise ArchiveTooLarge(settings.MAX_DATASET_BYTES)
    file.seek(0)
    if not file.read(4).startswith(_STARTS):
        raise NoArchive()


def _sha256(file: UploadedFile) -> str:
    digest = hashlib.sha256()
    for piece in file.chunks():
        digest.update(piece)
    return digest.hexdigest()
