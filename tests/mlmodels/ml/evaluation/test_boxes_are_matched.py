"""Boxes of two lists are paired one to one, the best pair first."""

import pytest

from mlmodels.ml.evaluation.box_matching import match_boxes, overlap
from mlmodels.ml.inference.crops import Box


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
