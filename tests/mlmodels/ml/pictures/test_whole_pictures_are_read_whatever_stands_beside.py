"""What is damaged beside the pixels loses none of them; a picture that is cut is never shown."""

import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from mlmodels.ml.errors import RejectedImage
from mlmodels.ml.pictures.reading import read_picture
from tests.mlmodels.ml.pictures.generated_files import film, png_with, saved, tiff

PICTURE = Image.fromarray(film())
CUT = {
    "JPEG": saved(PICTURE, "JPEG", quality=95),
    "JPEG, progressive": saved(PICTURE, "JPEG", quality=95, progressive=True),
    "JPEG, grey": saved(PICTURE.convert("L"), "JPEG", quality=95),
    "JPEG, CMYK": saved(PICTURE.convert("CMYK"), "JPEG", quality=95),
    "PNG": saved(PICTURE, "PNG"),
    "WebP": saved(PICTURE, "WEBP", quality=95),
    "BMP": saved(PICTURE, "BMP"),
    "AVIF": saved(PICTURE, "AVIF", quality=95),
    "TIFF": tiff(film(), photometric="rgb"),
    "TIFF, directory last": saved(PICTURE, "TIFF"),
    "TIFF, LZW": tiff(film(), photometric="rgb", compression="lzw", rowsperstrip=16),
    "TIFF, JPEG tiles": tiff(film(), photometric="rgb", compression="jpeg", tile=(64, 64)),
}


@pytest.mark.parametrize("name", CUT)
@pytest.mark.parametrize("share", [0.2, 0.4, 0.6, 0.8, 0.9, 0.97])
def test_a_picture_that_was_cut_is_refused_as_truncated(name, share):
    data = CUT[name]
    with pytest.raises(RejectedImage, match="truncated"):
        read_picture(data[: int(share * len(data))])


@pytest.mark.parametrize("name", ["JPEG", "JPEG, progressive", "JPEG, grey", "JPEG, CMYK"])
def test_a_jpeg_without_its_end_mark_is_read(name):
    whole, without = read_picture(CUT[name]), read_picture(CUT[name][:-2])
    assert (whole.rgb == without.rgb).all()
    assert (read_picture(CUT[name][:-1]).rgb == whole.rgb).all()
    assert (read_picture(CUT[name] + bytes(5000)).rgb == whole.rgb).all()


@pytest.mark.parametrize("name", ["JPEG", "JPEG, progressive", "JPEG, grey"])
@pytest.mark.parametrize("share", [0.5, 0.7, 0.85])
def test_an_end_mark_behind_a_cut_hides_nothing(name, share):
    with pytest.raises(RejectedImage, match="truncated"):
        read_picture(CUT[name][: int(share * len(CUT[name]))] + b"\xff\xd9")


def test_a_picture_that_ends_in_mid_grey_is_whole():
    grey = Image.new("RGB", (64, 64), (128, 128, 128))
    assert (read_picture(saved(grey, "JPEG")).rgb == 128).all()


def _without_its_sum(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + b"\0\0\0\0"


@pytest.mark.parametrize("name", [b"tEXt", b"zTXt", b"iTXt", b"tIME", b"pHYs", b"eXIf", b"gAMA"])
def test_a_damaged_part_beside_a_pngs_pixels_is_left_out(name):
    whole = saved(PICTURE, "PNG")
    data = whole[:33] + _without_its_sum(name, b"Comment\0\0damaged") + whole[33:]
    assert (read_picture(data).rgb == film()).all()


def test_a_damaged_part_that_would_change_the_picture_is_said():
    whole = saved(PICTURE, "PNG")
    data = whole[:33] + _without_its_sum(b"gAMA", bytes(4)) + whole[33:]
    assert read_picture(data).conversions == ("The part gAMA of the file is damaged: left out",)


@pytest.mark.parametrize("packed", [False, True])
def test_a_comment_without_end_is_not_read(packed):
    words = bytes(3 * 1024 * 1024)
    body = b"XML:com.adobe.xmp\0" + (b"\0" + zlib.compress(words) if packed else words)
    data = png_with(PICTURE, (b"zTXt" if packed else b"tEXt", body))
    assert (read_picture(data).rgb == film()).all()


def test_a_png_without_its_end_is_read_when_its_pixels_are_there():
    assert (read_picture(saved(PICTURE, "PNG")[:-12]).rgb == film()).all()


def test_damaged_pixels_of_a_png_are_not_shown():
    data = bytearray(saved(PICTURE, "PNG"))
    data[data.index(b"IDAT") + 1000] ^= 1
    with pytest.raises(RejectedImage, match="damaged"):
        read_picture(bytes(data))


@pytest.mark.parametrize("length", [12, *range(16, 65, 4)])
def test_a_bmp_of_any_header_is_read(length):
    rows = film()[::-1, :, ::-1].tobytes()
    if length == 12:
        header = struct.pack("<IHHHH", 12, 160, 120, 1, 24)
    else:
        fields = struct.pack("<IiiHHIIiiII", length, 160, 120, 1, 24, *([0] * 6))
        header = fields.ljust(64, b"\0")[:length]
    data = b"BM" + struct.pack("<IHHI", 0, 0, 0, 14 + length) + header + rows
    assert (read_picture(data).rgb == film()).all()


@pytest.mark.parametrize("file_format", ["PNG", "WEBP"])
def test_a_wholly_transparent_picture_is_shown_and_said(file_format):
    clear = PICTURE.copy()
    clear.putalpha(0)
    options = {"lossless": True, "exact": True} if file_format == "WEBP" else {}
    picture = read_picture(saved(clear, file_format, **options))
    assert (picture.rgb == film()).all()
    assert "wholly transparent" in picture.conversions[0]


def test_what_is_half_transparent_is_shown_on_white():
    half = PICTURE.copy()
    half.putalpha(128)
    shown = read_picture(saved(half, "PNG")).rgb
    assert np.abs(shown - (film() / 2 + 127.5)).max() <= 1
