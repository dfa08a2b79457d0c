"""Signing in on the page: the way in, and the one sentence of every failure."""

import pytest
from django.test import Client

from accounts.models import User
from tests.factories.people import PASSWORD

NEUTRAL = "User name or password is not right."


def test_the_right_password_leads_to_the_dashboard(client, technician):
    answer = client.post("/sign-in/", {"username": "tina", "password": PASSWORD})
    assert answer.status_code == 302
    assert answer["Location"] == "/dashboard/"
    assert client.get("/account/").status_code == 200


@pytest.mark.parametrize(
    ("username", "password"),
    [("tina", "wrong-wrong-wrong"), ("nobody", PASSWORD), ("closed", PASSWORD)],
)
def test_every_failure_says_the_same_sentence(client, technician, doctor, username, password):
    User.objects.filter(pk=doctor.pk).update(username="closed", is_active=False)
    answer = client.post("/sign-in/", {"username": username, "password": password})
    assert answer.status_code == 401
    assert NEUTRAL in answer.content.decode()


def test_the_last_sign_in_is_kept(client, technician):
    client.post("/sign-in/", {"username": "tina", "password": PASSWORD})
    technician.refresh_from_db()
    assert technician.last_login is not None


def test_after_signing_in_one_is_where_one_wanted_to_be(client, technician):
    asked = client.get("/account/password/")
    assert asked.status_code == 302
    assert asked["Location"] == "/sign-in/?next=%2Faccount%2Fpassword%2F"
    shown = client.get(asked["Location"])
    assert 'name="next" value="/account/password/"' in shown.content.decode()
    form = {"username": "tina", "password": PASSWORD, "next": "/account/password/"}
    assert client.post("/sign-in/", form)["Location"] == "/account/password/"


@pytest.mark.parametrize(
    "elsewhere", ["https://elsewhere.example/", "//elsewhere.example", "javascript:alert(1)"]
)
def test_nobody_is_sent_to_another_host(client, technician, elsewhere):
    form = {"username": "tina", "password": PASSWORD, "next": elsewhere}
    assert client.post("/sign-in/", form)["Location"] == "/dashboard/"


def test_the_session_gets_a_new_key_at_sign_in(client, technician):
    client.cookies["sessionid"] = "planted-by-somebody-else-000000000"
    session = client.session
    session["planted"] = True
    session.save()
    before = client.session.session_key
    client.post("/sign-in/", {"username": "tina", "password": PASSWORD})
    assert client.session.session_key != before
    assert "planted" not in client.session


def test_a_form_without_its_token_gets_a_sentence(technician):
    answer = Client(enforce_csrf_checks=True).post(
        "/sign-in/", {"username": "tina", "password": PASSWORD}
    )
    assert answer.status_code == 403
    assert "Load the page again" in answer.content.decode()


def test_who_is_signed_in_needs_no_form(page_as, technician):
    assert page_as(technician).get("/sign-in/")["Location"] == "/dashboard/"


def test_the_password_is_never_shown_again(client, technician):
    answer = client.post("/sign-in/", {"username": "tina", "password": "wrong-wrong-wrong"})
    assert "wrong-wrong-wrong" not in answer.content.decode()


def test_log_out_ends_the_session(page_as, technician):
    browser = page_as(technician)
    assert browser.post("/log-out/")["Location"] == "/"
    assert browser.get("/account/").status_code == 302


def test_log_out_is_no_link(page_as, technician):
    browser = page_as(technician)
    assert browser.get("/log-out/").status_code == 405
    assert browser.get("/account/").status_code == 200
