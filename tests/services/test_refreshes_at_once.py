"""On PostgreSQL, whoever shows one refresh token at the same moment gets the same pair."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from django.core.management import call_command

from accounts.models import Role, TokenFamily
from accounts.services import tokens
from tests.at_once import at_once
from tests.factories.people import PASSWORD, make_laboratory, make_user
from tests.own_process import in_own_process

pytestmark = pytest.mark.services

ROUNDS, AT_ONCE = 50, 4


def _rotate(newest: str, _: int) -> tokens.TokenPair:
    return tokens.rotate(refresh=newest)


def refresh_fifty_times() -> dict[str, Any]:
    """Four threads show the newest token at once, fifty times; what they were answered."""
    call_command("migrate", verbosity=0)
    person = make_user(make_laboratory(), Role.TECHNICIAN)
    newest = tokens.issue(username=person.username, password=PASSWORD).refresh
    for number in range(ROUNDS):
        answers = at_once(AT_ONCE, partial(_rotate, newest))
        if any(answer != answers[0] for answer in answers):
            return {"wrong": [f"round {number}: {answers}"], "live": 0}
        newest = answers[0].refresh
    return {"wrong": [], "live": TokenFamily.objects.filter(revoked_at=None).count()}


def test_four_at_once_get_the_same_pair_fifty_times(other_database_url, tmp_path):
    answer = in_own_process(
        refresh_fifty_times, database_url=other_database_url, var_dir=tmp_path, within_s=300
    )
    assert answer == {"wrong": [], "live": 1}
