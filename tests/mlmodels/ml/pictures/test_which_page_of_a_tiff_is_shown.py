"""A preview, a mask, one plane of a stack are never taken for the picture."""

import io
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image

from mlmodels.ml.errors import RejectedImage
from mlmodels.ml.pictures.picture import ImageLimits, Picture
from mlmodels.ml.pictures.reading import read_picture
from tests.mlmodels.ml.pictures.generated_files import film, grey_film

RGB: dict[str, Any] = {"photometric": "rgb"}
SMALL = np.asarray(Image.fromarray(film()).resize((40, 30)))
LARGE = np.asarray(Image.fromarray(film()).resize((640, 480)))


def pages(*written: tuple[np.ndarray, dict[str, Any]]) -> bytes:
    """A TIFF of several pages, without metadata."""
    buffer = io.BytesIO()
    with tifffile.TiffWriter(buffer) as writer:
        for values, options in written:
            writer.write(values, metadata=None, **options)
    return buffer.getvalue()


def one(values: np.ndarray, **options: Any) -> bytes:
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, values, **options)
    return buffer.getvalue()


def planes(values: np.ndarray) -> np.ndarray:
    return np.moveaxis(values, -1, 0).copy()


def is_the_film(picture: Picture) -> bool:
    return picture.rgb.shape == (120, 160, 3) and bool((picture.rgb == film()).all())


WITH_A_SECOND_PAGE = {
    "reduced": (pages((film(), RGB), (SMALL, RGB | {"subfiletype": 1})), "1 of 2", "reduced copy"),
    "reduced first": (
        pages((SMALL, RGB | {"subfiletype": 1}), (film(), RGB)),
        "2 of 2",
        "reduced copy",
    ),
    "unmarked": (pages((film(), RGB), (SMALL, RGB)), "1 of 2", "reduced copy"),
    "mask": (
        pages((film(), RGB), (grey_film() > 200, {"photometric": "mask", "subfiletype": 4})),
        "1 of 2",
        "mask",
    ),
}


@pytest.mark.parametrize("name", WITH_A_SECOND_PAGE)
def test_a_thumbnail_or_a_mask_beside_the_picture_is_left_out_and_said(name):
    data, place, what = WITH_A_SECOND_PAGE[name]
    picture = read_picture(data)
    assert is_the_film(picture)
    assert picture.conversions == (f"Page {place} is shown: the other is a {what}",)


@pytest.mark.parametrize("second", [film(), film()[::-1].copy(), 255 - SMALL])
def test_pages_that_are_pictures_of_their_own_are_refused(second):
    with pytest.raises(RejectedImage, match="several pages"):
        read_picture(pages((film(), RGB), (second, RGB)))


def sparse_field(side: int, seed: int) -> np.ndarray:
    """Six dark discs on bright ground: of two such fields most pixels are alike."""
    rows, columns = np.mgrid[:side, :side]
    field = np.full((side, side, 3), 235, np.uint8)
    for y, x in np.random.default_rng(seed).uniform(0.1, 0.9, (6, 2)) * side:
        field[(rows - y) ** 2 + (columns - x) ** 2 < (0.04 * side) ** 2] = (120, 60, 160)
    return field


def test_another_field_that_is_mostly_ground_is_no_reduced_copy():
    with pytest.raises(RejectedImage, match="several pages"):
        read_picture(pages((sparse_field(400, 1), RGB), (sparse_field(200, 2), RGB)))


def test_a_reduced_copy_of_a_field_that_is_mostly_ground_is_one():
    small = np.asarray(Image.fromarray(sparse_field(400, 1)).resize((200, 200)))
    picture = read_picture(pages((sparse_field(400, 1), RGB), (small, RGB)))
    assert picture.rgb.shape == (400, 400, 3)


def _pyramid(*, below: bool, **options: Any) -> bytes:
    buffer = io.BytesIO()
    with tifffile.TiffWriter(buffer, ome=options.pop("ome", False)) as writer:
        tile: dict[str, Any] = {"tile": (128, 128), **RGB}
        first: dict[str, Any] = (
            {"subfiletype": 0} if options.get("description") else {"subfiletype": 1}
        )
        if below:
            writer.write(LARGE, subifds=2, **tile)
            for step in (2, 4):
                writer.write(LARGE[::step, ::step], subfiletype=1, **tile)
        else:
            writer.write(LARGE, metadata=None, **tile, **options)
            for step in (2, 4):
                writer.write(LARGE[::step, ::step], metadata=None, **tile, **first, **options)
    return buffer.getvalue()


APERIO = "Aperio Image Library v11.2.1\r\n640x480 [0,0 640x480] (128x128) |AppMag = 20|MPP = 0.5"
PYRAMIDS = {
    "below the page": _pyramid(below=True),
    "OME": _pyramid(below=True, ome=True),
    "marked pages": _pyramid(below=False),
    "as Aperio": _pyramid(below=False, description=APERIO),
}


