"""Logistic regression on fixed features, against what can be worked out by hand."""

import numpy as np
import pytest

from mlmodels.ml.training.linear_head import fit_linear_head

TWO = np.array([[1.0], [3.0]])


def test_two_points_give_the_weight_that_solves_the_equation_by_hand():
    # Standardised to -1 and +1. By symmetry W = [-w, w] and b = 0, and the derivative is
    # zero where w / c = 2 * sigmoid(-2w): with c = 1 that is w = 0.452592... (bisection).
    low, high = 0.0, 1.0
    for _ in range(60):
        w = (low + high) / 2
        low, high = (w, high) if w < 2 / (1 + np.exp(2 * w)) else (low, w)
    head = fit_linear_head(TWO, np.array([0, 1]), 2, c=1.0)
    assert head.weights[0] == pytest.approx([-w, w], abs=1e-4)
    assert head.bias == pytest.approx([0.0, 0.0], abs=1e-4)


def test_classes_count_the_same_however_many_pictures_they_have():
    features = np.array([[1.0]] * 30 + [[3.0]] * 3)
    head = fit_linear_head(features, np.array([0] * 30 + [1] * 3), 2, c=10.0)
    middle = head.logits(np.array([[2.0]]))[0]
    assert middle[0] == pytest.approx(middle[1], abs=1e-3)


def test_the_penalty_outweighs_few_data():
    strict = fit_linear_head(TWO, np.array([0, 1]), 2, c=0.001)
    free = fit_linear_head(TWO, np.array([0, 1]), 2, c=100.0)
    assert abs(strict.weights).max() < 0.01 < abs(free.weights).max()


def test_the_gradient_is_zero_at_the_end():
    rng = np.random.default_rng(1)
    features, truth = rng.normal(size=(60, 5)), rng.integers(0, 3, 60)
    head = fit_linear_head(features, truth, 3, c=0.05)
    logits = head.logits(features)
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    weight = 60 / (3 * np.bincount(truth)[truth])
    x = (features - head.mean) / head.deviation
    gradient = x.T @ ((p - np.eye(3)[truth]) * weight[:, None]) + head.weights / 0.05
    assert np.abs(gradient).max() < 1e-2


def test_a_constant_feature_and_a_missing_class_do_no_harm():
    features = np.array([[1.0, 5.0], [3.0, 5.0]])
    head = fit_linear_head(features, np.array([0, 2]), 3, c=1.0)
    assert np.isfinite(head.weights).all()
    assert head.logits(features).argmax(axis=1).tolist() == [0, 2]
