"""A word is said only where what was measured bears it out, and what is unusual is told."""

import math

import pytest

from mlmodels.ml.inference.measured_words import (
    LARGE_FROM,
    SMALL_UP_TO,
    Size,
    agrees,
    size_of,
    unusual_size,
    unusual_values,
    usual_look,
)


def test_a_cell_is_measured_in_the_red_cells_that_its_nucleus_was_measured_in():
    # A nucleus of 20 px, twice as wide as red cells of 10 px; the cell's box has 25 × 36 px.
    size = size_of(2.0, math.pi * 10**2, (25, 36))
    assert size is not None
    assert (size.nucleus, size.cell) == (2.0, pytest.approx(3.0))


@pytest.mark.parametrize("nucleus", [None, 0.0, 6.0])
def test_without_a_measure_that_can_be_believed_there_is_no_size(nucleus):
    assert size_of(nucleus, 300.0, (25, 36)) is None


def test_small_is_not_said_of_a_cell_whose_nucleus_is_wider_than_a_red_cell():
    assert not agrees("lymphocyte", "cell_size", "small", Size(nucleus=1.2, cell=1.4))
    assert agrees("lymphocyte", "cell_size", "small", Size(nucleus=0.9, cell=SMALL_UP_TO))


def test_large_is_said_from_fifteen_micrometres_on():
    assert not agrees("monocyte", "cell_size", "big", Size(nucleus=1.5, cell=LARGE_FROM - 0.01))
    assert agrees("monocyte", "cell_size", "big", Size(nucleus=1.5, cell=LARGE_FROM))


def test_no_size_is_said_where_none_was_measured():
    assert not agrees("monocyte", "cell_size", "big", None)
    assert not agrees("lymphocyte", "cell_size", "small", None)


def test_blue_is_not_said_of_a_granulocyte_whose_text_says_pink():
    assert not agrees("neutrophil", "cytoplasm_colour", "light blue", None)
    assert agrees("monocyte", "cytoplasm_colour", "light blue", None)


def test_other_words_are_not_judged_here():
    assert agrees("neutrophil", "cytoplasm_vacuole", "yes", None)


def test_what_few_cells_of_a_class_show_is_unusual():
    # Of training neutrophils 3.8 % show vacuoles, of monocytes 46.5 %.
    seen = {"cytoplasm_vacuole": "yes", "granularity": "yes"}
    assert unusual_values("neutrophil", seen) == [("cytoplasm_vacuole", "yes")]
    assert unusual_values("monocyte", {"cytoplasm_vacuole": "yes"}) == []


def test_a_family_of_values_is_as_usual_as_all_of_them_together():
    assert unusual_values("neutrophil", {"nucleus_shape": "segmented"}) == []


def test_nothing_is_unusual_for_a_class_without_attributes():
    assert unusual_values("blast", {"granularity": "no"}) == []
    assert unusual_size("blast", Size(nucleus=2.9, cell=3.0)) == ""


def test_a_nucleus_beyond_the_middle_of_its_class_is_unusual():
    low, high = usual_look()["lymphocyte"]["nucleus"]
    assert unusual_size("lymphocyte", Size(high + 0.01, 3)) == "large nucleus"
    assert unusual_size("lymphocyte", Size(low - 0.01, 1)) == "small nucleus"
    assert unusual_size("lymphocyte", Size((low + high) / 2, 2)) == ""
    assert unusual_size("lymphocyte", None) == ""
