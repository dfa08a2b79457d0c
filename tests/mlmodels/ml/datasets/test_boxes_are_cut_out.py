"""Boxes become pictures of their own, with a margin, as far as the photograph reaches."""

import numpy as np
import pytest

from mlmodels.ml.datasets.box_crops import cut_box, encode_cut
from mlmodels.ml.datasets.class_names import SHIPPED_LABELS, ClassNames
from mlmodels.ml.datasets.layouts.choose import list_pictures
from mlmodels.ml.datasets.layouts.listing import Choices, DrawnBox
from mlmodels.ml.datasets.reading import read_dataset
from mlmodels.ml.errors import RejectedImage
from mlmodels.ml.pictures.picture import ImageLimits
from mlmodels.ml.pictures.reading import decode_image
from tests.factories.layouts import BOXES, drawn_field, voc

FIELD = np.arange(100 * 200 * 3, dtype=np.uint32).reshape(100, 200, 3).astype(np.uint8)


@pytest.mark.parametrize(
    ("box", "rows", "columns"),
    [
        # A square of twice the longer side, 40 px, about the middle (100, 50).
        (DrawnBox(90, 45, 20, 10), slice(30, 70), slice(80, 120)),
        # The same in shares of the sides.
        (DrawnBox(0.45, 0.45, 0.1, 0.1, in_shares=True), slice(30, 70), slice(80, 120)),
        # In a corner only what is there.
        (DrawnBox(0, 0, 20, 20), slice(0, 30), slice(0, 30)),
        (DrawnBox(190, 90, 20, 20), slice(80, 100), slice(180, 200)),
    ],
)
def test_a_cut_is_a_square_of_twice_the_box(box, rows, columns):
    assert np.array_equal(cut_box(FIELD, box), FIELD[rows, columns])


@pytest.mark.parametrize(
    ("box", "said"),
    [
        (DrawnBox(10, 10, 0, 20), "no size"),
        (DrawnBox(10, 10, 20, -5), "no size"),
        (DrawnBox(float("nan"), 10, 20, 20), "no size"),
        (DrawnBox(10, 10, float("inf"), 20), "no size"),
        (DrawnBox(1, 1, 1.7e308, 1.7e308), "larger than any picture"),
        (DrawnBox(200, 10, 20, 20), "outside its picture"),
        (DrawnBox(-30, 10, 20, 20), "outside its picture"),
    ],
)
def test_a_box_that_holds_nothing_is_refused(box, said):
    with pytest.raises(RejectedImage, match=said):
        cut_box(FIELD, box)


def test_a_cut_keeps_every_pixel():
    assert np.array_equal(decode_image(encode_cut(FIELD)), FIELD)


def test_boxes_become_rows_of_a_dataset(tmp_path):
    files = {
        "JPEGImages/f.png": drawn_field(1),
        "Annotations/f.xml": voc("f.png", [("neutrophil", BOXES[0]), ("RBC", BOXES[1])]).encode(),
    }
    for path, data in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(data)
    names = ClassNames(SHIPPED_LABELS)
    listing = list_pictures(tmp_path, list(files), names)
    read = read_dataset(tmp_path, listing, names, Choices({"rbc": ""}), limits=ImageLimits())
    [image] = read.images
    assert (image.path, image.label) == ("JPEGImages/f.png cell 1.png", "neutrophil")
    assert image.source == "JPEGImages/f.png"
    assert (image.width_px, image.height_px) == (160, 160)
    cut = decode_image((tmp_path / image.path).read_bytes())
    assert np.array_equal(cut, decode_image(files["JPEGImages/f.png"])[20:180, 20:180])
    assert "1 picture of RBC left out" in " ".join(row.reason for row in read.report)
