"""From 120 photographs to a signed report and its correction, on SQLite and the folder broker."""

import pytest

from tests.journeys.a_case import assert_no_other_laboratory_sees, finish_a_case
from tests.journeys.installation import running
from tests.journeys.visitors import people_of_another_laboratory

pytestmark = pytest.mark.processes


def test_a_case_is_finished_and_no_other_laboratory_sees_it(tmp_path):
    with running(tmp_path, INFERENCE_RUNTIME="litert") as installation:
        case = finish_a_case(installation)
        assert_no_other_laboratory_sees(case, people_of_another_laboratory(installation))
