"""Which values are black and white: as the file says, else as its data do; and it is said."""

import io
from typing import Any

import imagecodecs
import numpy as np
import pytest
import tifffile

from mlmodels.ml.pictures.reading import read_picture
from tests.mlmodels.ml.pictures.generated_files import film, grey_film, tiff

GREY = np.repeat(grey_film()[..., np.newaxis], 3, axis=-1)


def with_metadata(values: np.ndarray, **options: Any) -> bytes:
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, values, **options)
    return buffer.getvalue()


def scaled(top: float, kind: str) -> np.ndarray:
    """The grey film with 255 as another number."""
    values = grey_film() * (top / 255)
    return values.astype(kind) if kind.startswith("f") else values.round().astype(kind)


def is_the_film(data: bytes) -> bool:
    difference = read_picture(data).rgb.astype(int) - GREY
    return bool(np.abs(difference).mean() < 0.6)


@pytest.mark.parametrize(
    ("top", "kind", "said"),
    [
        (1023, "uint16", "10 bits, shown from 0 to 1023"),
        (4095, "uint16", "12 bits, shown from 0 to 4095"),
        (16383, "uint16", "14 bits, shown from 0 to 16383"),
        (65535, "uint16", "16 bits, shown from 0 to 65535"),
        (65535, "uint32", "16 bits, shown from 0 to 65535"),
        (2**32 - 1, "uint32", "32 bits, shown from 0 to 4294967295"),
        (127, "int8", "8 bits with sign, shown from 0 to 127"),
        (4095, "int16", "16 bits with sign, shown from 0 to 4095"),
        (32767, "int16", "16 bits with sign, shown from 0 to 32767"),
        (1, "float16", "Real numbers, shown from 0 to 1"),
        (1, "float32", "Real numbers, shown from 0 to 1"),
        (1.04, "float32", "Real numbers, shown from 0 to 1"),
        (1, "float64", "Real numbers, shown from 0 to 1"),
        (255, "float32", "Real numbers, shown from 0 to 255"),
        (65535, "float32", "Real numbers, shown from 0 to 65535"),
    ],
)
def test_numbers_are_shown_by_the_scale_that_holds_the_largest(top, kind, said):
    data = tiff(scaled(top, kind))
    assert np.abs(read_picture(data).rgb.astype(int) - GREY).mean() < 9
    assert read_picture(data).conversions == (said,)


def test_values_below_zero_are_shown_from_the_smallest():
    values = (grey_film().astype(np.int16) - 200) * 10
    picture = read_picture(tiff(values))
    assert picture.rgb.min() == 0
    assert picture.rgb.max() == 255
    assert picture.conversions == (f"Values from {values.min()} to {values.max()}, all shown",)


def test_what_is_no_number_is_black_and_said_so():
    values = scaled(1, "float32").copy()
    values[:5] = np.nan
    picture = read_picture(tiff(values))
    assert not picture.rgb[:5].any()
    assert "no number" in picture.conversions[0]


@pytest.mark.parametrize("bits", [1, 2, 4])
def test_few_bits_reach_from_black_to_white(bits):
    values = np.arange(120 * 160).reshape(120, 160) % 2**bits
    kind, options = (bool, {}) if bits == 1 else (np.uint8, {"bitspersample": bits})
    picture = read_picture(tiff(values.astype(kind), photometric="minisblack", **options))
    assert picture.rgb[..., 0].tolist() == (values * 255 // (2**bits - 1)).tolist()
    assert picture.conversions == ()


@pytest.mark.parametrize("bits", [10, 12, 14])
def test_packed_bits_are_a_range_of_their_own(bits):
    # Half as bright: the data alone would say fewer bits.
    values = (grey_film() * ((2**bits - 1) / 255) / 4).astype(np.uint16)
    picture = read_picture(tiff(values, bitspersample=bits))
    assert np.abs(picture.rgb.astype(int) - GREY / 4).mean() < 1
    assert picture.conversions == (f"{bits} bits, shown from 0 to {2**bits - 1}",)


DECLARED = {
    "ImageJ": with_metadata(scaled(1023, "uint16"), imagej=True, metadata={"min": 0, "max": 4095}),
    "OME": with_metadata(
        scaled(1023, "uint16"), ome=True, metadata={"axes": "YX", "SignificantBits": 12}
    ),
    "SMaxSampleValue": tiff(
        scaled(1023, "uint16"), extratags=[(340, 3, 1, 0, True), (341, 3, 1, 4095, True)]
    ),
    "MaxSampleValue": tiff(scaled(1023, "uint16"), extratags=[(281, 3, 1, 4095, True)]),
}


@pytest.mark.parametrize("name", DECLARED)
def test_the_range_that_a_file_declares_goes_before_its_data(name):
    picture = read_picture(DECLARED[name])
    assert np.abs(picture.rgb.astype(int) - GREY / 4).mean() < 1
    assert picture.conversions == ("12 bits, shown from 0 to 4095 as the file says",)


@pytest.mark.parametrize(("low", "high"), [(500, 700), (123, 3500)])
def test_a_range_that_is_only_what_occurs_is_none(low, high):
    values = np.clip(scaled(4095, "uint16"), 123, 3500)
    data = tiff(values, extratags=[(280, 3, 1, low, True), (281, 3, 1, high, True)])
    assert read_picture(data).conversions == ("12 bits, shown from 0 to 4095",)


@pytest.mark.parametrize("top", [4095, 65535])
def test_a_png_of_sixteen_bits_keeps_them_until_it_is_shown(top):
    values = (film() * (top / 255)).round().astype(np.uint16)
    picture = read_picture(bytes(imagecodecs.png_encode(values)))
    assert np.abs(picture.rgb.astype(int) - film()).mean() < 0.6
    assert picture.conversions[0].endswith(f"shown from 0 to {top}")


def test_a_jpeg_of_twelve_bits_is_read():
    data = imagecodecs.jpeg_encode(scaled(4095, "uint16"), bitspersample=12, level=95)
    assert is_the_film(bytes(data))


def test_black_stays_black():
    for kind in (np.uint8, np.uint16, np.uint32, np.float32):
        assert not read_picture(tiff(np.zeros((20, 30), kind))).rgb.any()
