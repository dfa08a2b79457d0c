"""A colour profile, a gamma or primaries in a file change what is shown; and it is said."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageCms

from mlmodels.ml.pictures.colour import LEFT_OUT, by_code
from mlmodels.ml.pictures.reading import read_picture
from tests.mlmodels.ml.pictures.generated_files import film, grey_film, png_with, saved, tiff
from tests.mlmodels.ml.pictures.profiles import (
    ADOBE_RGB,
    PROPHOTO,
    grey_profile,
    ink_profile,
    rgb_profile,
    srgb_profile,
)

PICTURE = Image.fromarray(film())


def difference(data: bytes) -> float:
    return float(np.abs(read_picture(data).rgb.astype(int) - film()).mean())


def encoded_in(profile: bytes) -> Image.Image:
    """The film as its colours are written under a profile."""
    own = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    shown = ImageCms.profileToProfile(PICTURE, ImageCms.createProfile("sRGB"), own)
    assert shown is not None
    return shown


WIDE = {
    "Adobe RGB": rgb_profile("Adobe-like RGB", ADOBE_RGB, 2.2),
    "ProPhoto": rgb_profile("ProPhoto-like RGB", PROPHOTO, 1.8),
}
WRITERS = {
    "JPEG": lambda picture, icc: saved(picture, "JPEG", quality=97, icc_profile=icc),
    "PNG": lambda picture, icc: saved(picture, "PNG", icc_profile=icc),
    "WebP": lambda picture, icc: saved(picture, "WEBP", lossless=True, icc_profile=icc),
    "AVIF": lambda picture, icc: saved(picture, "AVIF", quality=97, icc_profile=icc),
    "TIFF": lambda picture, icc: tiff(np.asarray(picture), photometric="rgb", iccprofile=icc),
    "TIFF, 16 bits": lambda picture, icc: tiff(
        np.asarray(picture).astype(np.uint16) * 257, photometric="rgb", iccprofile=icc
    ),
}


@pytest.mark.parametrize("writer", WRITERS)
@pytest.mark.parametrize("space", WIDE)
def test_a_profile_is_applied_in_every_format(space, writer):
    data = WRITERS[writer](encoded_in(WIDE[space]), WIDE[space])
    assert difference(data) < 3
    assert read_picture(data).conversions[-1].endswith("-like RGB, converted to sRGB")


@pytest.mark.parametrize("writer", WRITERS)
def test_a_profile_of_srgb_changes_and_says_nothing(writer):
    with_it = read_picture(WRITERS[writer](PICTURE, srgb_profile()))
    without = read_picture(WRITERS[writer](PICTURE, None))
    assert (with_it.rgb == without.rgb).all()
    assert with_it.conversions == without.conversions


@pytest.mark.parametrize("icc", [b"no profile at all", srgb_profile()[:200], ink_profile("Inks")])
def test_a_profile_that_cannot_be_used_is_left_out_and_said(icc):
    picture = read_picture(saved(PICTURE, "PNG", icc_profile=icc))
    assert (picture.rgb == film()).all()
    assert picture.conversions == (LEFT_OUT,)


def test_grey_is_shown_by_its_profile():
    data = tiff(grey_film(), iccprofile=grey_profile("Grey of gamma 1.0", 1.0))
    picture = read_picture(data)
    assert picture.rgb.mean() > grey_film().mean() + 10
    assert picture.conversions == ("Grey of gamma 1.0, converted to sRGB",)


def test_grey_under_a_profile_of_colours_is_shown_by_it():
    data = saved(PICTURE.convert("L"), "PNG", icc_profile=WIDE["ProPhoto"])
    assert np.ptp(read_picture(data).rgb.astype(int), axis=-1).max() <= 1
    assert read_picture(data).conversions == ("ProPhoto-like RGB, converted to sRGB",)


@pytest.mark.parametrize("file_format", ["JPEG", "TIFF"])
def test_inks_are_mixed_as_their_profile_says(file_format):
    inks = PICTURE.convert("CMYK")
    options = {"quality": 97} if file_format == "JPEG" else {}
    plain = read_picture(saved(inks, file_format, **options))
    assert np.abs(plain.rgb.astype(int) - film()).mean() < 3
    shown = read_picture(
        saved(inks, file_format, icc_profile=ink_profile("Inks on warm paper"), **options)
    )
    assert shown.conversions == ("Inks on warm paper, converted to sRGB",)
    # Warm paper has less blue than red.
    assert shown.rgb[5, 100, 0] > shown.rgb[5, 100, 2]


def _gamma(value: float) -> tuple[bytes, bytes]:
    return b"gAMA", round(100_000 * value).to_bytes(4, "big")


def _primaries(placed: tuple[float, ...]) -> tuple[bytes, bytes]:
    return b"cHRM", struct.pack(">8I", *(round(100_000 * value) for value in placed))


@pytest.mark.parametrize("gamma", [1.0, 0.55, 0.35])
def test_a_png_is_shown_by_its_gamma(gamma):
    stored = (255 * _light(film()) ** gamma).round().astype(np.uint8)
    data = png_with(Image.fromarray(stored), _gamma(gamma))
    assert difference(data) < 2
    assert "converted to sRGB" in read_picture(data).conversions[0]


def _light(rgb: np.ndarray) -> np.ndarray:
    share = rgb / 255
    return np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)


def test_primaries_in_a_png_are_those_of_a_profile():
    stored = encoded_in(WIDE["Adobe RGB"])
    assert difference(png_with(stored, _primaries(ADOBE_RGB), _gamma(1 / 2.2))) < 2


def test_the_gamma_of_srgb_changes_nothing():
    for chunks in ([_gamma(0.45455)], [_gamma(1.0), (b"sRGB", b"\0")]):
        picture = read_picture(png_with(PICTURE, *chunks))
        assert (picture.rgb == film()).all()
        assert picture.conversions == ()


@pytest.mark.parametrize(
    "placed", [(0,) * 8, (0.3, 0.3) * 4, (0.9, 0.9, *ADOBE_RGB[2:]), (0.3127, 0, *ADOBE_RGB[2:])]
)
def test_primaries_that_span_nothing_are_left_out(placed):
    picture = read_picture(png_with(PICTURE, _primaries(placed), _gamma(1 / 2.2)))
    assert (picture.rgb == film()).all()


def test_a_code_says_display_p3_as_a_phone_does():
    green = by_code(12, 13).apply(np.array([[[0, 255, 0], [200, 200, 200]]], np.uint8))
    assert green[0, 0].tolist() == [0, 255, 0]
    assert np.abs(green[0, 1].astype(int) - 200).max() <= 1
    assert by_code(1, 13).said == ""


# Of sRGB's red, green and blue under D50, after Lindbloom's tables.
LAB = {
    (255, 0, 0): (54.29, 80.80, 69.89),
    (0, 255, 0): (87.82, -79.27, 80.99),
    (0, 0, 255): (29.57, 68.30, -112.03),
    (255, 255, 255): (100, 0, 0),
    (0, 0, 0): (0, 0, 0),
}


@pytest.mark.parametrize("colour", LAB)
def test_lab_of_eight_and_sixteen_bits_is_shown_in_its_colours(colour):
    light, *rest = LAB[colour]
    small = np.array([light * 2.55, *rest]).round().astype(np.int8).view(np.uint8)
    small[0] = round(light * 2.55)
    large = np.array([0, *(256 * value for value in rest)]).round().astype(np.int16)
    large = large.view(np.uint16)
    large[0] = round(light * 655.35)
    for lab in (small, large):
        shown = read_picture(tiff(np.tile(lab, (4, 4, 1)), photometric="cielab")).rgb[0, 0]
        # Where sRGB ends, its curve makes much of the rounding of eight bits.
        assert np.abs(shown.astype(int) - colour).max() <= 12


def test_a_profile_without_end_is_not_unpacked():
    endless = b"x\0\0" + zlib.compress(bytes(64 * 1024 * 1024))
    whole = saved(PICTURE, "PNG")
    check = zlib.crc32(b"iCCP" + endless)
    chunk = struct.pack(">I4s", len(endless), b"iCCP") + endless + struct.pack(">I", check)
    picture = read_picture(whole[:33] + chunk + whole[33:])
    assert (picture.rgb == film()).all()
    assert picture.conversions == (LEFT_OUT,)
