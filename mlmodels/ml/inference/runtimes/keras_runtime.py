"""Runs a Keras model as one traced function with a free batch size.

Not `model.predict`: in a loop it grows and costs milliseconds a call.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import tensorflow as tf

from mlmodels.ml.errors import EngineError


class KerasRuntime:
    """A `.keras` file that our own training wrote, loaded with safe mode on."""

    name = "keras"

    def __init__(self, file: Path, *, threads: int | None = None) -> None:
        if threads:
            set_threads(threads)
        model = keras.saving.load_model(file, compile=False, safe_mode=True)
        self._wrap(model)
        # The first call traces: better while a worker starts than while somebody waits.
        self.run(np.zeros((1, *model.input_shape[1:]), np.uint8))

    @classmethod
    def of(cls, model: keras.Model) -> KerasRuntime:
        """Wrap a network that is already in memory, at the end of its training."""
        runtime = cls.__new__(cls)
        runtime._wrap(model)
        return runtime

    def _wrap(self, model: keras.Model) -> None:
        side = model.input_shape[1]
        spec = tf.TensorSpec((None, side, side, 3), tf.float32)
        self._call = tf.function(lambda x: model(x, training=False), input_signature=[spec])

    def run(self, crops: np.ndarray) -> np.ndarray:
        """See `Runtime.run`."""
        return self._call(tf.constant(crops, dtype=tf.float32)).numpy()


def set_threads(threads: int) -> None:
    """Set the threads of this process's TensorFlow, which can be done once.

    Raises:
        EngineError: it already computes with another number.
    """
    settings = tf.config.threading
    if settings.get_intra_op_parallelism_threads() == threads:
        return
    try:
        settings.set_intra_op_parallelism_threads(threads)
        settings.set_inter_op_parallelism_threads(1)
    except RuntimeError as error:
        raise EngineError(
            "TensorFlow already computes with other threads in this process. Start another one."
        ) from error
