"""What counting leaves to chance, and counts in words. Figures are those of published tables."""

import math

import pytest

from mlmodels.ml.evaluation.metrics import wilson_interval
from predictions.counts import (
    MINIMUM_CELLS,
    TARGETS,
    LabelUse,
    headline,
    limited_count,
    shown_as,
    too_many_unidentified,
    two_counts_z,
    unidentified_percent,
    wilson,
)

LABELS = [
    LabelUse("neutrophil", "Neutrophil", "NE", "granulocytes", counts=True),
    LabelUse("monocyte", "Monocyte", "MO", "lymphocytes and monocytes", counts=True),
    LabelUse("lymphocyte", "Lymphocyte", "LY", "lymphocytes and monocytes", counts=True),
    LabelUse(
        "band", "Band neutrophil", "BN", "granulocytes", True, wider="neutrophil", apart=False
    ),
    LabelUse("nk_cell", "NK cell", "NK", "lymphocytes and monocytes", counts=True),
    LabelUse("platelet_clump", "Platelet clump", "CL", "not counted", counts=False),
    LabelUse("not_a_cell", "Not a cell", "NC", "not counted", counts=False),
    LabelUse("parasite_suspected", "Parasite suspected", "PS", "not counted", counts=False),
    LabelUse("inclusion", "Inclusion body", "IB", "not counted", counts=False),
]


@pytest.mark.parametrize(
    ("percent", "n", "low", "high"),
    [
        (0, 100, 0, 3.7),
        (1, 100, 0.2, 5.4),
        (5, 100, 2.2, 11.2),
        (7, 100, 3.4, 13.7),
        (10, 100, 5.5, 17.4),
        (20, 100, 13.3, 28.9),
        (50, 100, 40.4, 59.6),
        (70, 100, 60.4, 78.1),
        (0, 200, 0, 1.9),
        (1, 200, 0.3, 3.6),
        (5, 200, 2.7, 9.0),
        (7, 200, 4.2, 11.4),
        (10, 200, 6.6, 14.9),
        (20, 200, 15.0, 26.1),
        (50, 200, 43.1, 56.9),
        (70, 200, 63.3, 75.9),
        (82, 200, 76.1, 86.7),
    ],
)
def test_the_wilson_interval_is_that_of_the_table(percent, n, low, high):
    found = [100 * bound for bound in wilson(percent * n // 100, n)]
    assert found == pytest.approx([low, high], abs=0.051)


def test_seven_of_a_hundred_is_worked_out_to_the_fifth_decimal():
    assert wilson(7, 100) == pytest.approx((0.03432, 0.13750), abs=0.000005)


def test_nothing_and_all_keep_their_end_and_no_cell_leaves_all_open():
    assert wilson(0, 100) == (0.0, pytest.approx(0.0370, abs=0.00005))
    assert wilson(100, 100)[1] == 1.0
    assert wilson(0, 0) == (0.0, 1.0)


@pytest.mark.parametrize(("hits", "n"), [(0, 0), (0, 7), (3, 7), (7, 7), (12, 400)])
def test_reports_and_model_cards_give_the_same_interval(hits, n):
    assert wilson(hits, n) == wilson_interval(hits, n)


@pytest.mark.parametrize(
    ("points", "percent", "cells"), [(2, 5, 456), (3, 5, 203), (5, 50, 384), (1, 2, 753)]
)
def test_so_many_cells_make_the_interval_so_narrow(points, percent, cells):
    low, high = wilson(round(cells * percent / 100), cells)
    assert 100 * (high - low) / 2 == pytest.approx(points, rel=0.04)


def test_the_targets_see_a_class_of_one_percent_so_often():
    seen = [100 * (1 - 0.99**cells) for cells in TARGETS]
    assert seen == pytest.approx([63, 87, 98], abs=0.5)


@pytest.mark.parametrize(("counts", "z"), [((7, 100, 12, 100), -1.21), ((14, 200, 28, 200), -2.28)])
def test_two_counts_are_so_far_apart(counts, z):
    assert two_counts_z(*counts) == pytest.approx(z, abs=0.005)


def test_two_counts_without_any_spread_are_not_apart():
    assert two_counts_z(0, 100, 0, 200) == 0.0
    assert two_counts_z(100, 100, 200, 200) == 0.0
    assert two_counts_z(0, 0, 5, 100) == 0.0
    assert math.isfinite(two_counts_z(0, 100, 1, 100))


def test_a_count_is_limited_below_a_hundred_cells():
    assert MINIMUM_CELLS == 100
    assert limited_count(99)
    assert not limited_count(100)


@pytest.mark.parametrize(
    ("unidentified", "counted", "too_many", "percent"),
    [(5, 100, False, 5.0), (6, 100, True, 6.0), (0, 0, False, 0.0), (1, 0, True, 100.0)],
)
def test_more_than_five_unidentified_to_a_hundred_are_too_many(
    unidentified, counted, too_many, percent
):
    assert too_many_unidentified(unidentified, counted) is too_many
    assert unidentified_percent(unidentified, counted) == percent


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        ({"monocyte": 5, "neutrophil": 21}, "21 neutrophils, 5 monocytes"),
        ({"monocyte": 1, "lymphocyte": 0}, "1 monocyte"),
        ({"lymphocyte": 2, "monocyte": 2}, "2 monocytes, 2 lymphocytes"),
        ({"neutrophil": 3, "band": 2}, "5 neutrophils"),
        ({"nk_cell": 2}, "2 NK cells"),
        ({"platelet_clump": 2, "not_a_cell": 3}, "3 not a cell, 2 platelet clumps"),
        ({"inclusion": 2, "parasite_suspected": 4}, "4 suspected parasites, 2 inclusion bodies"),
        ({"hairy_cell": 2, "monocyte": 3}, "3 monocytes, 2 hairy cells"),
        ({}, "no cells"),
    ],
)
def test_a_headline_tells_classes_in_words_the_largest_first(counts, words):
    assert headline(counts, LABELS) == words


def test_a_class_is_shown_with_a_wider_one_only_where_both_count_alike():
    by_code = {
        "lymphocyte": LabelUse("lymphocyte", "Lymphocyte", "LY", "", counts=True),
        "smudge_cell": LabelUse(
            "smudge_cell", "Smudge cell", "SM", "", counts=False, wider="lymphocyte", apart=False
        ),
        "orphan": LabelUse("orphan", "Orphan", "OR", "", True, wider="nowhere", apart=False),
        "left": LabelUse("left", "Left", "LE", "", True, wider="right", apart=False),
        "right": LabelUse("right", "Right", "RI", "", True, wider="left", apart=False),
    }
    assert {shown_as(code, by_code) for code in by_code} == set(by_code)
