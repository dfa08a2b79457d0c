"""An order makes the sample, and an information system that was away gets every result."""

import pytest

from tests.journeys.installation import free_port, running
from tests.journeys.other_systems.orders_and_results import order_to_result

pytestmark = pytest.mark.processes


def test_from_the_order_to_the_corrected_result(tmp_path):
    port = free_port()
    with running(
        tmp_path, INFERENCE_RUNTIME="litert", EXCHANGE_HOSTS=f"127.0.0.1:{port}"
    ) as installation:
        order_to_result(installation, tmp_path, port)
