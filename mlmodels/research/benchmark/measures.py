"""Seconds and memory of one part of the engine, measured in this process.

`python -m mlmodels.research.benchmark.measures '{"part": "engine", ...}'` prints one JSON object:
each part gets a process of its own, so that nothing is warm, and no memory taken, because of
another.
"""

from __future__ import annotations

import json
import resource
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from mlmodels.ml.classes import CLASSES
from mlmodels.ml.inference.engine import load_engine
from mlmodels.ml.inference.finding.localize import locate
from mlmodels.ml.inference.pipeline import read_image
from mlmodels.ml.inference.runtimes.choose import FILES, open_runtime
from mlmodels.ml.inference.version_files import file_of
from mlmodels.ml.pictures.reading import read_picture
from mlmodels.ml.training.architecture import build_network
from mlmodels.ml.training.recipe import Architecture
from mlmodels.research.benchmark.drawn_field import field_jpeg

WARM = 5
# Pictures read before memory is first looked at, and how often it is looked at then.
SETTLED_AFTER = 200
LOOKS = 10
FIELD_SIZE = (640, 480)


@dataclass(frozen=True)
class Span:
    """How long a call takes.

    Args:
        ms: that pass, also while other work of the machine has the processor.
        cpu_ms: that the process computes, on all its threads together.
    """

    ms: float
    cpu_ms: float


def crops(
    *, directory: str, runtime: str, threads: int, batch: int, side_px: int, repetitions: int
) -> dict[str, Any]:
    """Milliseconds a crop of the network alone, in batches.

    Args:
        directory: holds the model files.
        runtime: "keras" or "litert".
        threads: of the network.
        batch: crops a call.
        side_px: of a crop.
        repetitions: of which the median is taken.
    """
    opened = open_runtime(Path(directory), runtime, threads=threads)
    pictures = _some_crops(batch, side_px)
    span = timed(lambda: opened.run(pictures), repetitions)
    return {"ms_per_crop": span.ms / batch, "cpu_ms_per_crop": span.cpu_ms / batch}


def predict(
    *, directory: str, threads: int, side_px: int, repetitions: int, runtime: str = "keras"
) -> dict[str, Any]:
    """Milliseconds of `model.predict` with one picture a call, as simple programs use it."""
    import keras

    from mlmodels.ml.inference.runtimes.keras_runtime import set_threads

    set_threads(threads)
    model = keras.saving.load_model(file_of(Path(directory), FILES[runtime]), compile=False)
    picture = _some_crops(1, side_px).astype(np.float32)
    span = timed(lambda: model.predict(picture, verbose=0), repetitions)
    return {"ms_per_crop": span.ms, "cpu_ms_per_crop": span.cpu_ms}


def locating(*, width: int, height: int, threads: int, repetitions: int) -> dict[str, Any]:
    """Milliseconds to decode a drawn field and to locate its nuclei."""
    cv2.setNumThreads(threads)
    data = field_jpeg(width, height)
    rgb = _decode(data)
    both = timed(lambda: locate(_decode(data)), repetitions)
    return {
        "ms": both.ms,
        "cpu_ms": both.cpu_ms,
        "decode_ms": timed(lambda: _decode(data), repetitions).ms,
        "locate_ms": timed(lambda: locate(rgb), repetitions).ms,
        "file_bytes": len(data),
    }


def _decode(data: bytes) -> np.ndarray:
    """As the engine does: a large JPEG at half its sides."""
    return read_picture(data, may_reduce=True).rgb


def engine(*, directory: str, runtime: str, threads: int, repetitions: int) -> dict[str, Any]:
    """Milliseconds from bytes to findings for a field of 640x480 px with one cell."""
    cv2.setNumThreads(threads)
    opened = load_engine(Path(directory), runtime=runtime, threads=threads)
    data = field_jpeg(*FIELD_SIZE)
    timings: list[dict[str, float]] = []

    def read() -> None:
        timings.append(read_image(data, opened).timings_ms)

    span = timed(read, repetitions)
    steps = {k: statistics.median(t[k] for t in timings[WARM:]) for k in timings[0]}
    cells = len(read_image(data, opened).cells)
    return {
        "ms": span.ms,
        "cpu_ms": span.cpu_ms,
        "steps_ms": steps,
        "cells": cells,
        "views": opened.views,
    }


