"""Measures seconds and memory of a model version, each part in a fresh process."""

from __future__ import annotations

import json
import logging
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version as version_of
from pathlib import Path
from typing import Any

from django.conf import settings

from mlmodels.ml.errors import EngineError
from mlmodels.ml.inference.engine import CARD, verify_folder
from mlmodels.ml.inference.runtimes.choose import FILES, INT8, INT8_FILE

logger = logging.getLogger(__name__)

FIELDS = {"0.3": (640, 480), "1.2": (1280, 960), "12": (4000, 3000)}
PACKAGES = ("ai-edge-litert", "keras", "numpy", "opencv-python-headless", "pillow")


@dataclass(frozen=True)
class Plan:
    """What is measured.

    Args:
        runtimes: "keras", "litert", "int8", or several of them.
        threads: numbers of threads, e.g. 1 and 2.
        batches: crops a call, e.g. 1, 8 and 32.
        repetitions: of which each median is taken, at least 1.
        memory_images: pictures of the memory test; 0 leaves it out.
        untrained_px: side of an untrained network of width 1.0 to measure beside the
            version; 0 leaves it out.
    """

    runtimes: tuple[str, ...] = ("litert", "keras")
    threads: tuple[int, ...] = (1, 2)
    batches: tuple[int, ...] = (1, 8, 32)
    repetitions: int = 50
    memory_images: int = 1000
    untrained_px: int = 0


def benchmark(directory: Path, plan: Plan) -> dict[str, Any]:
    """Measure a version.

    Args:
        directory: the version's folder.
        plan: what is measured.

    Returns:
        A JSON-ready table: the machine, the weights, and `rows`, one a figure, each with its
        part, its settings and its peak memory in MiB.

    Raises:
        ArtifactDamaged: the folder is not the one that was registered.
        EngineError: a part could not be measured.
    """
    sums = verify_folder(directory)
    card = json.loads((directory / CARD).read_text(encoding="utf-8"))
    side_px = int(card["engine"]["input_px"])
    rows: list[dict[str, Any]] = []
    machine = _machine()
    with tempfile.TemporaryDirectory() as folder:
        networks = [(f"{card['name']}-{card['version']}", directory, side_px)]
        if plan.untrained_px:
            shape = {"alpha": 1.0, "input_px": plan.untrained_px}
            _measure("untrained", directory=folder, runtimes=list(plan.runtimes), **shape)
            networks.append(("untrained, width 1.0", Path(folder), plan.untrained_px))
        if INT8 in plan.runtimes and INT8_FILE not in sums:
            target = Path(folder) / directory.name
            _measure("eight_bits", directory=str(directory), target=str(target))
            directory = target
            networks[0] = (networks[0][0], directory, side_px)
        for part in [*_network_parts(networks, plan), *_engine_parts(directory, plan)]:
            rows.append({**part, **_measure(**part)})
            rows[-1].pop("directory", None)
            logger.info("%s", line_of(rows[-1]))
    return {
        "model": networks[0][0],
        "weights_sha256": {name: sums[file] for name, file in FILES.items()},
        "machine": machine,
        "repetitions": plan.repetitions,
        "rows": rows,
    }


def line_of(row: dict[str, Any]) -> str:
    """One figure as a person reads it."""
    runtime, threads = row.get("runtime", ""), f"{row['threads']} threads"
    head = f"{row['part']:9} {runtime:7} {threads:10}"
    if row["part"] in ("crops", "predict"):
        what = f"{row['network']}, {row['side_px']} px, batch {row.get('batch', 1)}"
        figure = f"{row['ms_per_crop']:.2f} ms a crop (computing {row['cpu_ms_per_crop']:.2f})"
    elif row["part"] == "locating":
        what = f"{row['width']}x{row['height']} px"
        figure = (
            f"{row['ms']:.1f} ms (computing {row['cpu_ms']:.1f}; decode {row['decode_ms']:.1f}, "
            f"locate {row['locate_ms']:.1f})"
        )
    elif row["part"] == "side_by_side":
        what = "in turn: smallest and median computing"
        figure = "; ".join(
            f"{name} {one['least_cpu_ms']:.1f} and {one['cpu_ms']:.1f} ms"
            for name, one in row["calls"].items()
        )
    elif row["part"] == "engine":
        what = f"640x480 px, {row['cells']} cell, {row['views']} views"
        figure = f"{row['ms']:.1f} ms (computing {row['cpu_ms']:.1f})"
    else:
        what = f"{row['images']} images"
        figure = f"memory grew by {row['growth_percent']:.2f} %"
    return f"{head} {what:44} {figure}, peak {row['peak_mb']:.0f} MiB"


def _network_parts(
    networks: Sequence[tuple[str, Path, int]], plan: Plan
) -> Iterator[dict[str, Any]]:
    for name, folder, side_px in networks:
        common = {
            "network": name,
            "directory": str(folder),
            "side_px": side_px,
            "repetitions": plan.repetitions,
        }
        for threads in plan.threads:
            for runtime in plan.runtimes:
                for batch in plan.batches:
                    yield {
                        "part": "crops",
                        "runtime": runtime,
                        "threads": threads,
                        "batch": batch,
                        **common,
                    }
            if "keras" in plan.runtimes:
                yield {"part": "predict", "runtime": "keras", "threads": threads, **common}


def _engine_parts(directory: Path, plan: Plan) -> Iterator[dict[str, Any]]:
    for threads in plan.threads:
        for width, height in FIELDS.values():
            yield {
                "part": "locating",
                "width": width,
                "height": height,
                "threads": threads,
                "repetitions": plan.repetitions,
            }
        for runtime in plan.runtimes:
            yield {
                "part": "engine",
                "directory": str(directory),
                "runtime": runtime,
                "threads": threads,
                "repetitions": plan.repetitions,
            }
    yield {
        "part": "side_by_side",
        "directory": str(directory),
        "runtimes": list(plan.runtimes),
        "threads": plan.threads[0],
        "repetitions": plan.repetitions,
    }
    for runtime in plan.runtimes if plan.memory_images else ():
        yield {
            "part": "memory",
            "directory": str(directory),
            "runtime": runtime,
            "threads": plan.threads[0],
            "images": plan.memory_images,
        }


def _measure(part: str, **wanted: Any) -> dict[str, Any]:
    """Run one part in a fresh process and read its last line."""
    wanted = {key: value for key, value in wanted.items() if key != "network"}
    argument = json.dumps({"part": part, **wanted})
    done = subprocess.run(
        [sys.executable, "-m", "mlmodels.research.benchmark.measures", argument],
        cwd=settings.BASE_DIR,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise EngineError(f"The part {part} could not be measured: {reason}.")
    figures: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return figures


def _machine() -> dict[str, Any]:
    """What the figures depend on; the load says whether other work ran beside."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.is_file() else []
    name = next((line.partition(": ")[2] for line in lines if line.startswith("model name")), "")
    packages = {package: version_of(package) for package in PACKAGES}
    return {
        "processor": name or platform.processor(),
        "cores": os.cpu_count(),
        "load_average": os.getloadavg(),
        "python": platform.python_version(),
        "packages": packages,
    }
