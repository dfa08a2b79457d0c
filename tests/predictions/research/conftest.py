import pytest


@pytest.fixture(autouse=True)
def _folders_of_this_test_only(settings, tmp_path):
    settings.REGISTRY_DIR = tmp_path / "registry"
    settings.MEDIA_ROOT = tmp_path / "media"
