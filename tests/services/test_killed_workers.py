"""Whoever holds a job may be killed at any moment, on PostgreSQL and Redis as well."""

import pytest

from tests.journeys.installation import Installation
from tests.journeys.killing import assert_results_survive

pytestmark = pytest.mark.services


def test_every_image_ends_with_one_set_of_results_after_twenty_kills(
    installation: Installation, tell
):
    assert_results_survive(installation, tell)
