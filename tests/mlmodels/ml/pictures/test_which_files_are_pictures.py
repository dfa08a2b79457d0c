"""A file is a picture when it decodes to its end; all others are refused with a sentence."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from mlmodels.ml.errors import RejectedImage
from mlmodels.ml.pictures.picture import ImageLimits
from mlmodels.ml.pictures.reading import read_picture
from mlmodels.ml.pictures.renditions import encode_rendition


def gradient(width: int = 64, height: int = 48) -> Image.Image:
    """A picture in which every pixel tells where it is."""
    x = np.linspace(0, 255, width, dtype=np.uint8)[None, :].repeat(height, 0)
    y = np.linspace(0, 255, height, dtype=np.uint8)[:, None].repeat(width, 1)
    return Image.fromarray(np.dstack([x, y, np.full_like(x, 90)]))


def saved(picture: Image.Image, file_format: str, **options) -> bytes:
    """The bytes of a picture in a format."""
    buffer = io.BytesIO()
    picture.save(buffer, format=file_format, **options)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("file_format", "media_type"),
    [
        ("PNG", "image/png"),
        ("JPEG", "image/jpeg"),
        ("TIFF", "image/tiff"),
        ("BMP", "image/bmp"),
        ("WEBP", "image/webp"),
    ],
)
def test_the_formats_of_old_are_read(file_format, media_type):
    picture = read_picture(saved(gradient(), file_format))
    assert picture.media_type == media_type
    assert picture.rgb.shape == (48, 64, 3)
    assert picture.rgb.dtype == np.uint8
    assert abs(int(picture.rgb[24, 60, 0]) - 243) < 12


@pytest.mark.parametrize("mode", ["CMYK", "P", "L", "1", "RGBA", "LA", "YCbCr", "LAB"])
def test_every_colour_mode_becomes_rgb(mode):
    source = gradient().convert("L") if mode in ("LA", "1") else gradient()
    file_format = "TIFF" if mode in ("CMYK", "YCbCr", "LAB") else "PNG"
    if mode == "LAB":
        converted = Image.fromarray(np.asarray(gradient()), mode="RGB").convert("RGB")
    else:
        converted = source.convert(mode)
    assert read_picture(saved(converted, file_format)).rgb.shape == (48, 64, 3)


def test_sixteen_bits_become_eight():
    deep = Image.fromarray(np.full((10, 10), 65535, np.uint16))
    half = Image.fromarray(np.array([[0, 32896], [32896, 65535]], np.uint16))
    assert (read_picture(saved(deep, "PNG")).rgb == 255).all()
    assert read_picture(saved(half, "TIFF")).rgb[0, 1].tolist() == [128, 128, 128]


def test_transparent_parts_become_white():
    clear = Image.new("RGBA", (4, 4), (10, 20, 30, 0))
    clear.putpixel((3, 3), (10, 20, 30, 255))
    rgb = read_picture(saved(clear, "PNG")).rgb
    assert rgb[3, 3].tolist() == [10, 20, 30]
    assert (rgb[:3] == 255).all()


def test_the_orientation_of_the_camera_is_honoured():
    exif = Image.Exif()
    exif[0x0112] = 6  # the top of the scene is at the right of the stored picture
    assert read_picture(saved(gradient(64, 48), "JPEG", exif=exif)).rgb.shape == (64, 48, 3)


def test_a_phone_picture_with_more_pictures_behind_it_gives_its_first():
    data = saved(gradient(), "MPO", save_all=True, append_images=[gradient(20, 20)])
    picture = read_picture(data)
    assert picture.media_type == "image/jpeg"
    assert picture.rgb.shape == (48, 64, 3)


def shape_or_sentence(data: bytes) -> str:
    """What reading gives: a shape, or the sentence of the refusal."""
    try:
        return str(read_picture(data).rgb.shape)
    except RejectedImage as refusal:
        return refusal.message


def _animated_webp() -> bytes:
    frames = [gradient(), Image.new("RGB", (64, 48), "red")]
    return saved(frames[0], "WEBP", save_all=True, append_images=frames[1:])


def _png_with_a_false_size() -> bytes:
    data = bytearray(saved(gradient(), "PNG"))
    data[16:24] = struct.pack(">II", 200_000, 200_000)
    data[29:33] = struct.pack(">I", zlib.crc32(bytes(data[12:29])))
    return bytes(data)


REFUSED = {
    "empty": (b"", "empty"),
    "renamed program": (b"MZ\x90\x00" + bytes(400), "program"),
    "truncated JPEG": (saved(gradient(600, 400), "JPEG")[:-3000], "truncated"),
    "truncated PNG": (saved(gradient(), "PNG")[:-40], "truncated"),
    "truncated WebP": (saved(gradient(600, 400), "WEBP")[:-300], "truncated"),
    "truncated BMP": (saved(gradient(), "BMP")[:-4000], "truncated"),
    "bomb": (_png_with_a_false_size(), "megapixels"),
    "SVG": (b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>', "drawing"),
    "animated WebP": (_animated_webp(), "animation"),
    "pages": (saved(gradient(), "TIFF", save_all=True, append_images=[gradient()]), "pages"),
    "HEIC": (b"\x00\x00\x00\x18ftypheic" + bytes(300), "HEIC"),
    "GIF": (saved(gradient(), "GIF"), "GIF"),
    "PDF": (b"%PDF-1.7\n" + bytes(200), "PDF"),
    "text": (b"a plain text that is no picture at all", "not a picture"),
    "noise": (bytes(range(256)) * 8, "not a picture"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_anything_else_is_refused_with_a_sentence(name):
    data, word = REFUSED[name]
    with pytest.raises(RejectedImage) as refusal:
        read_picture(data)
    assert word in refusal.value.message
    assert refusal.value.message.endswith(".")


def test_a_picture_with_too_many_pixels_is_refused_before_it_is_decoded():
    with pytest.raises(RejectedImage, match=r"more than 0\.002 megapixels"):
        read_picture(saved(gradient(), "PNG"), ImageLimits(max_megapixels=0.002))


def test_a_file_with_too_many_bytes_is_refused():
    with pytest.raises(RejectedImage, match="larger than 1 MB"):
        read_picture(bytes(1024 * 1024 + 1), ImageLimits(max_bytes=1024 * 1024))


@pytest.mark.parametrize("seed", range(60))
def test_a_picture_damaged_anywhere_is_read_or_refused_and_nothing_else(seed):
    rng = np.random.default_rng(seed)
    file_format = ["PNG", "JPEG", "TIFF", "BMP", "WEBP", "AVIF"][seed % 6]
    data = bytearray(saved(gradient(), file_format))
    for position in rng.integers(0, len(data), 12):
        data[position] = rng.integers(0, 256)
    assert shape_or_sentence(bytes(data)).endswith((", 3)", "."))


def test_a_rendition_keeps_the_picture_and_drops_what_the_camera_wrote():
    exif = Image.Exif()
    exif[0x010F] = "A camera with a serial number"
    picture = read_picture(saved(gradient(640, 480), "JPEG", exif=exif))
    with Image.open(io.BytesIO(encode_rendition(picture.rgb, max_side_px=320))) as shown:
        assert shown.size == (320, 240)
        assert not shown.getexif()
