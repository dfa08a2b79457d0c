"""Figures of attributes, counted by hand, and the page that tells them."""

import pytest

from mlmodels.ml.training.reports.attribute_text import attributes_markdown
from mlmodels.research.attribute_evaluation import AttributeAnswer, report_attributes

BAND, ROUND = "unsegmented-band", "unsegmented-round"


def nucleus(truth, read="", told="", usual=""):
    return AttributeAnswer(
        {"nucleus_shape": truth},
        {"nucleus_shape": read} if read else {},
        {"nucleus_shape": told} if told else {},
        {"nucleus_shape": usual} if usual else {},
    )


@pytest.fixture
def figures():
    """Three bands and one round nucleus; in the last picture no cell was found."""
    return report_attributes(
        [
            nucleus(BAND, read=BAND, told=BAND, usual=BAND),
            nucleus(BAND, read=ROUND, told="unsegmented", usual=BAND),
            nucleus(ROUND, read=ROUND, told=BAND, usual=BAND),
            nucleus(BAND),
        ]
    )


def test_a_picture_without_a_cell_counts_as_wrong(figures):
    assert (figures["n"], figures["no_cell_found"]) == (4, 1)
    assert figures["per_attribute"]["nucleus_shape"]["right"] == 2


def test_macro_f1_is_that_of_the_most_probable_values(figures):
    # Band: 1 hit of 3 true and 1 read: 2/4. Round: 1 hit of 1 true and 2 read: 2/3.
    assert figures["per_attribute"]["nucleus_shape"]["macro_f1"] == pytest.approx((0.5 + 2 / 3) / 2)
    assert figures["mean_macro_f1"] == pytest.approx((0.5 + 2 / 3) / 2)


def test_the_class_alone_is_what_its_usual_look_would_score(figures):
    # Band for the first three: 2 hits of 3 true and 3 said: 4/6; round never.
    assert figures["per_attribute"]["nucleus_shape"]["usual_macro_f1"] == pytest.approx(2 / 6)


def test_a_family_that_is_told_is_right_for_each_of_its_values(figures):
    assert (figures["told"], figures["told_right"], figures["cells_with_words"]) == (3, 2, 3)
    assert figures["per_attribute"]["nucleus_shape"]["per_word"] == {
        "unsegmented": {"told": 1, "right": 1},
        BAND: {"told": 2, "right": 1},
    }


def test_an_attribute_that_a_picture_does_not_carry_does_not_count():
    figures = report_attributes([nucleus(BAND, read=BAND), AttributeAnswer({"cell_size": "big"})])
    assert figures["per_attribute"]["nucleus_shape"]["n"] == 1
    assert figures["per_attribute"]["cell_size"]["right"] == 0


def test_nothing_measured_has_no_figures():
    figures = report_attributes([])
    assert (figures["n"], figures["mean_macro_f1"], figures["per_attribute"]) == (0, None, {})


def test_the_page_tells_counts_intervals_and_hashes(figures):
    page = attributes_markdown(
        {
            **figures,
            "model": "tiny-1",
            "runtime": "litert",
            "weights_sha256": "abc",
            "attributes_sha256": "def",
            "trained_on": 7,
        }
    )
    assert "`abc`" in page
    assert "`def`" in page
    assert "7 others left out" in page
    # Wilson: 2 of 3 gives 20.8 % to 93.9 %.
    assert "2 of 3, 66.7% (20.8% to 93.9%)" in page
    assert "| nucleus shape | band-shaped | 3 | 1 | 1 | 2 | 1 |" in page
    assert "Right less often than 90% here: band-shaped (nucleus shape, 1 of 2)." in page
