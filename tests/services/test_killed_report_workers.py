"""Whoever makes the file of a report may be killed at any moment, on PostgreSQL and Redis."""

import pytest

from tests.journeys.installation import Installation
from tests.journeys.killing_reports import assert_reports_survive

pytestmark = pytest.mark.services


def test_every_report_ends_with_one_whole_file_after_twenty_kills(installation: Installation, tell):
    assert_reports_survive(installation, tell)