@pytest.mark.parametrize("name", PYRAMIDS)
def test_the_largest_level_within_the_limits_is_shown_and_said(name):
    whole = read_picture(PYRAMIDS[name])
    assert whole.size_px == (640, 480)
    assert whole.conversions
    part = read_picture(PYRAMIDS[name], ImageLimits(max_megapixels=0.1))
    assert part.size_px[0] < 640
    assert part.conversions[0].endswith("in full 640 × 480 px")
    with pytest.raises(RejectedImage, match="megapixels"):
        read_picture(PYRAMIDS[name], ImageLimits(max_megapixels=0.001))


def test_channels_of_imagej_are_merged_by_its_tables_and_ranges():
    tables = [np.zeros((3, 256), np.uint8) for _ in range(3)]
    for channel, table in enumerate(tables):
        table[2 - channel] = np.arange(256)
    values = (planes(film()[..., ::-1]) * (4095 / 255)).round().astype(np.uint16)
    data = one(
        values,
        imagej=True,
        metadata={"axes": "CYX", "mode": "composite", "LUTs": tables, "Ranges": (0, 4095) * 3},
    )
    picture = read_picture(data)
    assert np.abs(picture.rgb.astype(int) - film()).mean() < 0.6
    assert picture.conversions == (
        "3 channels are merged: blue, green, red",
        "12 bits, shown from 0 to 4095 as the file says",
    )


def test_three_channels_without_a_colour_are_red_green_and_blue_and_said_so():
    metadata = {"axes": "CYX", "mode": "composite"}
    formats: list[dict[str, Any]] = [{"imagej": True}, {"ome": True, "photometric": "minisblack"}]
    for options in formats:
        picture = read_picture(one(planes(film()), metadata=metadata, **options))
        assert is_the_film(picture)
        assert "does not say: red, green, blue" in picture.conversions[0]


def test_channels_of_ome_have_the_colours_that_it_says():
    colours = [0x0000FFFF, 0x00FF00FF, -16776961]
    data = one(
        planes(film()[..., ::-1]),
        ome=True,
        photometric="minisblack",
        metadata={"axes": "CYX", "Channel": {"Color": colours}},
    )
    assert is_the_film(read_picture(data))


CHANNELS = one(planes(film()), imagej=True, metadata={"axes": "CYX", "mode": "composite"})


@pytest.mark.parametrize("length", [len(CHANNELS) - 8000, len(CHANNELS) // 2, 400])
def test_channels_of_which_some_were_cut_off_are_not_shown_as_one(length):
    with pytest.raises(RejectedImage, match="truncated"):
        read_picture(CHANNELS[:length])


def test_a_stack_that_was_cut_behind_its_first_page_is_not_shown_as_one():
    stack = pages((film(), RGB), (film(), RGB))
    with pytest.raises(RejectedImage, match="truncated"):
        read_picture(stack[: len(pages((film(), RGB)))])


def test_channels_whose_colours_cannot_be_known_are_refused():
    data = one(np.stack([grey_film()] * 4), imagej=True, metadata={"axes": "CYX"})
    with pytest.raises(RejectedImage, match="4 channels, and does not say their colours"):
        read_picture(data)


def test_fields_beside_one_another_are_refused_and_a_label_is_said():
    for second, told in ((film(), ""), (SMALL, "The file holds 2 pictures: its first is shown")):
        buffer = io.BytesIO()
        with tifffile.TiffWriter(buffer, ome=True) as writer:
            writer.write(film(), **RGB)
            writer.write(second, **RGB)
        if told:
            assert read_picture(buffer.getvalue()).conversions == (told,)
        else:
            with pytest.raises(RejectedImage, match="several pages"):
                read_picture(buffer.getvalue())


STACKS = {
    "z-stack of 5 planes": one(np.stack([grey_film()] * 5), imagej=True, metadata={"axes": "ZYX"}),
    "time series of 4 frames": one(
        np.stack([grey_film()] * 4), imagej=True, metadata={"axes": "TYX"}
    ),
    "z-stack of 3 planes": one(np.stack([grey_film()] * 3), ome=True, metadata={"axes": "ZYX"}),
    "z-stack of 2 planes": one(
        np.stack([film()] * 2), ome=True, photometric="rgb", metadata={"axes": "ZYXS"}
    ),
    "several pages": pages(*[(film()[..., channel].copy(), {}) for channel in range(3)]),
}


@pytest.mark.parametrize("what", STACKS)
def test_a_stack_is_refused_by_its_name(what):
    with pytest.raises(RejectedImage, match=what):
        read_picture(STACKS[what])
