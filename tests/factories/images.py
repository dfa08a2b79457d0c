"""Samples, images and results, made by the services that make them for real."""

from __future__ import annotations

from itertools import count
from uuid import UUID

from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.models import User
from predictions.models import ClassificationJob, ImageArchive, Sample, SmearImage
from predictions.services.imaging.archives import receive_archive
from predictions.services.imaging.intake import ReceivedFile, receive_images
from predictions.services.samples.samples import create_sample
from tests.drawn_cells import draw_smear_png
from tests.factories.archives import drawn_picture, zip_of

_numbers = count(1)


def make_sample(technician: User, **fields: str) -> Sample:
    """A new sample with an accession number of its own."""
    fields.setdefault("accession_number", f"A-{next(_numbers):06d}")
    return create_sample(actor=technician, **fields)


def file_of(data: bytes, name: str = "field.png", content_type: str = "image/png"):
    """What a browser sends."""
    return SimpleUploadedFile(name, data, content_type)


def upload(
    technician: User, sample_id: UUID, *contents: bytes, name: str = "field.png"
) -> list[ReceivedFile]:
    """Send files to a sample in one upload."""
    files = [file_of(data, name) for data in contents]
    return receive_images(actor=technician, sample_id=sample_id, files=files)


def upload_one(
    technician: User, sample_id: UUID, data: bytes, name: str = "field.png"
) -> SmearImage:
    """Send one picture that is taken."""
    [received] = upload(technician, sample_id, data, name=name)
    assert received.image is not None, received.error
    return received.image


def refusal(technician: User, sample_id: UUID, data: bytes, name: str = "field.png") -> str:
    """Send one file that is refused; the sentence it gets."""
    [received] = upload(technician, sample_id, data, name=name)
    assert received.error is not None, "it was taken"
    assert received.image is None
    return received.error


def make_image(technician: User, sample: Sample | None = None, **drawn: object) -> SmearImage:
    """An image of a drawn smear that waits for its classification."""
    sample = sample or make_sample(technician)
    drawn.setdefault("seed", next(_numbers))
    return upload_one(technician, sample.pk, draw_smear_png(**drawn))


def make_archive(
    technician: User, sample: Sample, data: bytes = b"", **values: str
) -> ImageArchive:
    """An archive of a sample that waits for its unpacking; of one drawn picture by itself."""
    data = data or zip_of({"field.png": drawn_picture(1)})
    file = file_of(data, "fields.zip", "application/zip")
    return receive_archive(actor=technician, sample_id=sample.pk, file=file, **values)


def make_job(technician: User, **drawn: object) -> ClassificationJob:
    """The queued job of a new image."""
    return make_image(technician, None, **drawn).jobs.get()
