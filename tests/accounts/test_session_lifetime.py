"""A session ends after half an hour without a page asked for, and after twelve hours."""

import pytest

from accounts.models import User
from accounts.services import users

HALF_AN_HOUR, TWELVE_HOURS = 30 * 60, 12 * 3600


def age(browser, *, seen_s=0, started_s=0):
    session = browser.session
    session["seen_at"] -= seen_s
    session["started_at"] -= started_s
    session.save()


@pytest.fixture
def browser(page_as, technician):
    return page_as(technician)


def test_half_an_hour_without_a_page_ends_the_session(browser):
    age(browser, seen_s=HALF_AN_HOUR + 1)
    answer = browser.get("/account/")
    assert answer.status_code == 302
    assert answer["Location"] == "/sign-in/?next=%2Faccount%2F&ended=1"
    assert "Your session has ended" in browser.get(answer["Location"]).content.decode()


def test_a_page_asked_for_in_time_keeps_it(browser):
    for _ in range(3):
        age(browser, seen_s=HALF_AN_HOUR - 60)
        assert browser.get("/account/").status_code == 200


def test_twelve_hours_end_it_however_busy_one_is(browser):
    age(browser, started_s=TWELVE_HOURS + 1)
    assert browser.get("/account/").status_code == 302


@pytest.mark.parametrize(
    ("address", "headers"),
    [
        ("/dashboard/", {"HX-Request": "true"}),
        ("/images/00000000-0000-4000-8000-000000000000/status/", {}),
        ("/api/v1/images/00000000-0000-4000-8000-000000000000/", {}),
    ],
)
def test_what_a_page_asks_by_itself_neither_counts_nor_writes(browser, address, headers):
    age(browser, seen_s=HALF_AN_HOUR - 60)
    before = browser.session["seen_at"]
    answer = browser.get(address, headers=headers)
    assert answer.status_code in {200, 404}
    assert "sessionid" not in answer.cookies
    assert browser.session["seen_at"] == before


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_part_of_a_page_is_told_that_the_session_ended(browser, method):
    age(browser, seen_s=HALF_AN_HOUR + 1)
    answer = getattr(browser, method)("/account/password/", headers={"HX-Request": "true"})
    assert answer.status_code == 401
    assert answer["X-Error-Code"] == "not_signed_in"
    assert "Your session has ended. Sign in to go on." in answer.content.decode()
    assert "<form" not in answer.content.decode()


def test_asking_who_is_signed_in_is_no_activity(browser, technician):
    age(browser, seen_s=HALF_AN_HOUR - 60)
    before = browser.session["seen_at"]
    told = browser.get("/session/").json()
    assert (told["person"], told["name"]) == (str(technician.pk), technician.display_name)
    assert browser.session["seen_at"] == before
    age(browser, seen_s=120)
    assert browser.get("/session/").json()["person"] is None


def test_pages_in_quick_succession_write_the_session_once(browser):
    before = browser.session["seen_at"]
    age(browser, seen_s=10)
    assert "sessionid" not in browser.get("/account/").cookies
    assert browser.session["seen_at"] == before - 10


def test_a_new_password_ends_the_other_sessions_and_keeps_this_one(page_as, technician, browser):
    elsewhere = page_as(technician)
    form = {
        "current_password": "correct-horse-battery-7",
        "new_password": "another-good-sentence-8",
        "repeated_password": "another-good-sentence-8",
    }
    assert browser.post("/account/password/", form)["Location"] == "/account/"
    assert browser.get("/account/").status_code == 200
    assert elsewhere.get("/account/").status_code == 302


@pytest.mark.parametrize("change", ["deactivate", "change_role", "end_sessions"])
def test_what_an_admin_changes_ends_it_at_the_next_request(browser, technician, admin, change):
    extra = {"role": "doctor"} if change == "change_role" else {}
    getattr(users, change)(actor=admin, user_id=technician.pk, **extra)
    assert browser.get("/account/").status_code == 302


def test_a_closed_account_has_no_session_even_without_the_service(browser, technician):
    User.objects.filter(pk=technician.pk).update(is_active=False)
    assert browser.get("/account/").status_code == 302
