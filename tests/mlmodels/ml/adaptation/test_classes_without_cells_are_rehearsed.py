"""Classes of which no cell was reviewed keep their place when the last layer is fitted again."""

import numpy as np
import pytest

from mlmodels.ml.adaptation.rehearsal import rare_classes, rehearsed_heads, stand_ins
from mlmodels.ml.training.calibration.fitting import fit_familiarity

MEANS = np.array([[4.0, 0, 0, 0, 0, 0], [0, 4.0, 0, 0, 0, 0], [0, 0, 4.0, 0, 0, 0]])
SHIFT = np.array([1.0, 1.0, 1.0, 0, 2.0, 0])


def cells_of(classes, count, seed, *, shifted):
    """Features of `count` cells of each class; another microscope moves all of them alike."""
    rng = np.random.default_rng(seed)
    truth = np.repeat(classes, count)
    return MEANS[truth] + rng.normal(0, 1, (len(truth), 6)) + shifted * SHIFT, truth


@pytest.fixture(scope="module")
def version():
    """Gaussians of three classes, and a last layer that knows them."""
    features, truth = cells_of([0, 1, 2], 300, 0, shifted=0)
    # Of Gaussians of one covariance, the identity: the linear rule between their means.
    layer = (MEANS.T, -0.5 * (MEANS**2).sum(axis=1))
    return fit_familiarity(features, truth, features), layer


def logits(features, layer, head=None):
    said = features @ layer[0] + layer[1]
    return said if head is None else said + head.logits(features)


def recall(features, truth, layer, head=None):
    return float((logits(features, layer, head).argmax(axis=1) == truth).mean())


def test_a_class_of_fewer_than_three_cells_is_rare():
    assert list(rare_classes(np.array([0, 0, 0, 2, 2]), 4)) == [1, 2, 3]


def test_a_stand_in_is_a_cell_carried_from_its_class_to_another(version):
    familiarity, _ = version
    features, truth = cells_of([0, 1], 20, 1, shifted=1)
    found = stand_ins(familiarity, features, truth, 3)
    assert list(found.truth) == [2] * 40
    # As far from the features of this microscope as the class is in training.
    expected = MEANS[2] + SHIFT
    assert np.allclose(found.features.mean(axis=0), expected, atol=0.5)
    for carried, own, k in zip(found.features, features, truth, strict=True):
        assert np.allclose(carried - own, MEANS[2] - MEANS[k], atol=0.3)


def test_no_stand_ins_where_every_class_has_cells_or_a_centre_is_not_known(version):
    familiarity, _ = version
    features, truth = cells_of([0, 1, 2], 5, 1, shifted=1)
    assert len(stand_ins(familiarity, features, truth, 3).truth) == 0
    assert len(stand_ins(familiarity, features, truth, 4).truth) == 0


def test_a_class_without_cells_keeps_its_own_when_the_layer_is_fitted_to_the_others(version):
    familiarity, layer = version
    features, truth = cells_of([0, 1], 25, 2, shifted=1)
    strangers, theirs = cells_of([2], 300, 3, shifted=1)
    before = recall(strangers, theirs, layer)
    for head in rehearsed_heads(
        familiarity, features, logits(features, layer), truth, layer=layer, strengths=[0.03, 0.1]
    ):
        assert recall(strangers, theirs, layer, head) >= before - 0.05


def test_the_classes_that_have_cells_are_told_apart_better(version):
    familiarity, layer = version
    # Here the second class looks like the first did in training.
    features, truth = cells_of([0, 1], 25, 2, shifted=0)
    features[truth == 1] += [3.0, -1.5, 0, 0, 0, 0]
    others, theirs = cells_of([0, 1], 200, 4, shifted=0)
    others[theirs == 1] += [3.0, -1.5, 0, 0, 0, 0]
    [head] = rehearsed_heads(
        familiarity, features, logits(features, layer), truth, layer=layer, strengths=[1.0]
    )
    assert recall(others, theirs, layer, head) > recall(others, theirs, layer) + 0.1


def test_the_layer_moves_only_along_the_directions_of_the_classes(version):
    familiarity, layer = version
    features, truth = cells_of([0, 1], 25, 2, shifted=1)
    [head] = rehearsed_heads(
        familiarity, features, logits(features, layer), truth, layer=layer, strengths=[1.0]
    )
    beyond = head.weights - familiarity.basis @ np.linalg.pinv(familiarity.basis) @ head.weights
    assert np.abs(beyond).max() < 1e-6
