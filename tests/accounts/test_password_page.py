"""Changing one's own password."""

import pytest

from accounts.models import AuditAction, AuditEvent
from tests.factories.people import PASSWORD

NEW = "another-good-sentence-8"


def form(current=PASSWORD, new=NEW, repeated=None):
    return {
        "current_password": current,
        "new_password": new,
        "repeated_password": new if repeated is None else repeated,
    }


@pytest.fixture
def browser(page_as, technician):
    return page_as(technician)


def test_the_new_password_counts_from_now_on(browser, client):
    browser.post("/account/password/", form())
    old = client.post("/sign-in/", {"username": "tina", "password": PASSWORD})
    new = client.post("/sign-in/", {"username": "tina", "password": NEW})
    assert (old.status_code, new.status_code) == (401, 302)
    assert AuditEvent.objects.filter(action=AuditAction.PASSWORD_CHANGED).count() == 1


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        (form(current="wrong-wrong-wrong"), "This is not your present password."),
        (form(repeated="something-else-99"), "The two new passwords are not the same."),
        (form(new="short"), "at least 12 characters"),
        (form(new="123456789012345"), "entirely numeric"),
        (form(new=""), "This field is required."),
    ],
)
def test_what_is_wrong_is_said_and_nothing_changes(browser, technician, fields, sentence):
    answer = browser.post("/account/password/", fields)
    assert answer.status_code == 400
    assert sentence in answer.content.decode()
    technician.refresh_from_db()
    assert technician.check_password(PASSWORD)


def test_who_has_the_session_cannot_guess_the_password_for_ever(browser, settings):
    for _ in range(settings.SIGN_IN_FAILURES_BEFORE_LOCK):
        browser.post("/account/password/", form(current="wrong-wrong-wrong"))
    answer = browser.post("/account/password/", form())
    assert "Too many failed sign-ins" in answer.content.decode()
