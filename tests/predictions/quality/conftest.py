"""What the tests of quality start from."""

import pytest


@pytest.fixture(autouse=True)
def _pictures_of_this_test_only(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"