def memory(*, directory: str, runtime: str, images: int, threads: int = 1) -> dict[str, Any]:
    """Growth of the resident memory while pictures with one to three cells are read.

    Args:
        directory: a version's folder.
        runtime: "keras" or "litert".
        images: read after the first `SETTLED_AFTER`, whose memory is the start.
        threads: of the network.
    """
    cv2.setNumThreads(threads)
    opened = load_engine(Path(directory), runtime=runtime, threads=threads)
    fields = [field_jpeg(*FIELD_SIZE, cells=1 + i % 3, seed=i) for i in range(12)]

    def read(count: int) -> None:
        for number in range(count):
            read_image(fields[number % len(fields)], opened)

    read(SETTLED_AFTER)
    seen = [resident_mb()]
    for look in range(LOOKS):
        read(images * (look + 1) // LOOKS - images * look // LOOKS)
        seen.append(resident_mb())
    return {
        "images": images,
        "resident_mb": seen,
        "growth_percent": 100 * (seen[-1] - seen[0]) / seen[0],
    }


def untrained(*, directory: str, alpha: float, input_px: int) -> dict[str, Any]:
    """Write a network with random weights as both runtimes read it: seconds need no training."""
    from mlmodels.ml.training.export import write_litert

    shape = Architecture(alpha=alpha, weights="none", input_px=input_px)
    model = build_network(shape, len(CLASSES), None)
    model.save(Path(directory) / FILES["keras"])
    write_litert(model, Path(directory) / FILES["litert"])
    return {"parameters": model.count_params()}


def timed(
    call: Callable[[], Any],
    repetitions: int,
    *,
    clock: Callable[[], float] = time.perf_counter,
    cpu_clock: Callable[[], float] = time.process_time,
) -> Span:
    """Median milliseconds of a call, after `WARM` calls that do not count.

    Args:
        call: what is measured.
        repetitions: at least 1.
        clock, cpu_clock: seconds that pass, and seconds that this process computes.
    """
    for _ in range(WARM):
        call()
    passed, computed = [], []
    for _ in range(repetitions):
        start, cpu_start = clock(), cpu_clock()
        call()
        passed.append(clock() - start)
        computed.append(cpu_clock() - cpu_start)
    return Span(1000 * statistics.median(passed), 1000 * statistics.median(computed))


def resident_mb() -> float:
    """Memory that the process holds now, MiB; where the system does not say, its peak."""
    return _status_mb("VmRSS") or _peak_of_usage_mb()


def peak_mb() -> float:
    """The most that the process has held, MiB."""
    return _status_mb("VmHWM") or _peak_of_usage_mb()


def _status_mb(name: str) -> float:
    """A line of Linux's /proc/self/status, MiB; 0 where there is none.

    `getrusage` would count what the parent held before it started this process.
    """
    file = Path("/proc/self/status")
    lines = file.read_text(encoding="ascii").splitlines() if file.is_file() else []
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith(name)), 0.0)


def _peak_of_usage_mb() -> float:
    unit = 1024**2 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def _some_crops(count: int, side_px: int) -> np.ndarray:
    rng = np.random.default_rng(0)
    return rng.integers(0, 256, (count, side_px, side_px, 3), dtype=np.uint8)


PARTS: dict[str, Callable[..., dict[str, Any]]] = {
    part.__name__: part for part in (crops, predict, locating, engine, memory, untrained)
}


def main(argument: str) -> None:
    """Measure the part that a JSON object names, and print the figures as one line of JSON."""
    wanted = json.loads(argument)
    figures = PARTS[wanted.pop("part")](**wanted)
    sys.stdout.write(json.dumps({**figures, "peak_mb": peak_mb()}) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
