"""Temperature, thresholds and dispositions, on numbers worked out by hand."""

from dataclasses import replace

import numpy as np
import pytest

from mlmodels.ml.inference.calibration import (
    Acceptance,
    Signs,
    Thresholds,
    decide,
    evidence_of,
    sigmoid,
    softmax,
)
from mlmodels.ml.training.calibration.fitting import (
    accept_threshold,
    fit_temperature,
    objectness_threshold,
)

LIMITS = Thresholds(0.8, 0.4, 0.5, 97.5, 99.5)
OBJECTNESS = LIMITS.objectness


def test_softmax_of_ln3_and_0_is_three_quarters_and_one_quarter():
    assert softmax(np.array([[np.log(3), 0.0]]))[0] == pytest.approx([0.75, 0.25])


def test_a_temperature_of_two_halves_the_logits():
    assert softmax(np.array([[2 * np.log(3), 0.0]]), 2.0)[0] == pytest.approx([0.75, 0.25])


def test_softmax_stands_large_logits():
    assert softmax(np.array([[1e4, 0.0]]))[0] == pytest.approx([1.0, 0.0])


def test_sigmoid_of_ln3_is_three_quarters():
    assert sigmoid(np.array([np.log(3), -1e4, 1e4])) == pytest.approx([0.75, 0.0, 1.0])


def test_the_temperature_makes_confidence_the_share_that_is_right():
    # Two classes, logit gap 4: right 3 times of 4. Calibrated confidence is 3/4, which is a
    # gap of ln 3, so the temperature is 4 / ln 3.
    logits = np.tile([4.0, 0.0], (4, 1))
    assert fit_temperature(logits, np.array([0, 0, 0, 1])) == pytest.approx(4 / np.log(3), 1e-4)


def test_without_calibration_cells_the_temperature_is_one():
    assert fit_temperature(np.zeros((0, 8)), np.zeros(0, int)) == 1.0


def test_the_accept_threshold_is_the_lowest_that_keeps_enough_right():
    confidence = np.array([0.95, 0.9, 0.8, 0.7, 0.6])
    right = np.array([True, True, True, False, True])
    # From 0.8 up 3 of 3 are right, from 0.7 up 3 of 4, from 0.6 up 4 of 5.
    assert accept_threshold(confidence, right, 1.0) == pytest.approx(0.8)
    assert accept_threshold(confidence, right, 0.8) == pytest.approx(0.6)


def test_where_nothing_is_right_almost_nothing_is_accepted():
    assert accept_threshold(np.array([0.9, 0.8]), np.array([False, False]), 0.9) == 0.99


def test_the_cell_threshold_loses_no_more_than_it_may():
    scores = np.linspace(0, 1, 101)
    assert objectness_threshold(scores, 0.05) == pytest.approx(0.05)
    assert objectness_threshold(np.full(10, 0.99), 0.05) == 0.5


@pytest.mark.parametrize(
    ("confidence", "percentile", "edge", "score", "expected"),
    [
        (0.9, 50.0, 0.0, 1.0, "accepted"),
        (0.8, 97.5, 0.12, OBJECTNESS, "accepted"),
        (0.79, 50.0, 0.0, 1.0, "review"),
        (0.9, 98.0, 0.0, 1.0, "review"),
        (0.39, 50.0, 0.0, 1.0, "unidentified"),
        (0.99, 99.6, 0.0, 1.0, "unidentified"),
        (0.99, 50.0, 0.13, 1.0, "unidentified"),
        (0.99, 50.0, 0.0, OBJECTNESS - 0.01, "unidentified"),
    ],
)
def test_confidence_familiarity_border_and_objectness_decide(
    confidence, percentile, edge, score, expected
):
    assert decide("monocyte", Signs(confidence, percentile), edge, score, LIMITS) == expected


