"""How many threads a network computes with: LiteRT's are an engine's, Keras's the process's."""

import subprocess
import sys

import numpy as np
import pytest

from mlmodels.ml.inference.engine import load_engine

KERAS = """
from pathlib import Path
from mlmodels.ml.inference.engine import load_engine
from mlmodels.ml.errors import EngineError
folder = Path({folder!r})
load_engine(folder, runtime="keras", threads=1)
import tensorflow as tf
print(tf.config.threading.get_intra_op_parallelism_threads())
load_engine(folder, runtime="keras", threads=1)
try:
    load_engine(folder, runtime="keras", threads=2)
except EngineError as error:
    print(error)
"""


def test_litert_says_the_same_with_one_thread_and_with_two(shipped_folder, shipped_engine):
    crops = np.random.default_rng(0).integers(
        0, 256, (2, *[shipped_engine.crop_rule.side_px] * 2, 3), dtype=np.uint8
    )
    two = load_engine(shipped_folder, runtime="litert", threads=2)
    assert two.run(crops)[0] == pytest.approx(shipped_engine.run(crops)[0], abs=1e-4)


@pytest.mark.slow
def test_tensorflow_takes_the_first_number_and_refuses_another(shipped_folder):
    code = KERAS.format(folder=str(shipped_folder))
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.splitlines()[0] == "1"
    assert said.stdout.splitlines()[1].startswith("TensorFlow already computes")
