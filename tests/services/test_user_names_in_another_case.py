"""On PostgreSQL, too, a user name is taken in any case."""

import pytest

from tests.accounts.test_user_names_in_another_case import (
    check_from_before,
    check_made_at_once,
    names_from_before,
    names_made_at_once,
)
from tests.own_process import in_own_process

pytestmark = pytest.mark.services


@pytest.mark.parametrize(
    ("act", "check"),
    [(names_made_at_once, check_made_at_once), (names_from_before, check_from_before)],
)
def test_on_postgresql(other_database_url, tmp_path, act, check):
    check(in_own_process(act, database_url=other_database_url, var_dir=tmp_path))
