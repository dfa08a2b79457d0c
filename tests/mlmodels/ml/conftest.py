"""A tiny network trained on drawn cells, and the engine that is shipped."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlmodels.artifacts import model_directory
from mlmodels.ml.datasets.manifest import Row, write_manifest
from mlmodels.ml.inference.engine import Engine, load_engine
from mlmodels.ml.training.recipe import Recipe, parse_recipe
from tests.drawn_cells import draw_smear_png

TINY_RECIPE = """
name = "tiny"
version = "1"
views = 2
seed = 3

[architecture]
base = "plain_cnn"
alpha = 0.5
weights = "none"
input_px = 32

[calibration]
inner_share = 0.25

[[stages]]
name = "first"
shares = { own = 1.0 }
epochs = 2
crops_per_epoch = 16
batch = 8
warmup_steps = 1
"""


@pytest.fixture(scope="session")
def tiny_recipe() -> Recipe:
    """Two epochs of two steps, from random weights, at 32 px."""
    return parse_recipe(TINY_RECIPE)


@pytest.fixture(scope="session")
def drawn_data(tmp_path_factory) -> Path:
    """A data folder with sixteen drawn smears of two classes, eight sources in two folds."""
    root = tmp_path_factory.mktemp("drawn")
    rows = []
    for number in range(16):
        (root / f"{number:02}.png").write_bytes(draw_smear_png(seed=number, width=160, height=120))
        label = "neutrophil" if number % 2 else "lymphocyte"
        source = f"slide {number // 2}{label[0]}"
        fold = "fold0" if number < 4 else "fold1"
        rows.append(Row(f"{number:02}.png", label, source, fold, "photograph"))
    write_manifest(rows, root / "manifest.csv")
    return root


@pytest.fixture(scope="session")
def shipped_folder() -> Path:
    """The folder of the newest shipped version."""
    return model_directory(None)


@pytest.fixture(scope="session")
def shipped_engine(shipped_folder) -> Engine:
    """The newest shipped version, opened with LiteRT."""
    return load_engine(shipped_folder, runtime="litert")
