"""Guessing passwords gets slower: by account, and by address."""

from datetime import timedelta

import pytest
from django.db.models import F
from django.test import Client

from accounts.models import SignInLock
from tests.factories.people import PASSWORD

WRONG = "wrong-wrong-wrong"


def attempt(username, password=WRONG, address="192.0.2.1"):
    return Client(REMOTE_ADDR=address).post(
        "/sign-in/", {"username": username, "password": password}
    )


def attempt_by_api(username, password=WRONG, address="192.0.2.1"):
    return Client(REMOTE_ADDR=address).post(
        "/api/v1/token/", {"username": username, "password": password}
    )


def fail(times, username="tina", **where):
    for _ in range(times):
        assert attempt(username, **where).status_code == 401


def pass_time(**span):
    SignInLock.objects.update(
        last_failure_at=F("last_failure_at") - timedelta(**span),
        locked_until=F("locked_until") - timedelta(**span),
    )


@pytest.fixture(autouse=True)
def _five_and_a_minute(settings):
    settings.SIGN_IN_FAILURES_BEFORE_LOCK = 5
    settings.SIGN_IN_LOCK_S = 60


def test_the_fifth_failure_locks_the_account_even_for_the_right_password(technician):
    fail(5)
    answer = attempt("tina", PASSWORD)
    assert answer.status_code == 429
    assert 0 < int(answer["Retry-After"]) <= 60
    assert "Try again in" in answer.content.decode()


def test_four_failures_lock_nothing_and_success_forgets_them(technician):
    for _ in range(3):
        fail(4)
        assert attempt("tina", PASSWORD).status_code == 302


def test_the_lock_ends_by_itself(technician):
    fail(5)
    pass_time(seconds=61)
    assert attempt("tina", PASSWORD).status_code == 302


def test_the_lock_doubles_with_each_further_failure(technician):
    fail(5)
    waits = []
    for _ in range(3):
        waits.append(round(int(attempt("tina")["Retry-After"]), -1))
        pass_time(seconds=waits[-1] + 5)
        fail(1)
    assert waits == [60, 120, 240]


def test_the_lock_is_never_longer_than_an_hour(technician):
    fail(5)
    SignInLock.objects.update(failures=40)
    pass_time(hours=1)
    fail(1)
    assert int(attempt("tina")["Retry-After"]) <= 3600


def test_a_day_without_a_failure_forgets_them(technician):
    fail(4)
    pass_time(hours=25)
    fail(4)
    assert attempt("tina", PASSWORD).status_code == 302


def test_one_account_under_lock_leaves_the_others_alone(technician, doctor):
    fail(5)
    assert attempt("dora", PASSWORD).status_code == 302


def test_capital_letters_are_no_way_around(technician):
    fail(2)
    fail(3, username="TINA")
    assert attempt("tina", PASSWORD).status_code == 429


def test_an_unknown_name_is_locked_like_a_known_one(db):
    fail(5, username="nobody")
    assert attempt("nobody").status_code == 429


def test_many_names_from_one_address_lock_the_address(technician):
    for number in range(20):
        fail(1, username=f"name-{number}")
    assert attempt("tina", PASSWORD).status_code == 429
    assert attempt("tina", PASSWORD, address="192.0.2.2").status_code == 302


def test_ones_own_password_does_not_clear_the_address(technician):
    for number in range(12):
        fail(1, username=f"name-{number}")
    assert attempt("tina", PASSWORD).status_code == 302
    address = SignInLock.objects.get(key__startswith="address:")
    assert address.failures == 6


def test_page_and_api_count_together(technician):
    fail(3)
    for _ in range(2):
        assert attempt_by_api("tina").status_code == 401
    answer = attempt_by_api("tina", PASSWORD)
    assert answer.status_code == 429
    assert answer.json()["code"] == "sign_in_locked"
    assert int(answer["Retry-After"]) > 0


def test_what_a_client_writes_about_its_address_is_not_believed(technician):
    for number in range(20):
        answer = Client(REMOTE_ADDR="192.0.2.1", HTTP_X_FORWARDED_FOR=f"10.0.0.{number}").post(
            "/sign-in/", {"username": f"name-{number}", "password": WRONG}
        )
        assert answer.status_code == 401
    assert attempt("tina", PASSWORD).status_code == 429


def test_the_table_of_locks_names_nobody(technician):
    fail(1)
    keys = " ".join(SignInLock.objects.values_list("key", flat=True))
    assert "tina" not in keys
    assert "192.0.2.1" not in keys
