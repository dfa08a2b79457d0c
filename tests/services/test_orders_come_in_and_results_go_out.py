"""The day with an information system on PostgreSQL and Redis."""

import pytest

from tests.journeys.installation import Installation
from tests.journeys.other_systems.orders_and_results import order_to_result

pytestmark = pytest.mark.services


def test_from_the_order_to_the_corrected_result(installation: Installation, tmp_path):
    port = int(installation.environment["EXCHANGE_HOSTS"].rpartition(":")[2])
    order_to_result(installation, tmp_path, port)
