"""The networks: a base with two small heads, one packed output.

Builds and names; it trains nothing. Keras is imported when a network is built.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from mlmodels.ml.training.recipe import Architecture

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
DEEP_CHANNELS = (32, 64, 128, 256, 512, 1024, 1024)
WEIGHTS_FILE = "mobilenet_v2_{alpha}_224_imagenet_no_top.weights.h5"


def build_network(a: Architecture, class_count: int, weights_folder: Path | None) -> Any:
    """Build the network of a recipe.

    Args:
        a: base, width, input size, heads.
        class_count: number of classes.
        weights_folder: where files of base weights may lie; else Keras fetches its own.

    Returns:
        A Keras model. Input: float32 (N, side, side, 3), RGB, 0 to 255. Output: float32
        (N, class_count + 1 + F): class logits, the logit of "is a cell", and F features.

    Source: Sandler 2018 (arXiv 1801.04381); momentum: docs/model/experiments.md.
    """
    import keras

    picture = keras.Input((a.input_px, a.input_px, 3), name="crop")
    unit = (1 / 255, 0.0) if a.pixels == "zero_to_one" else (1 / 127.5, -1.0)
    scaled = keras.layers.Rescaling(unit[0], offset=unit[1], name="to_unit")(picture)
    base = backbone(a, weights_folder)
    base.trainable = not a.frozen
    # A frozen base also keeps its statistics while the heads learn.
    seen = base(scaled, training=False) if a.frozen else base(scaled)
    features = keras.layers.GlobalAveragePooling2D(name="features")(seen)
    drawn = keras.layers.Dense(a.dense, "relu", name="dense")(features) if a.dense else features
    kept = keras.layers.Dropout(a.dropout, name="dropout")(drawn)
    classes = keras.layers.Dense(class_count, name="class_logits")(kept)
    cell = keras.layers.Dense(1, name="cell_logit")(kept)
    packed = keras.layers.Concatenate(name="packed")([classes, cell, features])
    return keras.Model(picture, packed, name="hematovision")


def backbone(a: Architecture, weights_folder: Path | None) -> Any:
    """The base alone: a Keras model from scaled pictures (N, side, side, 3) to a feature map.

    Args:
        a: which base, its width and input size.
        weights_folder: as for `build_network`.
    """
    makers = {
        "mobilenet_v2": _mobilenet_v2,
        "plain_cnn": _plain_cnn,
        "deep_cnn": _deep_cnn,
        "vgg16": _vgg16,
    }
    return makers[a.base](a, weights_folder)


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


def _plain_cnn(a: Architecture, weights_folder: Path | None) -> Any:
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


def _deep_cnn(a: Architecture, weights_folder: Path | None) -> Any:
    """Seven blocks of convolution, batch normalisation, ReLU and dropout: 15.7 M parameters.

    All but the last halve the side. Dropout, a share of whole maps, from the fourth block on.
    """
    import keras

    blocks: list[Any] = []
    for place, channels in enumerate(DEEP_CHANNELS):
        width = max(8, round(channels * a.alpha))
        blocks += [
            keras.layers.Conv2D(width, 3, padding="same", use_bias=False),
            keras.layers.BatchNormalization(momentum=a.batch_norm_momentum),
            keras.layers.ReLU(),
        ]
        if place < len(DEEP_CHANNELS) - 1:
            blocks.append(keras.layers.MaxPooling2D(2, padding="same"))
        if place >= 3:
            blocks.append(keras.layers.SpatialDropout2D(a.dropout / 2))
    return keras.Sequential([keras.Input((a.input_px, a.input_px, 3)), *blocks], name="deep_cnn")


def _vgg16(a: Architecture, weights_folder: Path | None) -> Any:
    """VGG16 (Simonyan 2014, arXiv 1409.1556) without its dense layers, from random weights."""
    import keras

    return keras.applications.VGG16(
        include_top=False, weights=None, input_shape=(a.input_px, a.input_px, 3)
    )


def weights_file(a: Architecture, folder: Path | None) -> Path | None:
    """The file of base weights that a network begins with; none for random or fetched ones."""
    if a.base != "mobilenet_v2" or a.weights == "none" or folder is None:
        return None
    file = folder / WEIGHTS_FILE.format(alpha=a.alpha)
    return file if file.is_file() else None


def _weights(a: Architecture, folder: Path | None) -> str | None:
    file = weights_file(a, folder)
    if file is not None:
        return str(file)
    return "imagenet" if a.weights == "imagenet" else None
