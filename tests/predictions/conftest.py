"""What the tests of samples and images start from."""

import pytest

from predictions.models import Sample
from predictions.services.summary_check import verify_summaries
from tests.factories.images import make_sample


@pytest.fixture(autouse=True)
def _pictures_of_this_test_only(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture
def sample(technician) -> Sample:
    """An open sample of the technician's laboratory."""
    return make_sample(technician)


@pytest.fixture
def summaries_hold(db):
    """Whatever a test did, at its end the summaries can be worked out again from the rows."""
    yield
    assert list(verify_summaries()) == []
