"""The fused batch normalisation gives what Keras's own gives, and leaves nothing behind."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from mlmodels.ml.training.fused_normalization import fused_normalization


def a_model(dtype: str = "float32") -> tuple[keras.Model, Any]:
    inner_picture = keras.Input((9, 7, 6), dtype=dtype)
    layer = keras.layers.BatchNormalization(momentum=0.9, dtype=dtype)
    inner = keras.Model(inner_picture, layer(inner_picture))
    picture = keras.Input((9, 7, 6), dtype=dtype)
    layer.gamma.assign(np.linspace(0.5, 2, 6))
    layer.beta.assign(np.linspace(-1, 1, 6))
    return keras.Model(picture, inner(picture)), layer


def one_pass(*, fused: bool, dtype: str = "float32", training: bool = True) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    maps = tf.constant(rng.normal(5, 3, (8, 9, 7, 6)).astype(dtype))
    weights = tf.constant(rng.normal(0, 1, (8, 9, 7, 6)).astype(dtype))
    model, layer = a_model(dtype)
    with fused_normalization(model) if fused else nullcontext(), tf.GradientTape() as tape:
        tape.watch(maps)
        result = model(maps, training=training)
        loss = tf.reduce_sum(result * weights)
    gradients = tape.gradient(loss, [maps, layer.gamma, layer.beta])
    statistics = [layer.moving_mean, layer.moving_variance]
    return [np.asarray(v) for v in [result, *gradients, *statistics]]


@pytest.mark.parametrize("training", [True, False])
def test_results_gradients_and_statistics_are_those_of_double_precision(training: bool) -> None:
    expected = one_pass(fused=False, dtype="float64", training=training)
    for found, wanted in zip(one_pass(fused=True, training=training), expected, strict=True):
        np.testing.assert_allclose(found, wanted, rtol=2e-4, atol=2e-4)


def test_after_the_block_the_layer_is_kerass_own_again() -> None:
    model, layer = a_model()
    with fused_normalization(model):
        assert "call" in vars(layer)
    assert "call" not in vars(layer)


def test_the_block_ends_so_after_an_error_too() -> None:
    model, layer = a_model()
    with pytest.raises(ValueError, match="a bad batch"), fused_normalization(model):
        raise ValueError("a bad batch")
    assert "call" not in vars(layer)


def test_a_frozen_layer_keeps_its_statistics() -> None:
    model, layer = a_model()
    layer.trainable = False
    before = np.asarray(layer.moving_mean)
    with fused_normalization(model):
        model(np.ones((8, 9, 7, 6), np.float32), training=True)
    np.testing.assert_array_equal(np.asarray(layer.moving_mean), before)
