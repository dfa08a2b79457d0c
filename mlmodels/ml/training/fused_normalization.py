"""Batch normalisation as one operation while a network learns: 1.6 times the crops a second.

Keras 3 writes it out in means, differences and products, each a pass over memory; TensorFlow
has it as a single fused operation (docs/model/experiments.md, "Speed"). The sums are the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import MethodType
from typing import Any


@contextmanager
def fused_normalization(model: Any) -> Iterator[None]:
    """Let a model's batch normalisations run fused as long as the block lasts.

    Args:
        model: a Keras model on TensorFlow; its variables, and what is saved of it, stay as they
            are. Functions that are to profit are traced inside the block.
    """
    layers = list(_normalizations(model))
    for layer in layers:
        layer.call = MethodType(_call, layer)
    try:
        yield
    finally:
        for layer in layers:
            del layer.call


def _normalizations(model: Any) -> Iterator[Any]:
    """Those of the model and of models inside it that the fused operation can do."""
    import keras

    for layer in model._flatten_layers():
        if isinstance(layer, keras.layers.BatchNormalization) and layer.center and layer.scale:
            yield layer


def _call(self: Any, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
    """What `BatchNormalization.call` does, for maps of shape (N, h, w, C)."""
    import tensorflow as tf

    fused = tf.compat.v1.nn.fused_batch_norm
    if not training or not self.trainable:
        kept = {"mean": self.moving_mean, "variance": self.moving_variance}
        settings = {"epsilon": self.epsilon, "is_training": False}
        return fused(inputs, self.gamma, self.beta, **kept, **settings)[0]
    result, mean, unbiased = fused(inputs, self.gamma, self.beta, epsilon=self.epsilon)[:3]
    n = tf.cast(tf.reduce_prod(tf.shape(inputs)[:3]), tf.float32)
    # The operation tells the variance of a sample; Keras keeps that of the batch itself.
    variance = unbiased * (n - 1) / n
    old, new = self.momentum, 1 - self.momentum
    self.moving_mean.assign(self.moving_mean * old + mean * new)
    self.moving_variance.assign(self.moving_variance * old + variance * new)
    return result
