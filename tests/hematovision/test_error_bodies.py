"""Every refusal of the API has one body: `{code, message, fields?}`, and nothing else."""

import json

import pytest
from django.test import Client, RequestFactory
from rest_framework.views import APIView

from hematovision.web import error_responses

MISSING = "00000000-0000-4000-8000-000000000000"


def body_of(answer, status):
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"].startswith("application/json")
    body = answer.json()
    assert {"code", "message"} <= body.keys() <= {"code", "message", "fields"}
    assert body["message"]
    return body


@pytest.fixture
def caller(api_as, technician):
    return api_as(technician)


@pytest.mark.parametrize("debug", [False, True])
@pytest.mark.parametrize("address", ["/api/", "/api/v1/", "/api/v1/nothing/", "/api/v2/x/y"])
def test_an_unknown_address_is_404(caller, settings, debug, address):
    settings.DEBUG = debug
    assert body_of(caller.get(address), 404)["code"] == "not_found"
    assert body_of(caller.post(address), 404)["code"] == "not_found"


def test_a_missing_slash_is_named(caller):
    assert "end with a slash" in body_of(caller.post("/api/v1/token"), 404)["message"]


def test_a_program_without_cookies_is_told_the_same(db):
    answer = Client(enforce_csrf_checks=True).post("/api/v1/token", {"username": "tina"})
    assert "end with a slash" in body_of(answer, 404)["message"]


def test_a_missing_row_is_404(caller):
    assert body_of(caller.get(f"/api/v1/samples/{MISSING}/"), 404)["code"] == "not_found"


def test_an_id_that_is_none_is_404(caller):
    body_of(caller.get("/api/v1/samples/not-an-id/"), 404)


def test_a_method_that_names_no_action_is_405_and_says_which_do(caller):
    answer = caller.delete("/api/v1/samples/")
    assert body_of(answer, 405)["code"] == "method_not_allowed"
    assert "POST" in answer["Allow"]


@pytest.mark.parametrize(
    "content", ["{", "[1, 2", '"a', "\x00", "[" * 100_000, '{"username": ' * 50_000]
)
def test_what_is_no_json_is_400(caller, content):
    answer = caller.post("/api/v1/token/", content, content_type="application/json")
    assert body_of(answer, 400)["code"] == "malformed"


@pytest.mark.parametrize("content", ["[]", '"text"', "1", "null", "[[]]", '{"username": {}}'])
def test_json_of_another_shape_is_400(caller, content):
    answer = caller.post("/api/v1/token/", content, content_type="application/json")
    assert body_of(answer, 400)["code"] == "invalid"


@pytest.mark.parametrize("text", ["a\x00b", "\ud800", "x" * 5000])
def test_text_that_no_database_takes_is_400(caller, text):
    content = json.dumps({"username": text, "password": "x"})
    answer = caller.post("/api/v1/token/", content, content_type="application/json")
    assert "username" in body_of(answer, 400)["fields"]


def test_json_beyond_the_limit_is_413(caller, settings):
    content = json.dumps({"username": "x" * settings.DATA_UPLOAD_MAX_MEMORY_SIZE})
    answer = caller.post("/api/v1/token/", content, content_type="application/json")
    assert body_of(answer, 413)["code"] == "too_large"


def test_a_form_beyond_the_limit_is_413(caller, settings):
    form = {"username": "x" * (settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)}
    assert body_of(caller.post("/api/v1/token/", form), 413)["code"] == "too_large"


def test_too_many_fields_are_413(caller):
    form = {f"field-{number}": "x" for number in range(1100)}
    assert body_of(caller.post("/api/v1/token/", form), 413)["code"] == "too_large"


def test_a_body_of_another_kind_is_415(caller):
    answer = caller.post("/api/v1/token/", "<a/>", content_type="application/xml")
    assert body_of(answer, 415)["code"] == "unsupported_media_type"


def test_a_broken_multipart_body_is_400(caller):
    answer = caller.post(
        "/api/v1/token/", b"--x\r\nnonsense", content_type="multipart/form-data; boundary="
    )
    assert body_of(answer, 400)["code"] == "malformed"


def test_whoever_accepts_no_json_gets_it_all_the_same(caller):
    answer = caller.get("/api/v1/samples/", headers={"Accept": "application/xml"})
    assert body_of(answer, 406)["code"] == "not_acceptable"


def test_too_many_calls_are_429_with_the_time_to_wait(api, db):
    answers = [api.post("/api/v1/token/verify/", {"token": "x"}) for _ in range(61)]
    assert {answer.status_code for answer in answers[:60]} == {401}
    assert body_of(answers[60], 429)["code"] == "too_many_requests"
    assert 0 < int(answers[60]["Retry-After"]) <= 61


def test_a_client_cannot_choose_its_address_for_the_throttle(db):
    answers = [
        Client(HTTP_X_FORWARDED_FOR=f"10.0.0.{number}").post(
            "/api/v1/token/verify/", {"token": "x"}
        )
        for number in range(61)
    ]
    assert answers[60].status_code == 429


def test_a_cache_that_is_down_closes_no_endpoint(caller, settings):
    nobody_listens = "redis://127.0.0.1:9/0"
    backend = "django.core.cache.backends.redis.RedisCache"
    settings.CACHES = {"default": {"BACKEND": backend, "LOCATION": nobody_listens}}
    assert caller.get("/api/v1/samples/").status_code == 200
    assert caller.post("/api/v1/token/verify/", {"token": "x"}).status_code == 401


def test_the_session_of_a_page_needs_its_csrf_token(page_as, technician):
    browser = page_as(technician)
    browser.handler.enforce_csrf_checks = True
    answer = browser.post("/api/v1/samples/", {"accession_number": "A-1"})
    assert body_of(answer, 403)["code"] == "csrf_failed"


def test_the_session_of_a_page_may_read(page_as, technician):
    assert page_as(technician).get("/api/v1/samples/").status_code == 200


def test_an_unexpected_failure_is_500_and_tells_nothing():
    class Broken(APIView):
        permission_classes = []
        authentication_classes = []

        def get(self, request):
            raise RuntimeError("the secret reason")

    answer = Broken.as_view()(RequestFactory().get("/api/v1/broken/")).render()
    body = json.loads(answer.content)
    assert answer.status_code == 500
    assert body["code"] == "internal_error"
    assert "secret" not in body["message"]


def test_a_failure_is_json_for_programs_and_html_for_people():
    program = error_responses.server_error(RequestFactory().get("/api/v1/broken/"))
    person = error_responses.server_error(RequestFactory().get("/history/"))
    assert json.loads(program.content)["code"] == "internal_error"
    assert "Something failed" in person.content.decode()
    assert (program.status_code, person.status_code) == (500, 500)


def test_messages_of_nested_fields_are_flat():
    detail = {"cells": [{}, {"label": ["Unknown."]}], "non_field_errors": ["Together wrong."]}
    error = error_responses._invalid(detail)
    assert error.fields == {"cells.1.label": ["Unknown."]}
    assert error.message == "Together wrong. cells.1.label: Unknown."
