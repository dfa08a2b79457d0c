"""What the tests of datasets, runs and versions start from; a tiny recipe, and what is shipped."""

from pathlib import Path

import pytest

from mlmodels.artifacts import model_directory
from mlmodels.ml.datasets.manifest import Row, write_manifest
from mlmodels.ml.inference.engine import Engine, load_engine
from mlmodels.ml.training.recipe import Recipe, parse_recipe
from mlmodels.models import ModelVersion
from mlmodels.services.versions.registration import register_shipped
from tests.drawn_cells import draw_smear_png
from tests.factories.recipes import TINY_RECIPE


@pytest.fixture(autouse=True)
def _registry_of_this_test_only(settings, tmp_path):
    settings.REGISTRY_DIR = tmp_path / "registry"
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture
def shipped_version(db) -> ModelVersion:
    """The newest shipped version, registered; it classifies where nothing was promoted."""
    return register_shipped()[-1]


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
