"""A cell whose box a person drew is read as one that was found."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from mlmodels.ml.errors import BoxRefused, RejectedImage
from mlmodels.ml.inference.calibration import ACCEPTED, REVIEW, UNIDENTIFIED, Thresholds
from mlmodels.ml.inference.crops import Box
from mlmodels.ml.inference.drawn_box import field_of_box
from mlmodels.ml.inference.finding.field import Field
from mlmodels.ml.inference.finding.localize import locate
from mlmodels.ml.inference.pipeline import read_box, read_image
from tests.drawn_cells import BACKGROUND, CELL_RADIUS_PX, draw_smear, draw_smear_png, encode


def around(x: int, y: int) -> Box:
    """The box of a drawn cell, as a person would draw it: a little too large."""
    side = 2 * CELL_RADIUS_PX + 6
    return Box(x - side // 2, y - side // 2, side, side)


def marked(*, at: dict[int, tuple[slice, slice]]) -> Field:
    """A field of 40 x 40 px whose stained parts are rectangles, by number."""
    labels = np.zeros((40, 40), np.int32)
    for mark, window in at.items():
        labels[window] = mark
    field = locate(np.full((40, 40, 3), BACKGROUND, np.uint8))
    return replace(field, labels=labels)


def nucleus_of(field: Field, box: Box) -> tuple[float, float, float, float]:
    [nucleus] = field_of_box(field, box, longer_px=40).nuclei
    return nucleus.left, nucleus.top, nucleus.width, nucleus.height


@pytest.mark.parametrize("lobed", [False, True])
def test_the_box_of_a_found_cell_gives_the_same_cell(shipped_engine, lobed):
    data = draw_smear_png(seed=3, cells=2, lobed=lobed)
    for found in read_image(data, shipped_engine).cells:
        drawn = read_box(data, found.box, shipped_engine)
        assert drawn == found
        assert np.array_equal(drawn.features, found.features)


def test_a_looser_box_stays_as_it_was_drawn_and_is_named_alike(shipped_engine):
    data = draw_smear_png(seed=0, centres=[(200, 150)], lobed=True)
    [found] = read_image(data, shipped_engine).cells
    drawn = read_box(data, around(200, 150), shipped_engine)
    assert replace(drawn, box=found.box) == found
    assert drawn.box == around(200, 150) != found.box


def test_a_class_that_is_always_reviewed_is_not_accepted_in_a_drawn_box(shipped_engine):
    sure = replace(shipped_engine, thresholds=Thresholds(0.0, 0.0, 0.0, 100.0, 100.0))
    plain = draw_smear_png(seed=0, centres=[(200, 150)])
    lobed = draw_smear_png(seed=0, centres=[(200, 150)], lobed=True)
    assert read_box(plain, around(200, 150), sure).disposition == REVIEW
    assert read_box(lobed, around(200, 150), sure).disposition == ACCEPTED


def test_nothing_is_accepted_in_a_picture_that_may_be_no_film(shipped_engine):
    rgb = draw_smear(seed=0, centres=[(200, 150)], lobed=True)
    sure = replace(shipped_engine, thresholds=Thresholds(0.0, 0.0, 0.0, 100.0, 100.0))
    rgb[:, 330:] = (90, 200, 70)
    assert read_box(encode(rgb, "PNG"), around(200, 150), sure).disposition == REVIEW


def test_an_empty_box_is_read_and_not_taken_for_a_cell(shipped_engine):
    rgb = draw_smear(seed=0, centres=[(100, 100)])
    cv2.rectangle(rgb, (300, 200), (400, 300), BACKGROUND, -1)
    cell = read_box(encode(rgb, "PNG"), Box(320, 220, 60, 60), shipped_engine)
    assert cell.disposition == UNIDENTIFIED
    assert (cell.nucleus_area_px, cell.nucleus_in_red_cells) == (0.0, None)


def test_the_nucleus_is_all_that_is_stained_in_the_box_but_specks():
    two_lobes_and_a_speck = marked(
        at={
            1: (slice(12, 18), slice(12, 18)),
            2: (slice(22, 28), slice(20, 28)),
            3: (slice(30, 31), slice(30, 31)),
        }
    )
    assert nucleus_of(two_lobes_and_a_speck, Box(8, 8, 24, 24)) == (12, 12, 16, 16)


def test_what_lies_mostly_outside_the_box_is_a_neighbours():
    field = marked(at={1: (slice(12, 20), slice(12, 20)), 2: (slice(10, 20), slice(26, 40))})
    assert nucleus_of(field, Box(8, 8, 24, 24)) == (12, 12, 8, 8)


def test_a_box_parts_nuclei_that_touch():
    field = marked(at={1: (slice(10, 20), slice(4, 36))})
    assert nucleus_of(field, Box(22, 6, 18, 18)) == (22, 10, 14, 10)


def test_without_a_stain_the_nucleus_is_in_the_middle_of_the_box():
    # 26 px of cell are 1.3 times 20 px of nucleus, 3 px from each side.
    assert nucleus_of(marked(at={}), Box(4, 6, 26, 26)) == pytest.approx((7, 9, 20, 20))


@pytest.mark.parametrize("box", [Box(-1, 10, 20, 20), Box(470, 10, 11, 20), Box(10, 341, 20, 20)])
def test_a_box_beyond_the_picture_is_refused(shipped_engine, box):
    with pytest.raises(BoxRefused, match="beyond the picture, which is 480 × 360 px"):
        read_box(draw_smear_png(seed=0), box, shipped_engine)


def test_a_box_smaller_than_eight_px_is_refused(shipped_engine):
    with pytest.raises(BoxRefused, match=r"is 7 × 30 px\. Draw one of at least 8 px"):
        read_box(draw_smear_png(seed=0), Box(10, 10, 7, 30), shipped_engine)
    assert read_box(draw_smear_png(seed=0), Box(472, 352, 8, 8), shipped_engine).box.x == 472


def test_what_is_no_picture_is_refused(shipped_engine):
    with pytest.raises(RejectedImage):
        read_box(b"text", Box(0, 0, 20, 20), shipped_engine)
