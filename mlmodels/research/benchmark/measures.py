"""Seconds and memory of one part of the engine, measured in this process.

`python -m mlmodels.research.benchmark.measures '{"part": "engine", ...}'` prints one JSON object:
each part gets a process of its own, so that nothing is warm, and no memory taken, because of
another.
"""

from __future__ import annotations

import json
import resource
import shutil
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from mlmodels.ml.classes import CLASSES
from mlmodels.ml.inference.engine import CARD, FAMILIARITY, FAMILIARITY_INT8, load_engine
from mlmodels.ml.inference.finding.localize import locate
from mlmodels.ml.inference.pipeline import read_image
from mlmodels.ml.inference.runtimes.choose import FILES, INT8, INT8_FILE, open_runtime
from mlmodels.ml.inference.version_files import copy_version, file_of
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
        runtime: "keras", "litert" or "int8".
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
    from mlmodels.ml.inference.runtimes.keras_runtime import set_threads

    set_threads(threads)
    span = timed(_predict_one(Path(directory), side_px), repetitions)
    return {"ms_per_crop": span.ms, "cpu_ms_per_crop": span.cpu_ms}


def _predict_one(directory: Path, side_px: int) -> Callable[[], Any]:
    import keras

    model = keras.saving.load_model(file_of(directory, FILES["keras"]), compile=False)
    picture = _some_crops(1, side_px).astype(np.float32)
    return lambda: model.predict(picture, verbose=0)


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


def side_by_side(
    *, directory: str, runtimes: list[str], threads: int, repetitions: int
) -> dict[str, Any]:
    """Milliseconds of the whole engine and of its network with each runtime, taken in turn.

    What else the machine does then slows all of them alike. With Keras among them, also those
    of `model.predict` with one picture.

    Args:
        directory: a version's folder.
        runtimes: of which one is "int8" where the version has a network of eight bits.
        threads: of the network and of OpenCV.
        repetitions: rounds; each call is made once in a round.

    Returns:
        `calls`: by name the smallest and the median milliseconds, passed and computed.
    """
    cv2.setNumThreads(threads)
    data = field_jpeg(*FIELD_SIZE)
    calls: dict[str, Callable[[], Any]] = {}
    for name in runtimes:
        opened = load_engine(Path(directory), runtime=name, threads=threads)
        one = _some_crops(1, opened.crop_rule.side_px)
        calls[f"whole engine, {name}"] = partial(read_image, data, opened)
        calls[f"its network, {opened.views} views, {name}"] = partial(opened.run, one)
        if name == "keras":
            calls["model.predict, 1 picture"] = _predict_one(Path(directory), one.shape[1])
    return {"calls": in_turn(calls, repetitions)}


def in_turn(
    calls: Mapping[str, Callable[[], Any]],
    repetitions: int,
    *,
    clock: Callable[[], float] = time.perf_counter,
    cpu_clock: Callable[[], float] = time.process_time,
) -> dict[str, dict[str, float]]:
    """Milliseconds of several calls that are made in turn, after `WARM` rounds that do not count.

    Args:
        calls: what is measured, by name.
        repetitions: rounds, at least 1.
        clock, cpu_clock: as for `timed`.

    Returns:
        For each call `least_ms` and `ms`, the median, that passed; `least_cpu_ms` and `cpu_ms`,
        that the process computed.
    """
    passed: dict[str, list[float]] = {name: [] for name in calls}
    computed: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(WARM + repetitions):
        for name, call in calls.items():
            start, cpu_start = clock(), cpu_clock()
            call()
            passed[name].append(1000 * (clock() - start))
            computed[name].append(1000 * (cpu_clock() - cpu_start))
    return {
        name: {
            "least_ms": min(passed[name][WARM:]),
            "ms": statistics.median(passed[name][WARM:]),
            "least_cpu_ms": min(computed[name][WARM:]),
            "cpu_ms": statistics.median(computed[name][WARM:]),
        }
        for name in calls
    }


def eight_bits(*, directory: str, target: str) -> dict[str, Any]:
    """Copy a version and give it a network of eight bits: its milliseconds need no ranges.

    What it answers is of no use, so it is never kept; a version's own is written at the end of
    its training.
    """
    from mlmodels.ml.training.eight_bits import write_int8
    from mlmodels.ml.training.export import write_card

    folder = copy_version(Path(directory), Path(target))
    card = json.loads((folder / CARD).read_text(encoding="utf-8"))
    write_int8(folder / FILES["keras"], folder / INT8_FILE, _some_crops(2, _side_px(card)))
    shutil.copyfile(folder / FAMILIARITY, folder / FAMILIARITY_INT8)
    write_card({**card, "eight_bits": {"engine": {}}}, folder)
    return {"bytes": (folder / INT8_FILE).stat().st_size}


def _side_px(card: dict[str, Any]) -> int:
    return int(card["engine"]["input_px"])


def memory(*, directory: str, runtime: str, images: int, threads: int = 1) -> dict[str, Any]:
    """Growth of the resident memory while pictures with one to three cells are read.

    Args:
        directory: a version's folder.
        runtime: "keras", "litert" or "int8".
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


def untrained(
    *, directory: str, alpha: float, input_px: int, runtimes: list[str]
) -> dict[str, Any]:
    """Write a network with random weights as the runtimes read it: seconds need no training."""
    from mlmodels.ml.training.eight_bits import write_int8
    from mlmodels.ml.training.export import write_litert

    shape = Architecture(alpha=alpha, weights="none", input_px=input_px)
    model = build_network(shape, len(CLASSES), None)
    model.save(Path(directory) / FILES["keras"])
    write_litert(model, Path(directory) / FILES["litert"])
    if INT8 in runtimes:
        kept = Path(directory) / FILES["keras"]
        write_int8(kept, Path(directory) / INT8_FILE, _some_crops(2, input_px))
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
    part.__name__: part
    for part in (
        crops,
        predict,
        locating,
        engine,
        side_by_side,
        memory,
        untrained,
        eight_bits,
    )
}


def main(argument: str) -> None:
    """Measure the part that a JSON object names, and print the figures as one line of JSON."""
    wanted = json.loads(argument)
    figures = PARTS[wanted.pop("part")](**wanted)
    sys.stdout.write(json.dumps({**figures, "peak_mb": peak_mb()}) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
