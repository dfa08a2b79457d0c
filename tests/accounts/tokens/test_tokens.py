"""API tokens: in, again, still good?, out; and the family that decides."""

from datetime import timedelta

import pytest
from django.utils import timezone
from rest_framework.test import APIClient
from rest_framework_simplejwt.tokens import AccessToken, RefreshToken

from accounts.models import AuditAction, AuditEvent, TokenFamily, User
from accounts.services import users
from tests.factories.people import PASSWORD

OBTAIN, REFRESH = "/api/v1/token/", "/api/v1/token/refresh/"
VERIFY, REVOKE = "/api/v1/token/verify/", "/api/v1/token/revoke/"
ANY_ENDPOINT = "/api/v1/samples/"


@pytest.fixture
def pair(api, technician):
    return api.post(OBTAIN, {"username": "tina", "password": PASSWORD}).json()


def call(access):
    return APIClient().get(ANY_ENDPOINT, headers={"Authorization": f"Bearer {access}"})


def refresh(token):
    return APIClient().post(REFRESH, {"refresh": token})


def test_a_password_gives_a_pair_that_works(pair):
    assert pair.keys() == {"access", "refresh", "role"}
    assert pair["role"] == "technician"
    assert call(pair["access"]).status_code == 200


def test_json_and_form_bodies_are_both_taken(api, technician):
    body = {"username": "tina", "password": PASSWORD}
    assert api.post(OBTAIN, body, format="json").status_code == 200
    assert api.post(OBTAIN, body, format="multipart").status_code == 200


@pytest.mark.parametrize("username", ["tina", "nobody", "closed"])
def test_a_failure_says_the_same_sentence(api, technician, doctor, username):
    User.objects.filter(pk=doctor.pk).update(username="closed", is_active=False)
    password = PASSWORD if username == "closed" else "wrong-wrong-wrong"
    answer = api.post(OBTAIN, {"username": username, "password": password})
    assert answer.status_code == 401
    assert answer.json() == {
        "code": "sign_in_refused",
        "message": "User name or password is not right. Try again, or ask your admin.",
    }


def test_a_missing_field_is_named(api, db):
    answer = api.post(OBTAIN, {"username": "tina"})
    assert answer.status_code == 400
    assert answer.json()["fields"] == {"password": ["This field is required."]}


def test_a_refresh_token_gives_a_new_pair(pair):
    answer = refresh(pair["refresh"])
    assert answer.status_code == 200
    assert answer.json()["refresh"] != pair["refresh"]
    assert call(answer.json()["access"]).status_code == 200
    assert call(pair["access"]).status_code == 200


def test_a_refresh_token_before_the_last_ends_the_whole_family(pair):
    newer = refresh(refresh(pair["refresh"]).json()["refresh"]).json()
    assert refresh(pair["refresh"]).status_code == 401
    assert refresh(newer["refresh"]).status_code == 401
    assert call(newer["access"]).status_code == 401
    assert call(pair["access"]).status_code == 401
    assert AuditEvent.objects.filter(action=AuditAction.TOKEN_REUSED).count() == 1


def test_other_families_of_the_person_live_on(api, pair):
    other = api.post(OBTAIN, {"username": "tina", "password": PASSWORD}).json()
    refresh(refresh(pair["refresh"]).json()["refresh"])
    assert refresh(pair["refresh"]).status_code == 401
    assert call(other["access"]).status_code == 200


def test_an_access_token_is_no_refresh_token_and_the_other_way_round(pair):
    assert refresh(pair["access"]).status_code == 401
    assert call(pair["refresh"]).status_code == 401


@pytest.mark.parametrize(
    "header", ["Bearer", "Bearer nonsense", "Bearer a b", "Bearer \xff\xfe", "Bearer a.b.c"]
)
def test_a_broken_header_is_401_with_a_challenge(api, db, header):
    answer = api.get(ANY_ENDPOINT, headers={"Authorization": header})
    assert answer.status_code == 401
    assert answer.json()["code"] == "token_refused"
    assert answer["WWW-Authenticate"].startswith("Bearer")


def test_without_a_token_it_is_401_with_a_challenge(api, db):
    answer = api.get(ANY_ENDPOINT)
    assert answer.status_code == 401
    assert answer.json()["code"] == "not_signed_in"
    assert answer["WWW-Authenticate"].startswith("Bearer")


