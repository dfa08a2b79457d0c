"""Opens a model file with the runtime that was asked for, and imports only that one."""

from __future__ import annotations

from pathlib import Path

from mlmodels.ml.errors import ArtifactDamaged
from mlmodels.ml.inference.runtimes.base import Runtime
from mlmodels.ml.inference.version_files import file_of

# What every version has, by runtime.
FILES = {"keras": "model.keras", "litert": "model.tflite"}
# Of eight bits: a version has it where it says the same (decision 0025).
INT8, INT8_FILE = "int8", "model.int8.tflite"
RUNTIMES = (*FILES, INT8)


def open_runtime(directory: Path, name: str, *, threads: int | None = None) -> Runtime:
    """Load the network of a version folder.

    Args:
        directory: a version's folder, its files already verified.
        name: "keras", "litert" or "int8".
        threads: that the network computes with, at least 1; None is one for LiteRT, and for
            Keras what TensorFlow chooses. TensorFlow's are the process's: the first counts.

    Raises:
        ArtifactDamaged: there is no such runtime, or the file cannot be opened.
        EngineError: TensorFlow already computes with other threads in this process.
    """
    # Imported here on purpose: a process must not load TensorFlow unless it runs it.
    if name == "keras":
        from mlmodels.ml.inference.runtimes.keras_runtime import KerasRuntime as Opened
    elif name in RUNTIMES:
        from mlmodels.ml.inference.runtimes.litert_runtime import (  # type: ignore[assignment]
            LiteRTRuntime as Opened,
        )
    else:
        raise ArtifactDamaged(f"There is no runtime {name}. Choose one of {', '.join(RUNTIMES)}.")
    file = INT8_FILE if name == INT8 else FILES[name]
    try:
        return Opened(file_of(directory, file), threads=threads)
    except (OSError, ValueError, TypeError, RuntimeError, KeyError) as error:
        raise ArtifactDamaged(
            f"The model file {file} of {directory.name} cannot be opened. "
            "Restore the version's folder."
        ) from error
