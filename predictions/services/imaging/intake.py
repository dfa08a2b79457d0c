"""Takes in pictures: checks, keeps and queues each file of an upload, whatever the others are."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from uuid import UUID

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, InternalError, transaction

from accounts.models import AuditAction, User
from accounts.policy import Action, require
from accounts.services.audit import record_event
from hematovision.errors import DomainError
from mlmodels.ml.errors import RejectedImage
from mlmodels.ml.names import plain_name
from mlmodels.ml.pictures.apart import read_picture_apart
from mlmodels.ml.pictures.picture import ROOM_FOR_PIXELS, ImageLimits
from mlmodels.models import ImagingProfile
from mlmodels.selectors.profiles import profile_of_upload
from predictions import policy, storage
from predictions.errors import (
    ImageRefused,
    ImageTooLarge,
    NoFile,
    SampleClosed,
    StorageUnavailable,
    TooManyFiles,
)
from predictions.models import ClassificationJob, Sample, SmearImage
from predictions.selectors.samples.samples import sample_taking_images
from predictions.services.imaging import jobs
from predictions.services.samples.samples import new_accession_number, sample_for_upload

LONGEST_NAME = 200


@dataclass(frozen=True)
class ReceivedFile:
    """What became of one file of an upload.

    Args:
        name: what the person called it.
        image: the image it became, or was already.
        job: the classification that was asked for.
        duplicate: the sample already held these very bytes.
        error: a sentence that names the file, where it was refused.
        error_code, error_status: a word for programs and the HTTP status beside it.
    """

    name: str
    image: SmearImage | None = None
    job: ClassificationJob | None = None
    duplicate: bool = False
    error: str | None = None
    error_code: str = ""
    error_status: int = 0


@dataclass(frozen=True)
class TakenImage:
    """An image that is in the sample now.

    Args:
        job: the classification that was asked for; none for a duplicate.
        duplicate: the sample already held these very bytes.
    """

    image: SmearImage
    job: ClassificationJob | None = None
    duplicate: bool = False


@dataclass(frozen=True)
class Upload:
    """What became of an upload: the sample, and each file in the order sent."""

    sample: Sample
    files: list[ReceivedFile]


def receive_upload(
    *,
    actor: User,
    accession_number: str,
    files: Sequence[UploadedFile],
    patient_reference: str = "",
    note: str = "",
    imaging_profile: str = "",
) -> Upload:
    """Take in files for the sample of this number, which is made where it does not exist."""
    require(actor, Action.UPLOAD_IMAGES)
    _check_count(files)
    sample = begin_upload(
        actor=actor,
        accession_number=accession_number,
        patient_reference=patient_reference,
        note=note,
        imaging_profile=imaging_profile,
    )
    received = receive_images(
        actor=actor, sample_id=sample.pk, files=files, imaging_profile=imaging_profile
    )
    return Upload(sample, received)


def begin_upload(
    *,
    actor: User,
    accession_number: str,
    patient_reference: str = "",
    note: str = "",
    imaging_profile: str = "",
) -> Sample:
    """The sample that an upload in several requests goes to, made where it does not exist.

    Raises:
        ProfileUnusable: the imaging profile is none of the laboratory's, or is retired.
        SampleInvalid, SampleClosed, OtherPatient, OtherNote: as `sample_for_upload`.
    """
    require(actor, Action.UPLOAD_IMAGES)
    # Before the sample is made: an upload that is refused as a whole leaves no empty one behind.
    profile_of_upload(actor, imaging_profile)
    return sample_for_upload(
        actor=actor,
        accession_number=accession_number,
        patient_reference=patient_reference,
        note=note,
    )


def receive_images(
    *, actor: User, sample_id: UUID, files: Sequence[UploadedFile], imaging_profile: str = ""
) -> list[ReceivedFile]:
    """Take in files for a sample; a refused one never loses the others.

    Args:
        imaging_profile: id of the one they were taken with; the default's where it is empty.

    Returns:
        What became of each file, in the order sent.

    Raises:
        SampleNotFound: there is no such sample in the actor's laboratory.
        SampleClosed: it takes no more images.
        ProfileUnusable: the imaging profile is none of the laboratory's, or is retired.
        NoFile, TooManyFiles: the upload as a whole cannot be taken.
    """
    require(actor, Action.UPLOAD_IMAGES)
    sample = sample_taking_images(actor, sample_id)
    _check_count(files)
    profile = profile_of_upload(actor, imaging_profile)
    return [
        _receive(actor=actor, sample=sample, profile=profile, position=position, file=file)
        for position, file in enumerate(files)
    ]


def status_of(files: Sequence[ReceivedFile]) -> int:
    """The HTTP status of an upload: taken, unless every file was refused.

    Where all were refused for one kind of reason, its status; else 400.
    """
    statuses = {file.error_status for file in files}
    if 0 in statuses:
        return 202
    return statuses.pop() if len(statuses) == 1 else 400


def receive_single(
    *,
    actor: User,
    files: Sequence[UploadedFile],
    accession_number: str = "",
    imaging_profile: str = "",
) -> TakenImage:
    """Take in one picture for the sample of this number, or of a new one where none is given.

    Raises:
        NoFile, TooManyFiles: there is none, or more than one.
        ProfileUnusable: the imaging profile is none of the laboratory's, or is retired.
        ImageRefused: the file is not an acceptable picture; no sample is made for it.
        SampleClosed: the sample takes no more images.
    """
    require(actor, Action.UPLOAD_IMAGES)
    if not files:
        raise NoFile("image")
    if len(files) > 1:
        raise TooManyFiles(sent=len(files), at_most=1)
    profile = profile_of_upload(actor, imaging_profile)
    try:
        # The picture before the sample: a file that is refused leaves no empty sample behind.
        sent = _read(files[0])
        stored = _store(sent)
    except ImageRefused as error:
        _record_refusal(actor=actor, sample=None, error=error)
        raise
    try:
        sample = sample_for_upload(
            actor=actor, accession_number=accession_number.strip() or new_accession_number()
        )
    except DomainError:
        storage.remove(*stored.names)
        raise
    return _keep(actor=actor, sample=sample, profile=profile, position=0, sent=sent, stored=stored)


def safe_name(name: str | None) -> str:
    """What the person called the file: its last path part, printable and not too long."""
    # In its one form first: a solidus of full width parts folders, too.
    printable = plain_name(name or "").replace("\\", "/").rsplit("/", 1)[-1].strip()
    if len(printable) > LONGEST_NAME:
        stem, dot, ending = printable.rpartition(".")
        tail = f"{dot}{ending}" if stem and len(ending) <= 8 else ""
        printable = printable[: LONGEST_NAME - len(tail)] + tail
    return printable or "unnamed"


@dataclass(frozen=True)
class _Sent:
    """A file as it came."""

    name: str
    declared_type: str
    data: bytes
    sha256: str


@dataclass(frozen=True)
class _Stored:
    """An acceptable picture whose files are in storage."""

    detected_type: str
    width_px: int
    height_px: int
    conversions: list[str]
    original: str
    rendition: str
    thumbnail: str

    @property
    def names(self) -> tuple[str, str, str]:
        return self.original, self.rendition, self.thumbnail


def _check_count(files: Sequence[UploadedFile]) -> None:
    if not files:
        raise NoFile("files")
    if len(files) > settings.MAX_FILES_PER_UPLOAD:
        raise TooManyFiles(sent=len(files), at_most=settings.MAX_FILES_PER_UPLOAD)


def _receive(
    *,
    actor: User,
    sample: Sample,
    profile: ImagingProfile | None,
    position: int,
    file: UploadedFile,
) -> ReceivedFile:
    """One file of an upload, whatever becomes of it."""
    name = safe_name(file.name)
    try:
        return take_file(actor=actor, sample=sample, profile=profile, position=position, file=file)
    except StorageUnavailable as error:
        return _refused(name, f"{name}: {error.message}", error)


def take_file(
    *,
    actor: User,
    sample: Sample,
    profile: ImagingProfile | None,
    position: int,
    file: UploadedFile,
) -> ReceivedFile:
    """Take in one file for a sample that takes images; the caller has asked the policy.

    Raises:
        StorageUnavailable: it cannot be kept now.
    """
    name = safe_name(file.name)
    try:
        sent = _read(file)
        known = _known(sample, sent)
        if known is not None:
            return ReceivedFile(name=name, image=known, duplicate=True)
        stored = _store(sent)
    except ImageRefused as error:
        return refuse_file(actor=actor, sample=sample, name=name, error=error)
    try:
        taken = _keep(
            actor=actor, sample=sample, profile=profile, position=position, sent=sent, stored=stored
        )
    except ImageRefused as error:
        return refuse_file(actor=actor, sample=sample, name=name, error=error)
    return ReceivedFile(name=name, image=taken.image, job=taken.job, duplicate=taken.duplicate)


def refuse_file(*, actor: User, sample: Sample, name: str, error: ImageRefused) -> ReceivedFile:
    """Write down that a file for a sample is refused, and say so."""
    _record_refusal(actor=actor, sample=sample, error=error)
    return _refused(name, error.message, error)


def _refused(name: str, sentence: str, error: DomainError) -> ReceivedFile:
    return ReceivedFile(
        name=name, error=sentence, error_code=error.code, error_status=error.http_status
    )


def _read(file: UploadedFile) -> _Sent:
    """The bytes of a file, read no further than a picture may be long."""
    name = safe_name(file.name)
    at_most = settings.MAX_IMAGE_BYTES
    # The upload handler drops what is beyond the limit, so the size alone tells of it.
    data = b"" if (file.size or 0) > at_most else file.read(at_most + 1)
    if (file.size or 0) > at_most or len(data) > at_most:
        raise ImageTooLarge(
            name,
            f"The file is larger than {at_most / 1024**2:.0f} MB. "
            "Save it with stronger compression, or crop it.",
        )
    declared = (file.content_type or "").replace("\x00", "")[:100]
    return _Sent(name, declared, data, hashlib.sha256(data).hexdigest())


def _known(sample: Sample, sent: _Sent) -> SmearImage | None:
    """The image that these very bytes already are in this sample."""
    return SmearImage.objects.filter(sample=sample, sha256=sent.sha256).first()


def _store(sent: _Sent) -> _Stored:
    """Decode a file and put it, its rendition and its thumbnail in storage: bytes before rows."""
    limits = ImageLimits(settings.MAX_IMAGE_BYTES, settings.MAX_IMAGE_MEGAPIXELS)
    names: list[str] = []
    try:
        with ROOM_FOR_PIXELS:
            picture = read_picture_apart(sent.data, limits)
            names.append(storage.keep_original(sent.data))
            names.append(storage.make_rendition(picture.rgb))
            names.append(storage.make_thumbnail(picture.rgb))
    except RejectedImage as error:
        raise ImageRefused(sent.name, error.message) from error
    except StorageUnavailable:
        storage.remove(*names)
        raise
    return _Stored(
        picture.media_type,
        picture.width_px,
        picture.height_px,
        list(picture.conversions),
        *names,
    )


def _keep(
    *,
    actor: User,
    sample: Sample,
    profile: ImagingProfile | None,
    position: int,
    sent: _Sent,
    stored: _Stored,
) -> TakenImage:
    """Write the rows of a stored picture and ask for its classification, all or nothing.

    Raises:
        ImageRefused: the sample was closed while the picture was read.
    """
    try:
        with transaction.atomic():
            image = SmearImage.objects.create(
                sample=sample,
                laboratory=actor.laboratory,
                uploaded_on=actor.laboratory.today,
                uploaded_by=actor,
                original_name=sent.name,
                imaging_profile=profile,
                position_in_upload=position,
                sha256=sent.sha256,
                size_bytes=len(sent.data),
                declared_type=sent.declared_type,
                **asdict(stored),
            )
            job = jobs.queue_job(image)
            # Its row is held by now; who closed it in the meantime undoes all of this.
            policy.refuse_closed(Sample.objects.get(pk=sample.pk))
            record_event(
                action=AuditAction.IMAGE_UPLOADED,
                actor=actor,
                laboratory=actor.laboratory,
                obj=image,
                changes={
                    "sample": [None, str(sample.pk)],
                    "sha256": [None, sent.sha256],
                    **({"imaging_profile": [None, str(profile.pk)]} if profile else {}),
                },
            )
    except SampleClosed as error:
        storage.remove(*stored.names)
        raise ImageRefused(sent.name, error.message) from error
    # The same bytes came twice at once: the other's row stands, and its files with it. Or the
    # sample was signed: then triggers take no image, on PostgreSQL by the second error.
    except (IntegrityError, InternalError) as error:
        storage.remove(*stored.names)
        known = _known(sample, sent)
        if known is not None:
            return TakenImage(known, duplicate=True)
        try:
            policy.refuse_closed(Sample.objects.get(pk=sample.pk))
        except SampleClosed as closed:
            raise ImageRefused(sent.name, closed.message) from error
        raise
    return TakenImage(image, job)


def _record_refusal(*, actor: User, sample: Sample | None, error: ImageRefused) -> None:
    """Write down that a file was refused; its name stays out of the trail."""
    record_event(
        action=AuditAction.IMAGE_REFUSED,
        actor=actor,
        laboratory=actor.laboratory,
        obj=sample,
        reason=error.reason,
    )
