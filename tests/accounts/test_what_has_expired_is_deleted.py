"""Sessions and token families that nothing can use any more go; what is live stays."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.utils import timezone

from accounts.models import RepeatedRequest, TokenFamily, User
from accounts.services.expiry import BATCH, purge_expired
from accounts.tasks import purge_expired as task
from tests.at_once import at_once
from tests.factories.people import PASSWORD

pytestmark = pytest.mark.django_db


def make_session(key: str, *, ends_in: timedelta) -> Session:
    return Session(session_key=key, session_data="x", expire_date=timezone.now() + ends_in)


def make_family(
    user: User, *, ends_in: timedelta, revoked_before: timedelta | None = None
) -> TokenFamily:
    return TokenFamily.objects.create(
        user=user,
        newest_jti="x",
        expires_at=timezone.now() + ends_in,
        revoked_at=timezone.now() - revoked_before if revoked_before is not None else None,
    )


def test_a_session_that_is_in_use_stays_and_an_old_one_goes(technician, page_as):
    browser = page_as(technician)
    make_session("old", ends_in=-timedelta(seconds=1)).save()
    assert purge_expired().sessions == 1
    assert browser.get("/account/").status_code == 200
    assert not Session.objects.filter(session_key="old").exists()


def test_thousands_go_batch_by_batch(django_assert_num_queries):
    Session.objects.bulk_create(
        make_session(f"old{number}", ends_in=-timedelta(hours=1)) for number in range(2 * BATCH + 1)
    )
    make_session("live", ends_in=timedelta(hours=1)).save()
    # Three batches are found and deleted, then none is found; and no family or answer is.
    with django_assert_num_queries(3 * 2 + 1 + 2):
        assert purge_expired().sessions == 2 * BATCH + 1
    assert [session.session_key for session in Session.objects.all()] == ["live"]


def test_a_family_goes_a_day_after_its_last_token_expired(technician):
    week = timedelta(days=7)
    stays = [
        make_family(technician, ends_in=week),
        make_family(technician, ends_in=timedelta(seconds=1)),
        # Expired, but by no more than clocks may differ.
        make_family(technician, ends_in=-timedelta(hours=23)),
        # Its tokens are within their lifetime: only the family says that they are revoked.
        make_family(technician, ends_in=timedelta(hours=1), revoked_before=timedelta(days=6)),
    ]
    make_family(technician, ends_in=-timedelta(hours=25))
    make_family(technician, ends_in=-timedelta(days=2), revoked_before=timedelta(days=8))
    assert purge_expired().token_families == 2
    assert set(TokenFamily.objects.all()) == set(stays)


def test_live_tokens_work_and_revoked_ones_are_refused_afterwards(technician, doctor, api):
    live, revoked = (
        api.post("/api/v1/token/", {"username": user.username, "password": PASSWORD}).json()
        for user in (technician, doctor)
    )
    api.post("/api/v1/token/revoke/", {"token": revoked["refresh"]})
    assert purge_expired().token_families == 0
    for pair, status in ((live, 200), (revoked, 401)):
        answer = api.post("/api/v1/token/refresh/", {"refresh": pair["refresh"]})
        assert answer.status_code == status, answer.content


def test_a_kept_answer_goes_after_a_day(technician):
    for key, hours in (("young", 23), ("old", 25)):
        at = timezone.now() - timedelta(hours=hours)
        RepeatedRequest.objects.create(user=technician, key=key, fingerprint="0" * 64, at=at)
    assert purge_expired().answers == 1
    assert RepeatedRequest.objects.get().key == "young"


def test_the_task_and_the_command_do_the_same(capsys):
    make_session("one", ends_in=-timedelta(hours=1)).save()
    task()
    assert not Session.objects.exists()
    make_session("two", ends_in=-timedelta(hours=1)).save()
    call_command("purge_expired")
    assert capsys.readouterr().out == "sessions: 1, token families: 0, answers: 0\n"


@pytest.mark.django_db(transaction=True)
def test_two_at_once_delete_each_row_once():
    Session.objects.bulk_create(
        make_session(f"old{number}", ends_in=-timedelta(hours=1)) for number in range(BATCH + 10)
    )
    counts = [purged.sessions for purged in at_once(2, lambda _: purge_expired())]
    assert sum(counts) == BATCH + 10
    assert not Session.objects.exists()
