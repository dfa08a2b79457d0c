"""The networks of the compared recipes: size, heads, scaling, and what learns."""

from dataclasses import replace

import numpy as np
import pytest

from mlmodels.ml.training.architecture import build_network
from mlmodels.ml.training.loop import training_step
from mlmodels.ml.training.recipe import Architecture, Stage, deciding, load_recipe

FROZEN = Architecture(
    base="plain_cnn", alpha=0.25, weights="none", input_px=32, dropout=0.0, frozen=True
)


def crops(n=4, side=32):
    return np.random.default_rng(0).integers(0, 256, (n, side, side, 3)).astype(np.float32)


def learn_once(network, told=None):
    import keras

    optimizer = keras.optimizers.SGD(0.1)
    optimizer.build(network.trainable_variables)
    step = training_step(network, optimizer, 8, Stage("s", {"own": 1.0}))
    told = np.ones((4, 8), np.float32) if told is None else told
    step(crops().astype(np.uint8), np.zeros(4, np.int32), np.ones(4, np.float32), told)


def test_a_frozen_base_keeps_weights_and_statistics_while_the_heads_learn():
    network = build_network(replace(FROZEN, dense=5), 8, None)
    before = {v.path: v.numpy() for v in network.variables}
    learn_once(network)
    changed = {v.path for v in network.variables if not np.array_equal(before[v.path], v.numpy())}
    heads = {"dense/bias", "class_logits/kernel", "class_logits/bias", "cell_logit/bias"}
    assert heads <= changed
    assert not any(path.startswith("plain_cnn") or "conv" in path for path in changed)


def test_a_base_that_is_not_frozen_learns_with_the_heads():
    network = build_network(replace(FROZEN, frozen=False), 8, None)
    before = {v.path: v.numpy() for v in network.variables}
    learn_once(network)
    changed = [v.path for v in network.variables if not np.array_equal(before[v.path], v.numpy())]
    assert any("moving_mean" in path for path in changed)
    assert any("conv" in path for path in changed)


def test_crops_of_a_set_without_a_class_teach_nothing_of_it():
    network = build_network(FROZEN, 8, None)
    told = np.ones((4, 8), np.float32)
    told[:, 5] = 0
    learn_once(network, told)
    (bias,) = [v.numpy() for v in network.variables if v.path == "class_logits/bias"]
    assert bias[5] == 0
    assert np.all(bias[[0, 1, 2, 3, 4, 6, 7]] != 0)


def test_a_dense_layer_leaves_the_features_as_they_are():
    bare = build_network(FROZEN, 8, None)
    with_dense = build_network(replace(FROZEN, dense=5), 8, None)
    # 64 features: 64 x 5 + 5 for the layer; heads of 9 outputs from 5 instead of from 64.
    expected = 64 * 5 + 5 + 9 * 5 - 9 * 64
    assert with_dense.count_params() - bare.count_params() == expected
    assert with_dense.output_shape == bare.output_shape == (None, 8 + 1 + 64)


def test_pixels_divided_by_255_lie_between_zero_and_one():
    import keras

    for pixels, low, high in (("zero_to_one", 0.0, 1.0), ("minus_one_to_one", -1.0, 1.0)):
        network = build_network(replace(FROZEN, pixels=pixels), 8, None)
        scaled = keras.Model(network.input, network.get_layer("to_unit").output)
        ends = np.zeros((1, 32, 32, 3), np.float32)
        ends[0, 0] = 255.0
        seen = scaled(ends).numpy()
        assert (seen.min(), seen.max()) == pytest.approx((low, high))


def test_variant_b_has_more_than_fifteen_million_parameters():
    recipe = load_recipe("variant_b")
    small = replace(recipe.architecture, input_px=64)
    assert 15_000_000 < build_network(small, 8, None).count_params() < 16_500_000
    stage = recipe.stages[0]
    assert (stage.optimizer, stage.patience > 0, stage.epochs) == ("sgd", True, 20)


def test_vgg16_has_its_published_number_of_parameters():
    small = replace(load_recipe("vgg16").architecture, input_px=32)
    heads = (512 + 1) * 9
    assert build_network(small, 8, None).count_params() == 14_714_688 + heads


def test_fields_that_came_later_count_only_where_they_change_something():
    stage = Stage("s", {"own": 1.0})
    assert "patience" not in deciding(stage)
    assert deciding(replace(stage, patience=2))["patience"] == 2
    assert "frozen" not in deciding(replace(FROZEN, frozen=False))
    assert deciding(FROZEN)["frozen"] is True
    assert deciding(stage)["learning_rate"] == 1e-3
