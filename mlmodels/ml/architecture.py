"""The networks: an ImageNet base with two small heads, one packed output.

Builds and names; it trains nothing. Keras is imported when a network is built.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from mlmodels.ml.recipe import Architecture

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
WEIGHTS_FILE = "mobilenet_v2_{alpha}_224_imagenet_no_top.weights.h5"


def build_network(a: Architecture, class_count: int, weights_folder: Path | None) -> Any:
    """Build the network of a recipe.

    Args:
        a: base, width, input size, dropout.
        class_count: number of classes.
        weights_folder: where files of base weights may lie; else Keras fetches its own.

    Returns:
        A Keras model. Input: float32 (N, side, side, 3), RGB, 0 to 255. Output: float32
        (N, class_count + 1 + F): class logits, the logit of "is a cell", and F features.

    Source: Sandler 2018 (arXiv 1801.04381); momentum: docs/model/experiments.md.
    """
    import keras

    picture = keras.Input((a.input_px, a.input_px, 3), name="crop")
    scaled = keras.layers.Rescaling(1 / 127.5, offset=-1.0, name="to_unit")(picture)
    base = _plain_cnn(a) if a.base == "plain_cnn" else _mobilenet_v2(a, weights_folder)
    features = keras.layers.GlobalAveragePooling2D(name="features")(base(scaled))
    kept = keras.layers.Dropout(a.dropout, name="dropout")(features)
    classes = keras.layers.Dense(class_count, name="class_logits")(kept)
    cell = keras.layers.Dense(1, name="cell_logit")(kept)
    packed = keras.layers.Concatenate(name="packed")([classes, cell, features])
    return keras.Model(picture, packed, name="hematovision")


def _mobilenet_v2(a: Architecture, weights_folder: Path | None) -> Any:
    import keras

    base = keras.applications.MobileNetV2(
        include_top=False,
        alpha=a.alpha,
        input_shape=(a.input_px, a.input_px, 3),
        weights=_weights(a, weights_folder),
    )
    for layer in base.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = a.batch_norm_momentum
    return base


def _plain_cnn(a: Architecture) -> Any:
    """Four blocks of convolution, batch normalisation and ReLU, each halving the side."""
    import keras

    blocks: list[Any] = []
    for channels in (32, 64, 128, 256):
        width = max(8, round(channels * a.alpha))
        blocks += [
            keras.layers.Conv2D(width, 3, strides=2, padding="same", use_bias=False),
            keras.layers.BatchNormalization(momentum=a.batch_norm_momentum),
            keras.layers.ReLU(),
        ]
    return keras.Sequential([keras.Input((a.input_px, a.input_px, 3)), *blocks], name="plain_cnn")


def _weights(a: Architecture, folder: Path | None) -> str | None:
    if a.weights == "none":
        return None
    file = folder / WEIGHTS_FILE.format(alpha=a.alpha) if folder else None
    return str(file) if file and file.is_file() else "imagenet"
