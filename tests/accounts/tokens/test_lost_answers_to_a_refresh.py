"""A refresh token whose answer was lost gets the same answer again; a copied one ends all."""

from datetime import timedelta
from functools import partial

import pytest
from django.db.models import F
from rest_framework.test import APIClient
from rest_framework_simplejwt.tokens import UntypedToken

from accounts.models import AuditAction, AuditEvent, Role, SignInLock, TokenFamily
from accounts.services import users
from tests.at_once import at_once
from tests.factories.people import PASSWORD

OBTAIN, REFRESH = "/api/v1/token/", "/api/v1/token/refresh/"
REVOKE = "/api/v1/token/revoke/"
ANY_ENDPOINT = "/api/v1/samples/"


def sign_in():
    return APIClient().post(OBTAIN, {"username": "tina", "password": PASSWORD})


@pytest.fixture
def pair(technician):
    return sign_in().json()


def call(access):
    return APIClient().get(ANY_ENDPOINT, headers={"Authorization": f"Bearer {access}"})


def refresh(token):
    return APIClient().post(REFRESH, {"refresh": token})


def show(token, _):
    return refresh(token)


def later(**passed):
    """Let time pass for the family, which knows when its newest token was made."""
    TokenFamily.objects.update(newest_at=F("newest_at") - timedelta(**passed))


def test_the_same_token_gets_the_same_pair_again(pair):
    first, second, third = (refresh(pair["refresh"]) for _ in range(3))
    assert [first.status_code, second.status_code, third.status_code] == [200, 200, 200]
    assert first.json() == second.json() == third.json()
    assert call(first.json()["access"]).status_code == 200


def test_the_pair_given_again_leads_on(pair):
    refresh(pair["refresh"])
    again = refresh(pair["refresh"]).json()
    onward = refresh(again["refresh"])
    assert onward.status_code == 200
    assert call(onward.json()["access"]).status_code == 200


def test_a_lost_answer_is_no_event_of_the_trail(pair):
    refresh(pair["refresh"])
    refresh(pair["refresh"])
    assert not AuditEvent.objects.filter(action=AuditAction.TOKEN_REUSED).exists()


@pytest.mark.parametrize(("seconds", "answered"), [(29, 200), (31, 401)])
def test_it_is_given_again_for_thirty_seconds(pair, seconds, answered):
    newer = refresh(pair["refresh"]).json()
    later(seconds=seconds)
    assert refresh(pair["refresh"]).status_code == answered
    assert call(newer["access"]).status_code == answered


def test_once_its_successor_was_used_it_ends_the_family(pair):
    newer = refresh(pair["refresh"]).json()
    newest = refresh(newer["refresh"]).json()
    assert refresh(pair["refresh"]).status_code == 401
    assert call(newest["access"]).status_code == 401
    assert TokenFamily.objects.get().revoked_because == "used twice"
    assert AuditEvent.objects.filter(action=AuditAction.TOKEN_REUSED).count() == 1


def test_a_revoked_family_gives_nothing_again(pair):
    newer = refresh(pair["refresh"]).json()
    APIClient().post(REVOKE, {"token": newer["refresh"]})
    assert refresh(pair["refresh"]).status_code == 401
    assert not AuditEvent.objects.filter(action=AuditAction.TOKEN_REUSED).exists()


def test_after_a_new_password_nothing_is_given_again(pair, technician):
    refresh(pair["refresh"])
    users.change_own_password(
        actor=technician, current_password=PASSWORD, new_password="another-good-sentence-8"
    )
    assert refresh(pair["refresh"]).status_code == 401


@pytest.mark.parametrize("change", ["deactivate", "change_role", "end_sessions"])
def test_after_what_an_admin_changed_nothing_is_given_again(pair, technician, admin, change):
    refresh(pair["refresh"])
    extra = {"role": Role.DOCTOR} if change == "change_role" else {}
    getattr(users, change)(actor=admin, user_id=technician.pk, **extra)
    assert refresh(pair["refresh"]).status_code == 401


def test_who_is_locked_out_by_wrong_passwords_keeps_the_client_that_is_signed_in(pair, settings):
    settings.SIGN_IN_FAILURES_BEFORE_LOCK = 1
    refresh(pair["refresh"])
    APIClient().post(OBTAIN, {"username": "tina", "password": "wrong-wrong-wrong"})
    assert SignInLock.objects.exists()
    assert sign_in().status_code == 429
    assert refresh(pair["refresh"]).status_code == 200


def test_the_tokens_of_a_pair_have_two_names(pair):
    access, newest = (UntypedToken(pair[which])["jti"] for which in ("access", "refresh"))
    assert access != newest == TokenFamily.objects.get().newest_jti


@pytest.mark.django_db(transaction=True)
def test_of_exchanges_at_once_all_get_the_same_pair(technician):
    first = sign_in().json()["refresh"]
    for _ in range(5):
        answers = at_once(4, partial(show, first))
        assert [answer.status_code for answer in answers] == [200] * 4
        assert len({answer.content for answer in answers}) == 1
        first = answers[0].json()["refresh"]
    assert TokenFamily.objects.get().revoked_at is None
