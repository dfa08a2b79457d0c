"""HEIC and AVIF, as phones on eyepieces make them; turned once."""

import io
from typing import Any

import numpy as np
import pillow_heif
import pytest
from PIL import Image

from mlmodels.ml.errors import RejectedImage
from mlmodels.ml.pictures.picture import ImageLimits
from mlmodels.ml.pictures.reading import read_picture
from tests.mlmodels.ml.pictures.generated_files import film, grey_film, saved
from tests.mlmodels.ml.pictures.profiles import PROPHOTO, rgb_profile


def heic(picture: Image.Image, **options: Any) -> bytes:
    buffer = io.BytesIO()
    pillow_heif.from_pillow(picture).save(buffer, quality=97, **options)
    return buffer.getvalue()


def turned(orientation: int) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif.tobytes()


def difference(data: bytes, expected: np.ndarray) -> float:
    rgb = read_picture(data).rgb
    assert rgb.shape == expected.shape
    return float(np.abs(rgb.astype(int) - expected).mean())


PICTURE = Image.fromarray(film())


@pytest.mark.parametrize(
    ("data", "media_type"),
    [(heic(PICTURE), "image/heic"), (saved(PICTURE, "AVIF", quality=97), "image/avif")],
)
def test_both_are_read(data, media_type):
    assert difference(data, film()) < 2
    assert read_picture(data).media_type == media_type


def test_an_avif_under_a_heic_name_or_brand_is_read():
    data = saved(PICTURE, "AVIF", quality=97)
    assert difference(data[:8] + b"mif1" + data[12:], film()) < 2


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_they_are_turned_once(orientation):
    upright = np.rot90(film(), {1: 0, 3: 2, 6: -1, 8: 1}[orientation])
    exif = turned(orientation)
    assert difference(heic(PICTURE, exif=exif), upright) < 2
    assert difference(saved(PICTURE, "AVIF", quality=97, exif=exif), upright) < 2


def test_grey_and_alpha_and_more_bits_are_read():
    grey = np.repeat(grey_film()[..., np.newaxis], 3, axis=-1)
    assert difference(heic(Image.fromarray(grey_film())), grey) < 2
    assert difference(heic(PICTURE.convert("RGBA")), film()) < 2
    deep = io.BytesIO()
    values = (film().astype(np.uint16) * 257).tobytes()
    pillow_heif.from_bytes("RGB;16", (160, 120), values).save(deep, quality=97)
    assert difference(deep.getvalue(), film()) < 2


def test_a_profile_in_a_heic_is_applied():
    picture = PICTURE.copy()
    picture.info["icc_profile"] = rgb_profile("ProPhoto-like RGB", PROPHOTO, 1.8)
    assert read_picture(heic(picture)).conversions == ("ProPhoto-like RGB, converted to sRGB",)


def test_of_several_pictures_the_main_one_is_shown_and_said():
    both = pillow_heif.from_pillow(PICTURE)
    both.add_from_pillow(Image.new("RGB", (40, 30), "red"))
    buffer = io.BytesIO()
    both.save(buffer, quality=97, primary_index=0)
    assert difference(buffer.getvalue(), film()) < 2
    assert read_picture(buffer.getvalue()).conversions == (
        "The file holds 2 pictures: its main one is shown",
    )


@pytest.mark.parametrize("data", [heic(PICTURE), saved(PICTURE, "AVIF", quality=97)])
def test_limits_and_cuts_are_told(data):
    with pytest.raises(RejectedImage, match="megapixels"):
        read_picture(data, ImageLimits(max_megapixels=0.01))
    for share in (0.1, 0.5, 0.95):
        with pytest.raises(RejectedImage, match="truncated"):
            read_picture(data[: int(share * len(data))])


def test_a_heic_without_a_picture_is_damaged_in_that_word():
    empty = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + b"\0\0\0\x08free"
    with pytest.raises(RejectedImage, match="HEIC picture is damaged"):
        read_picture(empty)
