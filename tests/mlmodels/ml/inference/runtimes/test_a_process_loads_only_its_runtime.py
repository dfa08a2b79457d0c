"""Importing the pipeline loads no network library; opening a version loads only the one asked."""

import subprocess
import sys

import pytest

pytestmark = pytest.mark.slow

LIBRARIES = ("tensorflow", "keras", "ai_edge_litert")


def loaded_after(code: str) -> set[str]:
    """The heavy libraries in a fresh process after some code."""
    tail = f"; import sys; print(*[m for m in {LIBRARIES} if m in sys.modules])"
    answer = subprocess.run(
        [sys.executable, "-c", code + tail], capture_output=True, text=True, check=True
    )
    return set(answer.stdout.split())


def test_importing_the_pipeline_loads_no_network_library():
    assert loaded_after("import mlmodels.ml.inference.pipeline") == set()


def test_opening_with_litert_loads_no_tensorflow(shipped_folder):
    code = (
        "from pathlib import Path; from mlmodels.ml.inference.pipeline import load_engine;"
        f"load_engine(Path({str(shipped_folder)!r}), runtime='litert')"
    )
    assert loaded_after(code) == {"ai_edge_litert"}
