"""Weights kept while a training runs: written in one step, so that a kill leaves whole files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from mlmodels.ml.whole_files import written_whole


def write_arrays(file: Path, **arrays: Any) -> None:
    """Write arrays as `.npz`, replacing the file in one step; its folder is made."""
    with written_whole(file) as stream:
        np.savez(stream, **arrays)


def weights_of(model: Any) -> dict[str, np.ndarray]:
    """Weights, statistics and dropout's state of a Keras model, by place."""
    return {f"m{i}": v.numpy() for i, v in enumerate(model.variables)}


def put_weights(model: Any, arrays: Any) -> None:
    """Put back what `weights_of` gave."""
    for i, variable in enumerate(model.variables):
        variable.assign(arrays[f"m{i}"])
