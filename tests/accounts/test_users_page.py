"""The users page: who is here, what each role may do, and what an admin changes."""

import uuid

import pytest

from accounts.models import AuditAction, AuditEvent, Role, User
from accounts.policy import Action
from tests.factories.people import PASSWORD, make_user


@pytest.fixture
def browser(page_as, admin):
    return page_as(admin)


def new_user(**changed):
    return {"username": "nina", "full_name": "Nina N", "role": "doctor", "password": PASSWORD} | (
        changed
    )


def address(user, what=""):
    return f"/users/{user.pk}/{what}"


def test_the_list_shows_the_laboratory_and_nobody_else(browser, technician, other_technician):
    page = browser.get("/users/").content.decode()
    assert "tina" in page
    assert "ada" in page
    assert "otto" not in page


def test_the_list_says_who_never_signed_in_and_who_is_closed(browser, technician, doctor):
    User.objects.filter(pk=doctor.pk).update(is_active=False)
    page = browser.get("/users/").content.decode()
    assert "never" in page
    assert "closed" in page


def test_the_page_shows_the_policy_s_own_table(browser):
    page = browser.get("/users/").content.decode().lower()
    for action in Action:
        assert action.value.lower() in page.replace("&#x27;", "'")


def test_a_new_user_signs_in_with_the_first_password(browser, client, laboratory):
    assert browser.post("/users/new/", new_user())["Location"] == "/users/"
    made = User.objects.get(username="nina")
    assert (made.laboratory, made.role, made.full_name) == (laboratory, Role.DOCTOR, "Nina N")
    answer = client.post("/sign-in/", {"username": "nina", "password": PASSWORD})
    assert answer.status_code == 302


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"username": "tina"}, "This user name is taken."),
        ({"username": "TINA"}, "This user name is taken."),
        ({"username": "otto"}, "This user name is taken."),
        ({"username": "two words"}, "Enter a valid username."),
        ({"username": ""}, "This field is required."),
        ({"password": "short"}, "at least 12 characters"),
        ({"password": "password1234"}, "too common"),
        ({"role": "operator"}, "Select a valid choice."),
    ],
)
def test_what_is_wrong_is_said_at_the_field(
    browser, technician, other_technician, changed, sentence
):
    before = User.objects.count()
    answer = browser.post("/users/new/", new_user(**changed))
    assert answer.status_code == 400
    assert sentence in answer.content.decode()
    assert User.objects.count() == before


def test_a_role_is_changed(browser, technician):
    browser.post(address(technician, "role/"), {"role": "doctor"})
    technician.refresh_from_db()
    assert technician.role == Role.DOCTOR
    event = AuditEvent.objects.get(action=AuditAction.USER_CHANGED)
    assert event.changes == {"role": ["technician", "doctor"]}


def test_a_role_that_does_not_exist_is_refused(browser, technician):
    assert browser.post(address(technician, "role/"), {"role": "operator"}).status_code == 400
    technician.refresh_from_db()
    assert technician.role == Role.TECHNICIAN


def test_an_admin_cannot_change_their_own_role(browser, admin, laboratory):
    make_user(laboratory, Role.ADMIN)
    assert browser.post(address(admin, "role/"), {"role": "doctor"}).status_code == 400
    admin.refresh_from_db()
    assert admin.role == Role.ADMIN
    assert "cannot change your own role" in browser.get(address(admin)).content.decode()


def test_the_last_admin_cannot_be_deactivated(browser, admin):
    answer = browser.post(address(admin, "deactivate/"))
    assert answer.status_code == 409
    assert "last active admin" in answer.content.decode()
    admin.refresh_from_db()
    assert admin.is_active


def test_one_of_two_admins_can(browser, admin, laboratory):
    second = make_user(laboratory, Role.ADMIN)
    assert browser.post(address(second, "deactivate/")).status_code == 302
    assert browser.post(address(admin, "deactivate/")).status_code == 409


def test_a_closed_admin_is_no_second_admin(browser, admin, laboratory):
    second = make_user(laboratory, Role.ADMIN)
    User.objects.filter(pk=second.pk).update(is_active=False)
    assert browser.post(address(admin, "deactivate/")).status_code == 409


def test_an_account_is_closed_and_opened_again(browser, technician, client):
    browser.post(address(technician, "deactivate/"))
    form = {"username": "tina", "password": PASSWORD}
    assert client.post("/sign-in/", form).status_code == 401
    browser.post(address(technician, "activate/"))
    assert client.post("/sign-in/", form).status_code == 302


def test_opening_does_not_bring_old_sessions_and_tokens_back(browser, technician, page_as, api_as):
    page, program = page_as(technician), api_as(technician)
    browser.post(address(technician, "deactivate/"))
    browser.post(address(technician, "activate/"))
    assert page.get("/account/").status_code == 302
    assert program.get("/api/v1/samples/").status_code == 401


def test_the_second_of_two_equal_changes_is_told_so(browser, technician):
    browser.post(address(technician, "deactivate/"))
    answer = browser.post(address(technician, "deactivate/"))
    assert answer.status_code == 409
    assert "closed already" in answer.content.decode()


def test_ended_sessions_do_not_keep_the_person_from_signing_in(browser, technician, client):
    browser.post(address(technician, "end-sessions/"))
    form = {"username": "tina", "password": PASSWORD}
    assert client.post("/sign-in/", form).status_code == 302


@pytest.mark.parametrize("what", ["", "role/", "deactivate/", "activate/", "end-sessions/"])
def test_who_is_in_another_laboratory_does_not_exist(browser, other_technician, what):
    method = browser.post if what else browser.get
    answer = method(address(other_technician, what), {"role": "doctor"})
    assert answer.status_code == 404
    other_technician.refresh_from_db()
    assert other_technician.role == Role.TECHNICIAN
    missing = method(f"/users/{uuid.uuid4()}/{what}", {"role": "doctor"})
    sentence = "There is no such user in your laboratory."
    assert sentence in missing.content.decode()
    assert sentence in answer.content.decode()
