"""One real training of a few seconds, for all tests that read what it left."""

import pytest

from tests.factories.training import Trained, make_finished_run, train_for_real


@pytest.fixture(scope="session")
def trained(tmp_path_factory) -> Trained:
    """A dataset of drawn cells, and the run folder of a training on it."""
    return train_for_real(tmp_path_factory.mktemp("trained"))


@pytest.fixture
def finished_run(admin, trained):
    """A run of that training that ended with a candidate."""
    return make_finished_run(admin, trained)
