"""Metrics against numbers worked out by hand."""

import pytest

from mlmodels.ml.evaluation.metrics import (
    Answer,
    expected_calibration_error,
    summarise,
    wilson_interval,
)

ANSWERS = [
    Answer("neutrophil", "neutrophil", 0.9, "accepted"),
    Answer("neutrophil", "neutrophil", 0.9, "accepted"),
    Answer("neutrophil", "monocyte", 0.6, "review"),
    Answer("neutrophil", "", 0.0, ""),
    Answer("monocyte", "monocyte", 0.7, "accepted"),
    Answer("monocyte", "neutrophil", 0.8, "accepted"),
]
CLASSES = ("neutrophil", "monocyte", "platelet")


def test_wilson_of_7_in_100_is_3_43_to_13_75_percent():
    low, high = wilson_interval(7, 100)
    assert round(100 * low, 2) == 3.43
    assert round(100 * high, 2) == 13.75


def test_wilson_stays_between_0_and_1():
    assert wilson_interval(0, 10)[0] == 0.0
    assert wilson_interval(10, 10)[1] == pytest.approx(1.0)
    assert wilson_interval(0, 0) == (0.0, 1.0)


@pytest.mark.parametrize("n", range(1, 60))
def test_wilson_begins_at_0_where_nothing_hit_and_ends_at_1_where_all_did(n):
    assert wilson_interval(0, n)[0] == 0.0
    assert wilson_interval(n, n)[1] == 1.0


def test_accuracy_counts_pictures_without_a_cell_as_wrong():
    assert summarise(ANSWERS, CLASSES)["accuracy"] == pytest.approx(3 / 6)


def test_balanced_accuracy_is_the_mean_recall_of_the_classes_present():
    assert summarise(ANSWERS, CLASSES)["balanced_accuracy"] == pytest.approx((2 / 4 + 1 / 2) / 2)


def test_precision_recall_f1_and_specificity_of_a_class():
    figures = summarise(ANSWERS, CLASSES)["per_class"]["neutrophil"]
    assert figures["n"] == 4
    assert figures["recall"] == pytest.approx(2 / 4)
    assert figures["precision"] == pytest.approx(2 / 3)
    assert figures["f1"] == pytest.approx(4 / 7)
    assert figures["specificity"] == pytest.approx(1 / 2)


def test_a_class_that_nobody_has_has_no_recall():
    figures = summarise(ANSWERS, CLASSES)["per_class"]["platelet"]
    assert figures["n"] == 0
    assert figures["recall"] is None
    assert figures["precision"] is None


def test_the_confusion_matrix_has_a_column_for_no_cell_found():
    matrix = summarise(ANSWERS, CLASSES)["confusion_matrix"]
    assert matrix["classes"][-1] == "no_cell_found"
    assert matrix["rows"] == [[2, 1, 0, 1], [1, 1, 0, 0], [0, 0, 0, 0]]


def test_coverage_and_selective_accuracy():
    figures = summarise(ANSWERS, CLASSES)
    assert figures["coverage"] == pytest.approx(4 / 6)
    assert figures["accuracy_accepted"] == pytest.approx(3 / 4)


def test_a_class_says_how_many_of_it_are_accepted_and_how_many_of_these_rightly():
    classes = summarise(ANSWERS, CLASSES)["per_class"]
    told = {name: (row["accepted"], row["accepted_right"]) for name, row in classes.items()}
    assert told == {"neutrophil": (2, 2), "monocyte": (2, 1), "platelet": (0, 0)}


def test_a_true_class_that_the_model_does_not_know_counts_as_wrong():
    figures = summarise([Answer("blast", "monocyte", 0.9, "accepted")], CLASSES)
    assert figures["accuracy"] == 0.0
    assert figures["per_class"]["blast"]["n"] == 1


def test_ece_is_the_weighted_gap_of_the_bins():
    # Bin of 0.9: 3 of 4 right, gap 0.15. Bin of 0.5: 1 of 1 right, gap 0.5.
    ece = expected_calibration_error([0.9] * 4 + [0.5], [True, True, True, False, True])
    assert ece == pytest.approx((4 * 0.15 + 0.5) / 5)


def test_no_answers_give_no_figures():
    figures = summarise([], CLASSES)
    assert figures["n"] == 0
    assert figures["accuracy"] is None
    assert figures["ece"] == 0.0
