"""What the tests of datasets, runs and versions start from."""

import pytest

from mlmodels.models import ModelVersion
from mlmodels.services.versions.registration import register_shipped


@pytest.fixture(autouse=True)
def _registry_of_this_test_only(settings, tmp_path):
    settings.REGISTRY_DIR = tmp_path / "registry"
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture
def shipped_version(db) -> ModelVersion:
    """The newest shipped version, registered; it classifies where nothing was promoted."""
    return register_shipped()[-1]
