"""What the tests of samples and images start from."""

import shutil
from pathlib import Path

import pytest

from mlmodels import artifacts
from mlmodels.models import ModelVersion
from mlmodels.services.versions.registration import register_shipped
from predictions.models import Sample
from tests.factories.images import make_sample


@pytest.fixture(autouse=True)
def _pictures_of_this_test_only(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture
def sample(technician) -> Sample:
    """An open sample of the technician's laboratory."""
    return make_sample(technician)


@pytest.fixture
def model(db) -> ModelVersion:
    """The shipped model, registered; it classifies."""
    return register_shipped()[-1]


@pytest.fixture
def own_model_folder(settings, tmp_path) -> Path:
    """A copy of the newest shipped model, registered, that a test may damage."""
    newest = artifacts.shipped_folders()[-1]
    settings.SHIPPED_MODELS_DIR = tmp_path / "shipped"
    return Path(shutil.copytree(newest, tmp_path / "shipped" / newest.name))
