"""Files, names and archives that failed in laboratories, each with what is expected of it.

They lie outside the project, in the folder that HEMATOVISION_CASES names; where it names none,
only the tests that make such files themselves remain.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.journeys.installation import running
from tests.journeys.odd_cases import CHECKS
from tests.journeys.odd_desk import Case, Desk, cases_of

FOLDER = os.environ.get("HEMATOVISION_CASES", "")
# A folder that is named and holds no cases is a mistake, never a reason to skip.
CASES = cases_of(Path(FOLDER)) if FOLDER else []

pytestmark = [
    pytest.mark.processes,
    pytest.mark.skipif(not FOLDER, reason="HEMATOVISION_CASES names no folder of odd files"),
]

tried: set[str] = set()


@pytest.fixture(scope="module")
def desk(tmp_path_factory) -> Iterator[Desk]:
    """`make run`, and who stands before it."""
    with running(tmp_path_factory.mktemp("odd"), INFERENCE_RUNTIME="litert") as installation:
        yield Desk(installation, Path(FOLDER))


def test_every_case_says_what_is_expected_of_it():
    assert {case.name for case in CASES} == set(CHECKS)


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_a_case_has_its_expected_outcome(desk: Desk, case: Case):
    tried.add(case.name)
    CHECKS[case.name](desk, case)


def test_no_case_was_left_out():
    assert {case.name for case in CASES} == tried
