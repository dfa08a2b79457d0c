"""Whoever holds a job may be killed at any moment: the image still ends with one set of results.

Here on SQLite and the folder broker; on PostgreSQL and Redis in tests/services.
"""

import pytest

from tests.journeys.installation import running
from tests.journeys.killing import assert_results_survive

pytestmark = pytest.mark.processes


def test_every_image_ends_with_one_set_of_results_after_twenty_kills(tmp_path, tell):
    # A short lease, so that nobody waits a minute for each kill.
    soon = {"JOB_LEASE_S": "4", "SWEEP_EVERY_S": "1", "INFERENCE_RUNTIME": "litert"}
    with running(tmp_path, **soon) as installation:
        assert_results_survive(installation, tell)