def test_a_token_that_is_too_old_is_refused(pair):
    old = AccessToken(pair["access"])
    old.set_exp(lifetime=-timedelta(seconds=1))
    assert call(str(old)).status_code == 401


def test_lifetimes_are_ten_minutes_and_seven_days(pair):
    access, newest = AccessToken(pair["access"]), RefreshToken(pair["refresh"])
    assert access["exp"] - access["iat"] == 600
    assert newest["exp"] - newest["iat"] == 7 * 24 * 3600


def test_a_token_signed_by_somebody_else_is_refused(pair, settings):
    head, body, signature = pair["access"].split(".")
    forged = ".".join([head, body, signature[::-1]])
    assert call(forged).status_code == 401


@pytest.mark.parametrize("which", ["access", "refresh"])
def test_verify_takes_what_would_be_taken(api, pair, which):
    assert api.post(VERIFY, {"token": pair[which]}).status_code == 200


def test_verify_refuses_what_would_be_refused(api, pair):
    newer = refresh(pair["refresh"]).json()
    assert api.post(VERIFY, {"token": pair["refresh"]}).status_code == 401
    assert api.post(VERIFY, {"token": newer["refresh"]}).status_code == 200
    api.post(REVOKE, {"token": newer["refresh"]})
    assert api.post(VERIFY, {"token": newer["access"]}).status_code == 401
    assert api.post(VERIFY, {"token": "nonsense"}).status_code == 401


@pytest.mark.parametrize(("field", "which"), [("token", "access"), ("refresh", "refresh")])
def test_revoke_ends_the_family_and_may_be_repeated(api, pair, field, which):
    assert api.post(REVOKE, {field: pair[which]}).status_code == 200
    assert call(pair["access"]).status_code == 401
    assert refresh(pair["refresh"]).status_code == 401
    assert api.post(REVOKE, {field: pair[which]}).status_code == 200


def test_revoke_wants_a_token(api, db):
    answer = api.post(REVOKE, {})
    assert answer.status_code == 400
    assert "token" in answer.json()["fields"]


@pytest.mark.parametrize("change", ["deactivate", "change_role", "end_sessions"])
def test_what_an_admin_changes_ends_the_tokens_at_once(pair, technician, admin, change):
    extra = {"role": "doctor"} if change == "change_role" else {}
    getattr(users, change)(actor=admin, user_id=technician.pk, **extra)
    assert call(pair["access"]).status_code == 401
    assert refresh(pair["refresh"]).status_code == 401


def test_a_new_password_ends_the_tokens_at_once(pair, technician):
    users.change_own_password(
        actor=technician, current_password=PASSWORD, new_password="another-good-sentence-8"
    )
    assert call(pair["access"]).status_code == 401
    assert refresh(pair["refresh"]).status_code == 401


def test_role_and_activity_are_looked_at_in_every_request(pair, technician):
    """Also when a row was changed past the services."""
    upload = {"accession_number": "A-1"}
    headers = {"Authorization": f"Bearer {pair['access']}"}
    User.objects.filter(pk=technician.pk).update(role="doctor")
    assert APIClient().post(ANY_ENDPOINT, upload, headers=headers).status_code == 403
    User.objects.filter(pk=technician.pk).update(is_active=False)
    assert call(pair["access"]).status_code == 401
    assert refresh(pair["refresh"]).status_code == 401


def test_a_bad_token_in_the_header_is_no_hindrance_to_signing_in(api, technician):
    api.credentials(HTTP_AUTHORIZATION="Bearer nonsense")
    body = {"username": "tina", "password": PASSWORD}
    assert api.post(OBTAIN, body).status_code == 200


def test_a_person_ends_all_their_clients_on_the_account_page(pair, page_as, technician):
    browser = page_as(technician)
    assert "API clients signed in as you" in browser.get("/account/").content.decode()
    assert browser.post("/account/tokens/revoke/").status_code == 302
    assert call(pair["access"]).status_code == 401
    assert "None. A program signs in" in browser.get("/account/").content.decode()


def test_the_account_page_lists_live_clients_only(pair, page_as, technician, doctor):
    TokenFamily.objects.create(
        user=technician, newest_jti="x", expires_at=timezone.now() - timedelta(days=1)
    )
    TokenFamily.objects.create(
        user=doctor, newest_jti="y", expires_at=timezone.now() + timedelta(days=1)
    )
    page = page_as(technician).get("/account/").content.decode()
    assert page.count('data-head="Signed in"') == 1
