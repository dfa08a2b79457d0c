"""Each file of an upload is taken or refused by itself, in the order sent."""

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from accounts.models import AuditAction, AuditEvent
from predictions.models import ClassificationJob, Sample, SmearImage
from predictions.services.imaging.intake import receive_images
from tests.drawn_cells import draw_smear, draw_smear_jpeg, draw_smear_png, encode
from tests.factories.images import file_of, refusal, upload, upload_one

pytestmark = pytest.mark.django_db


def png_that_claims(width: int, height: int) -> bytes:
    """A small PNG whose header says it is huge."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + body))
        return struct.pack(">I", len(body)) + kind + body + check

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"\0" * 1000)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    )


def animation() -> bytes:
    frames = [Image.new("RGB", (64, 64), colour) for colour in ("red", "blue")]
    buffer = io.BytesIO()
    frames[0].save(buffer, "WEBP", save_all=True, append_images=frames[1:])
    return buffer.getvalue()


REFUSED = {
    "a renamed program": (b"MZ\x90\0" + b"\0" * 500, "program"),
    "a truncated JPEG": (draw_smear_jpeg(seed=1)[:4000], "truncated"),
    "a decompression bomb": (png_that_claims(60_000, 60_000), "megapixels"),
    "a picture above the limit": (png_that_claims(10_000, 5_001), "megapixels"),
    "an SVG": (b'<svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>', "drawing"),
    "an empty file": (b"", "empty"),
    "an animation": (animation(), "animation"),
    "a HEIC": (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + b"\0" * 200, "HEIC"),
    "a text": (b"accession,result\n1,2\n", "not a picture"),
    "a PDF": (b"%PDF-1.7\n" + b"0" * 300, "PDF"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_is_no_picture_gets_one_sentence_with_its_name(technician, sample, kind):
    data, reason = REFUSED[kind]
    sentence = refusal(technician, sample.pk, data, name="slide 7.jpg")
    assert sentence.startswith("slide 7.jpg: ")
    assert reason in sentence
    assert "\n" not in sentence
    assert not SmearImage.objects.exists()


def test_a_refused_file_never_loses_the_others(technician, sample):
    contents = [draw_smear_png(seed=1), b"MZ", draw_smear_jpeg(seed=2), b""]
    first, second, third, fourth = upload(technician, sample.pk, *contents)
    assert [bool(file.image) for file in (first, second, third, fourth)] == [1, 0, 1, 0]
    assert [bool(file.error) for file in (first, second, third, fourth)] == [0, 1, 0, 1]
    assert ClassificationJob.objects.filter(status="queued").count() == 2


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "TIFF", "BMP", "WEBP", "AVIF"])
def test_each_named_format_is_taken(technician, sample, file_format):
    image = upload_one(technician, sample.pk, encode(draw_smear(seed=3), file_format))
    assert image.detected_type == f"image/{file_format.lower()}"
    assert (image.width_px, image.height_px) == (480, 360)


@pytest.mark.parametrize("mode", ["CMYK", "P", "RGBA", "L", "I;16"])
def test_other_colour_modes_are_converted(technician, sample, mode):
    picture = Image.fromarray(draw_smear(seed=4))
    if mode == "I;16":
        picture = Image.fromarray(np.asarray(picture.convert("L")).astype(np.uint16) * 257)
    else:
        picture = picture.convert(mode)
    buffer = io.BytesIO()
    picture.save(buffer, "TIFF")
    image = upload_one(technician, sample.pk, buffer.getvalue())
    assert (image.width_px, image.height_px) == (480, 360)


def test_what_was_converted_is_kept_with_the_image(technician, sample):
    grey = np.asarray(Image.fromarray(draw_smear(seed=4)).convert("L")).astype(np.uint16) * 16
    buffer = io.BytesIO()
    Image.fromarray(grey).save(buffer, "TIFF")
    image = upload_one(technician, sample.pk, buffer.getvalue())
    assert image.conversions == ["12 bits, shown from 0 to 4095"]
    assert upload_one(technician, sample.pk, draw_smear_png(seed=5)).conversions == []


def test_a_picture_taken_upright_is_kept_upright(technician, sample):
    exif = Image.Exif()
    exif[0x0112] = 6
    buffer = io.BytesIO()
    Image.fromarray(draw_smear(seed=5)).save(buffer, "JPEG", exif=exif)
    image = upload_one(technician, sample.pk, buffer.getvalue())
    assert (image.width_px, image.height_px) == (360, 480)


def test_a_file_above_the_limit_of_bytes_is_refused(technician, sample, settings):
    settings.MAX_IMAGE_BYTES = 10_000
    assert "larger than" in refusal(technician, sample.pk, draw_smear_png(seed=6))


def test_a_picture_above_the_limit_of_megapixels_is_refused(technician, sample, settings):
    settings.MAX_IMAGE_MEGAPIXELS = 0.1
    sentence = refusal(technician, sample.pk, draw_smear_png(seed=6))
    assert "more than 0.1 megapixels" in sentence


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("../../etc/passwd.png", "passwd.png"),
        ("C:\\slides\\left.png", "left.png"),
        ("a\x00b\x1f\u202egnp.png", "abgnp.png"),
        ("x" * 300 + ".png", "x" * 196 + ".png"),
        ("", "unnamed"),
    ],
)
def test_only_the_harmless_part_of_a_name_is_kept(technician, sample, sent, kept):
    file = file_of(draw_smear_png(seed=7))
    file._name = sent
    [received] = receive_images(actor=technician, sample_id=sample.pk, files=[file])
    assert received.name == kept
    assert SmearImage.objects.get().original_name == kept


def test_taken_and_refused_files_stand_in_the_audit_trail(technician, sample):
    upload(technician, sample.pk, draw_smear_png(seed=8), b"MZ", name="Smith.png")
    taken = AuditEvent.objects.get(action=AuditAction.IMAGE_UPLOADED)
    refused = AuditEvent.objects.get(action=AuditAction.IMAGE_REFUSED)
    assert taken.actor == refused.actor == technician
    assert "program" in refused.reason
    assert "Smith" not in str(taken.changes) + refused.reason + str(refused.changes)


class FileOfASampleThatCloses(SimpleUploadedFile):
    """A picture during whose reading somebody else brings its sample to an end."""

    def __init__(self, sample: Sample, state: str) -> None:
        super().__init__("field.png", draw_smear_png(seed=9), "image/png")
        self._ends = (sample, state)

    def read(self, *args: int) -> bytes:
        sample, state = self._ends
        Sample.objects.filter(pk=sample.pk).update(state=state)
        return super().read(*args)


@pytest.mark.parametrize("state", ["ready", "signed", "cancelled"])
def test_a_sample_that_is_closed_meanwhile_takes_no_picture(technician, sample, state):
    files = [FileOfASampleThatCloses(sample, state)]
    [outcome] = receive_images(actor=technician, sample_id=sample.pk, files=files)
    assert outcome.image is None
    assert "no image can be added" in (outcome.error or "")
    assert not SmearImage.objects.exists()
    assert not [path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()]
