"""The demo users of `make setup`: only where DEBUG is on, once, and kept for the owner alone."""

import io

import pytest
from django.core.management import call_command

from accounts.models import Laboratory, User
from accounts.services.demo import LABORATORY

pytestmark = pytest.mark.django_db


@pytest.fixture
def kept(settings, tmp_path):
    settings.LOCAL = True
    settings.VAR_DIR = tmp_path / "var"
    return settings.VAR_DIR / "demo-credentials.txt"


def run() -> str:
    out = io.StringIO()
    call_command("create_demo_users", stdout=out)
    return out.getvalue()


def test_three_users_can_sign_in_with_what_was_printed_and_kept(kept):
    printed = run()
    lines = [line.split() for line in kept.read_text().splitlines()]
    assert sorted(role for role, _, _ in lines) == ["admin", "doctor", "technician"]
    for role, username, password in lines:
        user = User.objects.get(username=username)
        assert user.role == role
        assert user.laboratory.name == LABORATORY
        assert user.check_password(password)
        assert password in printed


def test_only_the_owner_can_read_the_file(kept):
    run()
    assert kept.stat().st_mode & 0o777 == 0o600


def test_a_second_time_changes_and_prints_no_password(kept):
    run()
    before = kept.read_text()
    printed = run()
    assert kept.read_text() == before
    assert not any(line.split()[2] in printed for line in before.splitlines())
    assert User.objects.count() == 3


def test_none_are_made_where_debug_is_off(settings, kept):
    settings.LOCAL = False
    assert "DEBUG" in run()
    assert not kept.exists()
    assert not User.objects.exists()
    assert not Laboratory.objects.exists()
