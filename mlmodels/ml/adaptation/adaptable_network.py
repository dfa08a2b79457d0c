"""A trained network taken apart: its colours, its statistics and its last layer.

Changes what it is asked to change; which change is worth making is chosen elsewhere.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

HEAD, DENSE = "class_logits", "dense"
COLOUR, LIMIT = "colour", "colour_limit"
BATCH = 64
FARTHEST_SHIFT = 60.0


@dataclass(frozen=True)
class Colour:
    """What is done to the colours before the network: levels moved, kept within 0 to 255.

    Args:
        shift: float64 array (3,), of red, green and blue, levels.
    """

    shift: np.ndarray

    def apply(self, crops: np.ndarray) -> np.ndarray:
        """Crops (N, H, W, 3) with moved colours, float32."""
        return np.clip(crops.astype(np.float32) + self.shift.astype(np.float32), 0.0, 255.0)

    def after(self, first: Colour) -> Colour:
        """Both in one step."""
        return Colour(first.shift + self.shift)

    def part(self, share: float) -> Colour:
        """That share of the way, 0 to 1."""
        return Colour(share * self.shift)


UNCHANGED = Colour(np.zeros(3))
Statistics = list[tuple[np.ndarray, np.ndarray]]


class AdaptableNetwork:
    """A `.keras` file that our own training wrote, open for adaptation.

    Its colours are applied before the network, in NumPy, until `finished` writes them into it.
    """

    def __init__(self, file: Path) -> None:
        import keras

        model = keras.saving.load_model(file, compile=False, safe_mode=True)
        self.core = _core_of(model)
        self.colour = _colour_of(model)
        self._norms = [
            layer
            for layer in _walk(self.core)
            if isinstance(layer, keras.layers.BatchNormalization)
        ]

    def head_on_features(self) -> tuple[np.ndarray, np.ndarray] | None:
        """Weights (F, K) and bias (K,) of the last layer; none if a dense layer stands before it,
        so that it does not look at the features themselves."""
        if any(layer.name == DENSE for layer in self.core.layers):
            return None
        layer = self.core.get_layer(HEAD)
        return layer.kernel.numpy().astype(np.float64), layer.bias.numpy().astype(np.float64)

    def answers(self, crops: np.ndarray) -> np.ndarray:
        """Packed answers, (N, K + 1 + F)."""
        parts = [
            self.core(self.colour.apply(crops[i : i + BATCH]), training=False).numpy()
            for i in range(0, len(crops), BATCH)
        ]
        return np.concatenate(parts)

    def statistics(self) -> Statistics:
        """Mean and variance that each batch normalisation uses."""
        return [(n.moving_mean.numpy(), n.moving_variance.numpy()) for n in self._norms]

    def put_statistics(self, statistics: Statistics) -> None:
        """Let each batch normalisation use these."""
        for layer, (mean, variance) in zip(self._norms, statistics, strict=True):
            layer.moving_mean.assign(mean)
            layer.moving_variance.assign(variance)

    def statistics_of(self, crops: np.ndarray) -> Statistics:
        """The statistics that these crops alone would give; the network stays as it is.

        Source: adaptive batch normalisation (Li 2016, arXiv 1603.04779).
        """
        before, momenta = self.statistics(), [layer.momentum for layer in self._norms]
        for number, batch in enumerate(np.array_split(crops, -(-len(crops) // BATCH))):
            for layer in self._norms:
                layer.momentum = number / (number + 1)
            self.core(self.colour.apply(batch), training=True)
        found = self.statistics()
        for layer, momentum in zip(self._norms, momenta, strict=True):
            layer.momentum = momentum
        self.put_statistics(before)
        return found

    def colour_towards_training(self, crops: np.ndarray) -> Colour:
        """The shift after which these crops have, to the first layer, the colours of training.

        The first convolution is linear in the colours, and the batch normalisation behind it
        keeps the mean of what each of its maps was in training. From these some thirty means the
        three mean colours of training follow by least squares, and no training picture is
        needed. Deviations cannot be had in this way: a sharper or softer picture changes them
        as well as its contrast does.

        Args:
            crops: uint8 (N, side, side, 3).

        Returns:
            The shift; none where the network does not begin with such a pair of layers.
        """
        pair = _first_pair(self.core)
        if pair is None:
            return UNCHANGED
        convolution, norm, scale, offset = pair
        now, ones = _mean_maps(convolution, self.colour.apply(crops) * scale + offset)
        weight = 1 / np.sqrt(norm.moving_variance.numpy().astype(np.float64) + 1e-6)
        left = (norm.moving_mean.numpy() - now) * weight
        shift = np.linalg.lstsq(ones.T * weight[:, None], left, rcond=None)[0]
        return Colour(np.clip(shift / scale, -FARTHEST_SHIFT, FARTHEST_SHIFT))

    def move_head(self, weights: np.ndarray, bias: np.ndarray) -> None:
        """Add to the last layer's weights (hidden, K) and bias (K,)."""
        layer = self.core.get_layer(HEAD)
        layer.kernel.assign_add(weights.astype(np.float32))
        layer.bias.assign_add(bias.astype(np.float32))

    def finished(self) -> Any:
        """The network as one Keras model, its colours inside."""
        import keras

        if np.allclose(self.colour.shift, 0):
            return self.core
        picture = keras.Input(self.core.input_shape[1:], name="crop")
        mix = keras.layers.Conv2D(3, 1, name=COLOUR)
        limited = keras.layers.ReLU(max_value=255.0, name=LIMIT)(mix(picture))
        mix.kernel.assign(np.eye(3).reshape(1, 1, 3, 3))
        mix.bias.assign(self.colour.shift)
        return keras.Model(picture, self.core(limited), name="hematovision_adapted")


