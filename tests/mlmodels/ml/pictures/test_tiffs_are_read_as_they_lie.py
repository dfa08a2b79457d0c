"""Layout, photometric, alpha and compression of a TIFF change nothing of what it shows."""

import itertools
import zlib
from typing import Any

import numpy as np
import pytest

from mlmodels.ml.errors import RejectedImage
from mlmodels.ml.pictures.reading import read_picture
from tests.mlmodels.ml.pictures.generated_files import film, grey_film, subsampled_tiff, tiff


def difference(data: bytes, expected: np.ndarray) -> float:
    """Mean difference in levels from an RGB or grey picture."""
    wanted = np.repeat(expected[..., np.newaxis], 3, -1) if expected.ndim == 2 else expected
    rgb = read_picture(data).rgb
    assert rgb.shape == wanted.shape
    return float(np.abs(rgb.astype(int) - wanted).mean())


@pytest.mark.parametrize(
    ("kind", "order", "tiled", "compression", "bigtiff"),
    list(
        itertools.product(
            (np.uint8, np.uint16, np.float32),
            "<>",
            (False, True),
            (None, "lzw", "zlib", "packbits", "zstd", "lzma"),
            (False, True),
        )
    ),
)
@pytest.mark.parametrize("planar", [False, True])
def test_every_layout_gives_the_same_picture(kind, order, tiled, compression, bigtiff, planar):
    top = {np.uint8: 255, np.uint16: 65535, np.float32: 1}[kind]
    values = (film() * (top / 255)).astype(kind)
    options: dict[str, Any] = {"tile": (48, 64)} if tiled else {"rowsperstrip": 17}
    if compression in ("lzw", "zlib"):
        options["predictor"] = True
    data = tiff(
        np.moveaxis(values, -1, 0).copy() if planar else values,
        photometric="rgb",
        planarconfig="separate" if planar else "contig",
        byteorder=order,
        compression=compression,
        bigtiff=bigtiff,
        **options,
    )
    assert difference(data, film()) < 1


@pytest.mark.parametrize("compression", ["webp", "jpeg2000", "jpegxl", "png", "jpegxr", "lerc"])
def test_pictures_in_strips_are_read(compression):
    assert difference(tiff(film(), photometric="rgb", compression=compression), film()) < 1


@pytest.mark.parametrize(("code", "compress"), [(1, bytes), (8, zlib.compress)])
def test_pixels_that_share_their_colour_are_read(code, compress):
    assert difference(subsampled_tiff(code, compress), film()) < 2


@pytest.mark.parametrize("kind", [np.uint8, np.uint16, np.float32])
def test_where_the_smallest_is_white_no_negative_is_shown(kind):
    top = {np.uint8: 255, np.uint16: 65535, np.float32: 1}[kind]
    values = ((255 - grey_film()) * (top / 255)).astype(kind)
    assert difference(tiff(values, photometric="miniswhite"), grey_film()) < 1


def test_grey_with_alpha_is_read():
    values = np.dstack([grey_film(), np.full_like(grey_film(), 255)])
    data = tiff(values, photometric="minisblack", extrasamples=["unassalpha"])
    assert difference(data, grey_film()) == 0


@pytest.mark.parametrize("alpha", ["assocalpha", "unassalpha"])
def test_what_is_half_transparent_is_shown_on_white(alpha):
    half = np.full((120, 160, 1), 128, np.uint8)
    colours = film() // 2 if alpha == "assocalpha" else film()
    data = tiff(np.concatenate([colours, half], -1), photometric="rgb", extrasamples=[alpha])
    assert difference(data, film() / 2 + 127.5) < 1.5


@pytest.mark.parametrize("alpha", ["assocalpha", "unassalpha"])
def test_an_alpha_of_zeros_hides_nothing_and_is_said(alpha):
    clear = np.zeros((120, 160, 1), np.uint8)
    data = tiff(np.concatenate([film(), clear], -1), photometric="rgb", extrasamples=[alpha])
    assert difference(data, film()) == 0
    assert "wholly transparent" in read_picture(data).conversions[0]


def test_a_further_channel_that_is_no_alpha_is_left_out_and_said():
    spot = np.zeros((120, 160, 1), np.uint8)
    data = tiff(np.concatenate([film(), spot], -1), photometric="rgb", extrasamples=["unspecified"])
    assert difference(data, film()) == 0
    assert read_picture(data).conversions == ("Further channels in the file are not shown",)


@pytest.mark.parametrize("turned", range(1, 9))
def test_a_turned_picture_is_shown_upright(turned):
    upright = film()
    stored = {
        1: upright,
        2: upright[:, ::-1],
        3: upright[::-1, ::-1],
        4: upright[::-1],
        5: upright.transpose(1, 0, 2),
        6: np.rot90(upright, 1),
        7: upright[::-1, ::-1].transpose(1, 0, 2),
        8: np.rot90(upright, -1),
    }[turned]
    data = tiff(stored.copy(), photometric="rgb", extratags=[(274, 3, 1, turned, True)])
    assert difference(data, upright) == 0


def test_a_compression_that_is_not_read_is_named():
    data = bytearray(tiff(film(), photometric="rgb"))
    # The value of the tag Compression: ThunderScan, which no decoder here knows.
    at = data.index((259).to_bytes(2, "little") + (3).to_bytes(2, "little"))
    data[at + 8 : at + 10] = (32809).to_bytes(2, "little")
    with pytest.raises(RejectedImage, match=r"compressed in a way.*THUNDERSCAN"):
        read_picture(bytes(data))


def test_numbers_that_no_picture_has_are_refused():
    with pytest.raises(RejectedImage, match="numbers of a kind"):
        read_picture(tiff(grey_film().astype(np.complex64)))


def test_a_header_that_promises_a_million_pixels_a_side_costs_nothing():
    data = bytearray(tiff(film(), photometric="rgb"))
    for tag in (256, 257):
        at = data.index(tag.to_bytes(2, "little") + (4).to_bytes(2, "little"))
        data[at + 8 : at + 12] = (1_000_000).to_bytes(4, "little")
    with pytest.raises(RejectedImage, match="megapixels"):
        read_picture(bytes(data))
