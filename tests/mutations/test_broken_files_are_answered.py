"""Whatever is broken in a file, it is answered, and nothing that serves or works dies of it.

`make mutations` sends thousands.
"""

import pytest

from tests.journeys.installation import running
from tests.mutations.trial import try_files

pytestmark = pytest.mark.processes


def test_three_hundred_broken_files_are_answered_and_no_process_dies(tmp_path_factory, tell):
    with running(tmp_path_factory.mktemp("broken"), INFERENCE_RUNTIME="litert") as installation:
        trial = try_files(installation, count=300, seed=17)
    tell("\n".join(trial.lines()))
    assert trial.complaints == []
