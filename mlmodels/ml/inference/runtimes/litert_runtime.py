"""Runs a LiteRT model on one thread or more; the batch is resized as needed."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
from ai_edge_litert.interpreter import Interpreter


class LiteRTRuntime:
    """A `.tflite` file; calls from several threads wait for each other."""

    name = "litert"

    def __init__(self, file: Path, *, threads: int | None = None) -> None:
        self._interpreter = Interpreter(model_path=str(file), num_threads=threads or 1)
        self._input = self._interpreter.get_input_details()[0]
        self._output = self._interpreter.get_output_details()[0]["index"]
        self._batch = 0
        self._lock = threading.Lock()

    def run(self, crops: np.ndarray) -> np.ndarray:
        """See `Runtime.run`."""
        with self._lock:
            if len(crops) != self._batch:
                self._interpreter.resize_tensor_input(self._input["index"], crops.shape)
                self._interpreter.allocate_tensors()
                self._batch = len(crops)
            self._interpreter.set_tensor(self._input["index"], crops.astype(np.float32))
            self._interpreter.invoke()
            return self._interpreter.get_tensor(self._output).copy()
