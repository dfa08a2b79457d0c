"""Whoever makes the file of a report may be killed at any moment: it ends as one whole file.

Here on SQLite and the folder broker; on PostgreSQL and Redis in tests/services.
"""

import pytest

from tests.journeys.installation import running
from tests.journeys.killing_reports import assert_reports_survive

pytestmark = pytest.mark.processes


def test_every_report_ends_with_one_whole_file_after_twenty_kills(tmp_path, tell):
    # A short lease, so that nobody waits a minute for each kill.
    soon = {"JOB_LEASE_S": "4", "SWEEP_EVERY_S": "1", "INFERENCE_RUNTIME": "litert"}
    with running(tmp_path, **soon) as installation:
        assert_reports_survive(installation, tell)
