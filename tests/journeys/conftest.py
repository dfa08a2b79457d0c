"""The installations that several journeys visit."""

from collections.abc import Iterator

import pytest

from tests.journeys.installation import Installation, running


@pytest.fixture(scope="session", params=["litert", "keras"])
def installation_of_each_runtime(request, tmp_path_factory) -> Iterator[Installation]:
    """`make run`, once for each runtime of the model."""
    folder = tmp_path_factory.mktemp(request.param)
    with running(folder, INFERENCE_RUNTIME=request.param) as installation:
        yield installation
