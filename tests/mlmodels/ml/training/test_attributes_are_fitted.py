"""Fitting the head of attributes, on arrays worked out by hand and on a tiny version."""

import numpy as np
import pytest

from mlmodels.ml.inference.attributes import NEVER
from mlmodels.ml.training.attribute_fitting import (
    Described,
    fit_attribute_head,
    least_probability,
    macro_f1,
)


def test_macro_f1_is_the_mean_over_the_values_of_the_truth():
    # a: 2 hits of 3 true and 2 said: 4/5. b: 1 hit of 1 true and 2 said: 2/3.
    truth = np.array(["a", "a", "a", "b"])
    assert macro_f1(truth, np.array(["a", "a", "b", "b"])) == pytest.approx((0.8 + 2 / 3) / 2)
    # What is said and never true costs the truth's recall alone.
    assert macro_f1(truth, np.array(["a", "a", "c", "b"])) == pytest.approx((0.8 + 1.0) / 2)


def test_the_least_probability_counts_one_more_wrong_cell():
    # Right, right, wrong, right at 0.9, 0.8, 0.7, 0.6: with one wrong cell added the shares
    # are 1/2, 2/3, 2/4, 3/5.
    probability = np.array([0.6, 0.9, 0.7, 0.8])
    right = np.array([True, True, False, True])
    assert least_probability(probability, right, 0.6) == pytest.approx(0.6)
    assert least_probability(probability, right, 2 / 3) == pytest.approx(0.8)
    assert least_probability(probability, right, 0.7) == NEVER


def test_a_word_right_nine_times_in_ten_takes_nine_right_cells():
    assert least_probability(np.full(8, 0.99), np.full(8, True), 0.9) == NEVER
    assert least_probability(np.full(9, 0.99), np.full(9, True), 0.9) == pytest.approx(0.99)


def test_no_word_is_told_below_one_half():
    assert least_probability(np.full(20, 0.4), np.full(20, True), 0.9) == 0.5
    assert least_probability(np.zeros(0), np.zeros(0, bool), 0.9) == NEVER


@pytest.fixture(scope="module")
def cells():
    """Five features: one gives the shape away, one each of the colours, and one nothing."""
    rng = np.random.default_rng(5)
    shape, colour = rng.integers(0, 2, 200), rng.integers(0, 3, 200)
    features = rng.normal(size=(200, 5)).astype(np.float32)
    features[:, 0] += 8 * shape
    features[np.arange(200), 1 + colour] += 8
    values = [
        {"shape": "round" if s else "band", "colour": ("blue", "pink", "red")[c]}
        for s, c in zip(shape, colour, strict=True)
    ]
    labels = ["neutrophil" if s else "lymphocyte" for s in shape]
    return Described(features, tuple(labels), tuple(values))


def part(cells, places):
    return Described(
        cells.features[places],
        tuple(cells.labels[i] for i in places),
        tuple(cells.values[i] for i in places),
    )


def test_a_fitted_head_reads_cells_that_it_did_not_see(cells):
    head, about = fit_attribute_head(part(cells, range(100)), part(cells, range(100, 150)))
    rest = part(cells, range(150, 200))
    read = head.read(rest.features)
    for attribute in ("shape", "colour"):
        right = [r[attribute].value == v[attribute] for r, v in zip(read, rest.values, strict=True)]
        assert np.mean(right) > 0.95
    assert (about["n"], about["n_inner"]) == (100, 50)
    assert about["per_attribute"]["colour"]["values"] == ["blue", "pink", "red"]


def test_shares_are_those_of_the_training_cells_of_the_class(cells):
    head, _ = fit_attribute_head(part(cells, range(100)), part(cells, range(100, 150)))
    row = dict(zip(head.columns, head.shares[head.classes.index("neutrophil")], strict=True))
    assert row[("shape", "round")] == 1.0
    assert row[("shape", "band")] == 0.0
    assert sum(row[("colour", c)] for c in ("blue", "pink", "red")) == pytest.approx(1.0)


def test_a_cell_without_an_attribute_does_not_count_for_it(cells):
    whole = part(cells, range(100))
    holes = [v if i % 2 else {"colour": v["colour"]} for i, v in enumerate(whole.values)]
    fitted = Described(whole.features, whole.labels, tuple(holes))
    head, _ = fit_attribute_head(fitted, part(cells, range(100, 150)))
    assert head.attributes == ("colour", "shape")


def test_the_same_cells_give_the_same_head(cells):
    first, second = (
        fit_attribute_head(part(cells, range(100)), part(cells, range(100, 150)))[0]
        for _ in range(2)
    )
    assert (first.weights == second.weights).all()
    assert (first.least == second.least).all()
