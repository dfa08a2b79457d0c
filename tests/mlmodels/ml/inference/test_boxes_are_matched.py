"""Boxes of two lists are paired one to one, the best pair first; in one list each cell has one."""

import cv2
import pytest

from mlmodels.ml.inference.boxes import match_boxes, overlap, without_overlaps
from mlmodels.ml.inference.crops import Box
from mlmodels.ml.inference.finding.localize import locate
from mlmodels.ml.inference.pipeline import read_pixels
from tests.drawn_cells import CELL_RADIUS_PX, CYTOPLASM, NUCLEUS, draw_smear


def test_half_covered_boxes_overlap_by_a_third():
    assert overlap(Box(0, 0, 10, 10), Box(5, 0, 10, 10)) == pytest.approx(50 / 150)


def test_boxes_that_only_touch_do_not_overlap():
    assert overlap(Box(0, 0, 10, 10), Box(10, 0, 10, 10)) == 0.0


def test_a_box_is_paired_once_and_the_better_pair_goes_first():
    ones = [Box(0, 0, 10, 10), Box(4, 0, 10, 10)]
    # By the first 8 of 12 and 7 of 13 are shared, by the second 8 of 12 and 9 of 11.
    others = [Box(2, 0, 10, 10), Box(3, 0, 10, 10)]
    assert match_boxes(ones, others, 0.5) == {1: 1, 0: 0}
    assert list(match_boxes(ones, others, 0.5)) == [1, 0]


def test_what_overlaps_too_little_is_left_alone():
    assert match_boxes([Box(0, 0, 10, 10)], [Box(5, 0, 10, 10)], 0.5) == {}


def test_of_pairs_that_overlap_alike_the_first_ones_are_paired():
    same = Box(0, 0, 10, 10)
    assert match_boxes([same], [same, same], 0.5) == {0: 0}


def test_of_boxes_that_overlap_by_half_the_first_is_kept():
    # By 3 of 10 px apart 7 of 13 are shared, more than half; by 4 of 10 only 6 of 14.
    assert without_overlaps([Box(0, 0, 10, 10), Box(3, 0, 10, 10)]) == [0]
    assert without_overlaps([Box(0, 0, 10, 10), Box(4, 0, 10, 10)]) == [0, 1]
    # Just half: 10 of 20.
    assert without_overlaps([Box(0, 0, 20, 10), Box(0, 0, 10, 10)]) == [0]


def test_a_box_that_is_left_out_takes_no_other_with_it():
    assert without_overlaps([Box(0, 0, 10, 10), Box(3, 0, 10, 10), Box(6, 0, 10, 10)]) == [0, 2]
    assert without_overlaps([Box(3, 0, 10, 10), Box(0, 0, 10, 10), Box(6, 0, 10, 10)]) == [0]
    assert without_overlaps([]) == []


def test_two_lobes_far_apart_are_one_cell_with_the_larger_as_its_nucleus(shipped_engine):
    rgb = draw_smear(seed=0, centres=[(200, 150)])
    cv2.circle(rgb, (200, 150), CELL_RADIUS_PX, CYTOPLASM, -1, cv2.LINE_AA)
    for x, y, thick in ((191, 159, 9), (209, 141, 11)):
        cv2.line(rgb, (x - 24, y - 24), (x + 24, y + 24), NUCLEUS, thick, cv2.LINE_AA)
    large, _ = locate(rgb).nuclei
    [cell] = read_pixels(rgb, shipped_engine).cells
    assert cell.nucleus_area_px == large.area_px
