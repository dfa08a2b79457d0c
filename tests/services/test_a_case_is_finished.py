"""From 120 photographs to a signed report and its correction, on PostgreSQL and Redis."""

import pytest

from tests.journeys.a_case import assert_no_other_laboratory_sees, finish_a_case
from tests.journeys.installation import Installation
from tests.journeys.visitors import people_of_another_laboratory

pytestmark = pytest.mark.services


def test_a_case_is_finished_and_no_other_laboratory_sees_it(installation: Installation):
    case = finish_a_case(installation)
    assert_no_other_laboratory_sees(case, people_of_another_laboratory(installation))