def test_a_card_keeps_the_name_under_which_it_has_always_stored_objectness():
    stored = LIMITS.as_dict()
    assert stored["cell_score"] == LIMITS.objectness
    assert Thresholds.of_card(stored) == LIMITS


STRICTER = replace(LIMITS, by_class={"monocyte": Acceptance(0.95, 60.0)})


@pytest.mark.parametrize(
    ("label", "confidence", "percentile", "expected"),
    [
        ("monocyte", 0.95, 60.0, "accepted"),
        ("monocyte", 0.94, 60.0, "review"),
        ("monocyte", 0.95, 61.0, "review"),
        ("neutrophil", 0.8, 97.0, "accepted"),
    ],
)
def test_a_class_may_be_accepted_more_strictly_than_others(label, confidence, percentile, expected):
    assert decide(label, Signs(confidence, percentile), 0.0, 1.0, STRICTER) == expected


def test_no_class_is_accepted_less_strictly_than_all():
    lax = replace(LIMITS, by_class={"monocyte": Acceptance(0.1, 99.9)})
    assert lax.acceptance("monocyte") == Acceptance(0.8, 97.5)


def test_a_card_keeps_what_is_stricter_for_a_class():
    assert Thresholds.of_card(STRICTER.as_dict()) == STRICTER
    assert "by_class" not in LIMITS.as_dict()


KNOWING = replace(LIMITS, by_class={"monocyte": Acceptance(evidence=6.0)})


@pytest.mark.parametrize(("evidence", "expected"), [(6.0, "accepted"), (5.9, "review")])
def test_a_class_may_ask_for_evidence(evidence, expected):
    assert decide("monocyte", Signs(0.99, 10.0, evidence), 0.0, 1.0, KNOWING) == expected


def test_a_class_may_bound_what_is_left_for_its_rivals():
    bounded = replace(LIMITS, by_class={"monocyte": Acceptance(rival=0.01)})
    found = [
        decide("monocyte", Signs(0.98, 10.0, rival=p), 0.0, 1.0, bounded) for p in (0.01, 0.02)
    ]
    assert found == ["accepted", "review"]
    assert Thresholds.of_card(bounded.as_dict()) == bounded


def test_a_card_keeps_what_a_class_asks_for_and_nothing_else():
    stored = KNOWING.as_dict()["by_class"]["monocyte"]
    assert stored == {"confidence": 0.0, "percentile": 100.0, "evidence": 6.0}
    assert Thresholds.of_card(KNOWING.as_dict()) == KNOWING
    assert set(STRICTER.as_dict()["by_class"]["monocyte"]) == {"confidence", "percentile"}


def test_evidence_grows_with_what_is_found_and_not_with_how_it_is_shared():
    found = evidence_of(np.array([[8.0, 0.0, 0.0], [8.0, 8.0, 0.0], [2.0, 0.0, 0.0]]))
    assert found[0] == pytest.approx(8.0, abs=0.001)
    assert found[1] == pytest.approx(8.0 + np.log(2), abs=0.001)
    assert found[2] < 2.3


def test_a_demand_stays_the_same_at_another_temperature():
    # One class far ahead of one rival: logits 8 and 2, and what is asked is just that.
    logits = np.array([[8.0, 2.0]])
    asked = Acceptance(
        0.9, 50.0, evidence=float(evidence_of(logits)[0]), rival=softmax(logits)[0, 1]
    )
    softer = asked.softened(2.0)
    assert softer.evidence == pytest.approx(evidence_of(logits, 2.0)[0], abs=0.05)
    assert softer.rival == pytest.approx(softmax(logits, 2.0)[0, 1])
    assert (softer.confidence, softer.percentile) == (0.9, 50.0)


def test_what_a_class_does_not_ask_for_is_not_asked_at_another_temperature_either():
    assert Acceptance(0.9).softened(1.7) == Acceptance(0.9)
    assert Acceptance(rival=0.0).softened(1.7).rival == 0.0
