"""What a person sees when a page refuses: which action, who may, and a way back."""

import pytest
from django.test import Client


def test_access_denied_says_action_role_and_way_back(page_as, technician):
    answer = page_as(technician).get("/users/")
    page = answer.content.decode()
    assert answer.status_code == 403
    assert "Access denied" in page
    assert "As technician you cannot manage users. This needs the role admin." in page
    assert 'href="/dashboard/"' in page


def test_htmx_gets_the_sentence_alone(page_as, technician):
    answer = page_as(technician).get("/users/", headers={"HX-Request": "true"})
    page = answer.content.decode()
    assert answer.status_code == 403
    assert "This needs the role admin." in page
    assert "<html" not in page


def test_a_script_that_reads_json_gets_json(page_as, technician):
    answer = page_as(technician).get("/users/", headers={"Accept": "application/json"})
    assert answer.status_code == 403
    assert answer.json()["code"] == "access_denied"


def test_a_script_that_is_not_signed_in_gets_401(client, db):
    answer = client.get("/users/", headers={"Accept": "application/json"})
    assert answer.status_code == 401
    assert answer.json()["code"] == "not_signed_in"


def test_what_a_page_asks_is_never_done_as_somebody_else(page_as, technician, doctor):
    page_of_tina = {"Accept": "application/json", "X-Person": str(technician.pk)}
    assert page_as(technician).get("/history/", headers=page_of_tina).status_code == 200
    answer = page_as(doctor).get("/history/", headers=page_of_tina)
    assert answer.status_code == 409
    assert answer["X-Error-Code"] == answer.json()["code"] == "another_person"
    assert answer.json()["message"].startswith(doctor.display_name)


def test_an_old_form_is_not_called_denied(page_as, technician):
    browser = page_as(technician)
    browser.handler.enforce_csrf_checks = True
    answer = browser.post("/account/password/", {})
    page = answer.content.decode()
    assert answer.status_code == 403
    assert "The form is out of date" in page
    assert "Access denied" not in page
    part = browser.post("/account/password/", {}, headers={"HX-Request": "true"})
    assert part["X-Error-Code"] == "csrf_failed"
    assert "<html" not in part.content.decode()


@pytest.mark.parametrize("address", ["/history/", "/dashboard/", "/users/", "/api/v1/samples/"])
def test_no_cache_keeps_what_a_person_saw(page_as, technician, address):
    assert page_as(technician).get(address)["Cache-Control"] == "private, no-store"


def test_an_address_that_does_not_exist_has_a_page(client, db):
    answer = client.get("/no/such/page/")
    assert answer.status_code == 404
    assert "There is nothing at this address." in answer.content.decode()


def test_a_form_that_is_not_signed_in_leads_to_sign_in_alone(client, db):
    assert client.post("/account/password/", {})["Location"] == "/sign-in/"


@pytest.mark.parametrize("debug", [False, True])
def test_too_large_a_form_has_a_sentence(client, db, settings, debug):
    settings.DEBUG = debug
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    answer = client.post("/sign-in/", {"username": "x" * 2000, "password": "y"})
    assert answer.status_code == 413
    assert "Send less at once." in answer.content.decode()


@pytest.mark.parametrize("username", ["a\x00b", "x" * 200, ""])
def test_odd_user_names_are_told_at_the_field(client, db, username):
    answer = client.post("/sign-in/", {"username": username, "password": "y"})
    assert answer.status_code == 400
    assert "field--wrong" in answer.content.decode()


def test_every_answer_names_its_request(client, db):
    first, second = client.get("/sign-in/"), client.get("/no/such/page/")
    assert len(first["X-Request-ID"]) == 32
    assert first["X-Request-ID"] != second["X-Request-ID"]


def test_no_page_allows_inline_script_or_another_host(client, db):
    policy = client.get("/sign-in/")["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy


def test_the_api_page_loads_only_from_here_and_holds_no_inline_script(page_as, technician):
    browser = page_as(technician)
    page = browser.get("/api/docs/").content.decode()
    assert "<style" not in page
    assert 'style="' not in page
    assert page.count("<script") == page.count('<script src="/')
    script = browser.get("/api/docs/?script=")
    assert script["Content-Type"].startswith("application/javascript")
    assert "/api/schema/" in script.content.decode()


def test_the_api_page_sends_people_to_sign_in(db):
    assert Client().get("/api/docs/")["Location"] == "/sign-in/?next=%2Fapi%2Fdocs%2F"
