"""A large JPEG is read at half its sides, unless its cells are too small for that."""

import io

import cv2
import numpy as np
import pytest
from PIL import Image

from mlmodels.ml.inference.pipeline import read_image, read_pixels
from mlmodels.ml.pictures.reading import decode_image, read_picture
from tests.drawn_cells import BACKGROUND, CYTOPLASM, NUCLEUS, encode

LARGE = (2800, 3600)


def field(nucleus_px: int) -> np.ndarray:
    """A large field with one round white cell whose nucleus is so wide."""
    picture = np.full((*LARGE, 3), BACKGROUND, np.uint8)
    cv2.circle(picture, (1801, 1203), round(nucleus_px * 0.7), CYTOPLASM, -1, cv2.LINE_AA)
    cv2.circle(picture, (1801, 1203), nucleus_px // 2, NUCLEUS, -1, cv2.LINE_AA)
    return picture


@pytest.fixture(scope="module")
def large_cell() -> bytes:
    """A JPEG with a nucleus of 400 px."""
    return encode(field(400), "JPEG")


def test_half_the_sides_are_decoded_and_the_file_keeps_its_size(large_cell):
    picture = read_picture(large_cell, may_reduce=True)
    assert picture.reduced_by == 2
    assert picture.rgb.shape == (LARGE[0] // 2, LARGE[1] // 2, 3)
    assert (picture.width_px, picture.height_px) == (LARGE[1], LARGE[0])


def test_a_turned_picture_keeps_its_turned_size():
    exif = Image.Exif()
    exif[0x0112] = 6
    buffer = io.BytesIO()
    Image.fromarray(field(400)).save(buffer, "JPEG", exif=exif)
    picture = read_picture(buffer.getvalue(), may_reduce=True)
    assert (picture.width_px, picture.height_px) == LARGE
    assert picture.rgb.shape == (LARGE[1] // 2, LARGE[0] // 2, 3)


def test_small_pictures_and_other_formats_are_decoded_whole(large_cell):
    small = encode(field(400)[:1200, :1600], "JPEG")
    assert read_picture(small, may_reduce=True).reduced_by == 1
    assert read_picture(encode(field(400), "PNG"), may_reduce=True).reduced_by == 1
    assert read_picture(large_cell).reduced_by == 1


def test_the_findings_are_in_pixels_of_the_file(shipped_engine, large_cell):
    whole = read_pixels(decode_image(large_cell), shipped_engine).cells[0]
    found = read_image(large_cell, shipped_engine).cells[0]
    assert found.label == whole.label
    assert found.nucleus_area_px == pytest.approx(whole.nucleus_area_px, rel=0.05)
    for name in ("x", "y", "width", "height"):
        assert getattr(found.box, name) == pytest.approx(getattr(whole.box, name), abs=20)


def test_a_cell_too_small_for_half_the_sides_is_read_whole(shipped_engine):
    data = encode(field(120), "JPEG")
    assert shipped_engine.crop_rule.scale * 120 / 2 < shipped_engine.crop_rule.side_px
    whole = read_pixels(decode_image(data), shipped_engine).cells[0]
    found = read_image(data, shipped_engine).cells[0]
    assert found.probabilities == whole.probabilities
    assert found.box == whole.box
