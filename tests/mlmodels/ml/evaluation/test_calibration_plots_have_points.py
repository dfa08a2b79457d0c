"""The bins of a calibration plot: what was said against what came true."""

import pytest

from mlmodels.ml.evaluation.metrics import Answer, reliability, summarise


def test_answers_of_like_confidence_share_a_bin():
    # 0.9 lies in the bin from 0.867 to 0.933, 0.5 in the one from 0.467 to 0.533.
    bins = reliability([0.9, 0.9, 0.9, 0.88, 0.5], [True, True, True, False, True])
    assert [b["n"] for b in bins] == [1, 4]
    assert bins[0] == {"n": 1, "confidence": 0.5, "right": 1.0}
    assert bins[1]["confidence"] == pytest.approx(0.895)
    assert bins[1]["right"] == pytest.approx(0.75)


def test_no_answers_have_no_bins():
    assert reliability([], []) == []


def test_the_figures_of_a_set_hold_its_bins():
    figures = summarise([Answer("a", "a", 0.8, "accepted"), Answer("a", "", 0.0, "")], ("a",))
    assert figures["reliability"] == [{"n": 1, "confidence": 0.8, "right": 1.0}]