def _walk(model: Any) -> Iterator[Any]:
    """Every layer, those of models within models too, in their order."""
    for layer in model.layers:
        if hasattr(layer, "layers"):
            yield from _walk(layer)
        else:
            yield layer


def _core_of(model: Any) -> Any:
    """The network itself, without a layer of colours before it."""
    if any(layer.name == HEAD for layer in model.layers):
        return model
    return next(layer for layer in model.layers if hasattr(layer, "layers"))


def _colour_of(model: Any) -> Colour:
    mix = next((layer for layer in model.layers if layer.name == COLOUR), None)
    if mix is None:
        return UNCHANGED
    return Colour(mix.bias.numpy().astype(float))


def _first_pair(core: Any) -> tuple[Any, Any, float, float] | None:
    """First convolution, the batch normalisation behind it, and the scale of pixels before."""
    import keras

    layers = list(_walk(core))
    scaling = next((at for at in layers if isinstance(at, keras.layers.Rescaling)), None)
    at = next((i for i, x in enumerate(layers) if isinstance(x, keras.layers.Conv2D)), None)
    if scaling is None or at is None or at + 1 == len(layers) or layers[at].use_bias:
        return None
    if not isinstance(layers[at + 1], keras.layers.BatchNormalization):
        return None
    return layers[at], layers[at + 1], float(scaling.scale), float(scaling.offset)


def _mean_maps(convolution: Any, units: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Means of the first convolution's maps.

    Args:
        units: float32 (N, side, side, 3), as the convolution sees them.

    Returns:
        float64 (C,), of these pictures; and (3, C), what one unit of each colour would add.
    """
    import keras

    def mean_of(pictures: np.ndarray) -> np.ndarray:
        maps = keras.ops.convert_to_numpy(convolution(pictures))
        return maps.reshape(-1, maps.shape[-1]).mean(axis=0).astype(np.float64)

    batches = np.array_split(units, -(-len(units) // BATCH))
    weights = np.array([len(batch) for batch in batches])
    now = np.average([mean_of(batch) for batch in batches], axis=0, weights=weights)
    flat = np.zeros((3, *units.shape[1:]), np.float32)
    for colour in range(3):
        flat[colour, ..., colour] = 1.0
    return now, np.stack([mean_of(flat[k : k + 1]) for k in range(3)])
