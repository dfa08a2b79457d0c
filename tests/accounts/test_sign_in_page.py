"""Signing in on the page: the way in, and the one sentence of every failure."""

import re

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
    assert "You are not signed in, or no longer." in shown.content.decode()
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


def test_a_form_without_its_token_asks_again(technician):
    answer = Client(enforce_csrf_checks=True).post(
        "/sign-in/", {"username": "tina", "password": PASSWORD, "next": "/account/"}
    )
    page = answer.content.decode()
    assert answer.status_code == 403
    assert "The form was open too long, or the browser keeps no cookies." in page
    assert 'value="tina"' in page
    assert 'name="next" value="/account/"' in page
    assert PASSWORD not in page


def test_who_is_signed_in_needs_no_form(page_as, technician):
    assert page_as(technician).get("/sign-in/")["Location"] == "/dashboard/"


def test_who_is_signed_in_may_ask_for_the_form_again(page_as, technician):
    assert page_as(technician).get("/sign-in/?again").status_code == 200


@pytest.fixture
def two_tabs():
    """A browser with the sign-in page in two tabs: sends the form of the first or the second."""
    browser = Client(enforce_csrf_checks=True)
    pages = [browser.get("/sign-in/").content.decode() for _ in range(2)]
    tokens = [re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', page)[0] for page in pages]

    def send(tab, username="tina", **fields):
        form = {"username": username, "password": PASSWORD, "csrfmiddlewaretoken": tokens[tab]}
        return browser.post("/sign-in/", {**form, **fields})

    return send


@pytest.mark.parametrize(
    ("wanted", "address"),
    [("", "/dashboard/"), ("/account/", "/account/"), ("//elsewhere.example", "/dashboard/")],
)
def test_a_second_tab_goes_on_as_who_is_signed_in(two_tabs, technician, wanted, address):
    assert two_tabs(0).status_code == 302
    answer = two_tabs(1, "Tina", next=wanted)
    assert (answer.status_code, answer["Location"]) == (302, address)


def test_a_second_tab_never_goes_on_as_somebody_else(two_tabs, technician, doctor):
    two_tabs(0)
    answer = two_tabs(1, "dora")
    assert answer.status_code == 403
    assert f"{technician.display_name} is signed in in this browser." in answer.content.decode()


def test_the_password_is_never_shown_again(client, technician):
    answer = client.post("/sign-in/", {"username": "tina", "password": "wrong-wrong-wrong"})
    assert "wrong-wrong-wrong" not in answer.content.decode()


def test_log_out_ends_the_session(page_as, technician):
    browser = page_as(technician)
    assert browser.post("/log-out/")["Location"] == "/"
    assert browser.get("/account/").status_code == 302


def test_log_out_clears_what_the_browser_kept(page_as, technician):
    assert page_as(technician).post("/log-out/")["Clear-Site-Data"] == '"cache"'


def test_log_out_is_no_link(page_as, technician):
    browser = page_as(technician)
    assert browser.get("/log-out/").status_code == 405
    assert browser.get("/account/").status_code == 200
