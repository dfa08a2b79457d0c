"""What is sent under a wrong name, or in an odd writing, is read or refused by its true cause."""

import json

import pytest
from django.test import Client

from tests.factories.images import make_sample
from tests.factories.people import PASSWORD
from tests.hematovision.requests.doorway import ask
from tests.hematovision.requests.forms import CONTENT_TYPE, form, part

pytestmark = pytest.mark.django_db

TOKEN, JSON, FORM = "/api/v1/token/", "application/json", "application/x-www-form-urlencoded"
SAMPLES, PREDICT = "/api/v1/samples/", "/api/v1/predict/"


@pytest.fixture
def sample(technician):
    return make_sample(technician)


@pytest.fixture
def caller(api_as, technician):
    return api_as(technician)


def send(caller, address, body, content_type, **headers):
    return caller.generic("POST", address, body, content_type=content_type, headers=headers)


def refusal(answer, status):
    assert answer.status_code == status, answer.content
    assert answer.json().keys() <= {"code", "message", "fields"}
    return answer.json()["message"]


@pytest.mark.parametrize(
    "encoding",
    ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"],
)
@pytest.mark.parametrize("content_type", [JSON, f"{JSON}; charset=utf-8", "Application/JSON"])
def test_json_is_read_in_every_unicode(caller, encoding, content_type):
    body = json.dumps({"accession_number": "血-1"}, ensure_ascii=False).encode(encoding)
    answer = send(caller, SAMPLES, body, content_type)
    assert answer.status_code == 201
    assert answer.json()["accession_number"] == "血-1"


def test_json_is_read_in_the_charset_that_it_names(caller):
    body = '{"accession_number": "Mü-1"}'.encode("latin-1")
    answer = send(caller, SAMPLES, body, f"{JSON}; charset=iso-8859-1")
    assert answer.json()["accession_number"] == "Mü-1"


def test_json_in_an_unknown_writing_is_never_guessed(caller):
    body = '{"accession_number": "Mü-1"}'.encode("latin-1")
    assert "JSON is not UTF-8" in refusal(send(caller, SAMPLES, body, JSON), 400)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("{", "(line 1, column 2)"),
        ("username=tina", "The body is not JSON"),
        ('{"a": 1,\n "b": }', "(line 2, column 7)"),
        ('{"a": NaN}', "holds NaN"),
        ('{"a": -Infinity}', "holds -Infinity"),
        ('{"a": 1e999}', "too large"),
        ('{"a": ' + "9" * 5000 + "}", "too many digits"),
        ('{"a": 1, "a": 2}', "“a” twice"),
        ('{"b": {"a": 1, "a": 1}}', "“a” twice"),
        ("[" * 100_000, "nested too deeply"),
        ("[]", "this is a list"),
        ("1", "this is a value"),
        ('"text"', "this is a text"),
        ("null", "this is null"),
    ],
)
def test_json_that_cannot_be_taken_says_why(caller, body, said):
    assert said in refusal(send(caller, SAMPLES, body, JSON), 400)


@pytest.mark.parametrize(
    ("content_type", "said"),
    [
        ("text/plain", "this is text/plain"),
        ("text/json", "this is text/json"),
        ("", "the request names no Content-Type"),
        ("nonsense", "this is nonsense"),
        (FORM, "The body is JSON (application/json), but its Content-Type says it is a form"),
    ],
)
def test_json_under_another_name_is_415(caller, content_type, said):
    body = '\ufeff {"accession_number": "A-1"}'
    assert said in refusal(send(caller, SAMPLES, body, content_type), 415)


@pytest.mark.parametrize(
    ("content_type", "said"),
    [
        (JSON, "Send multipart form data (multipart/form-data); this is JSON (application/json)."),
        (FORM, "this is a form (application/x-www-form-urlencoded)."),
        ("image/png", "this is image/png."),
        ("multipart/mixed; boundary=q", "this is multipart/mixed."),
    ],
)
def test_files_come_as_multipart_form_data_only(caller, sample, content_type, said):
    for address in (PREDICT, f"{SAMPLES}{sample.pk}/images/", f"{SAMPLES}{sample.pk}/archives/"):
        assert said in refusal(send(caller, address, '{"image": "aGVsbG8="}', content_type), 415)


def test_a_form_under_the_name_of_another_is_told(caller):
    body = form(part(b'name="accession_number"', b"A-1"))
    assert "is multipart form data" in refusal(send(caller, SAMPLES, body, FORM), 415)


@pytest.mark.parametrize("body", [b"accession_number=M%FCller", b"accession_number=M\xfcller"])
def test_a_form_in_an_unknown_writing_is_never_guessed(caller, body):
    assert "not UTF-8" in refusal(send(caller, SAMPLES, body, FORM), 400)


@pytest.mark.parametrize("boundary", ["", "; boundary=", "; boundary=" + "x" * 300])
@pytest.mark.parametrize("address", [TOKEN, PREDICT])
def test_a_form_without_a_boundary_is_told(caller, address, boundary):
    answer = send(caller, address, form(), f"multipart/form-data{boundary}")
    assert "names no boundary" in refusal(answer, 400)


def test_a_page_tells_of_it_too(page_as, technician):
    answer = send(page_as(technician), "/upload/", form(), "multipart/form-data")
    assert answer.status_code == 400
    assert "names no boundary" in answer.content.decode()


@pytest.mark.parametrize("coding", ["gzip", "br", "gzip, identity"])
def test_a_packed_body_is_415_by_the_name_of_its_packing(caller, page_as, technician, coding):
    answer = send(caller, SAMPLES, b"\x1f\x8b", JSON, **{"Content-Encoding": coding})
    assert f"Content-Encoding {coding}" in refusal(answer, 415)
    page = send(page_as(technician), "/history/", b"x", FORM, **{"Content-Encoding": coding})
    assert page.status_code == 415


def test_identity_is_no_packing(caller):
    answer = send(caller, SAMPLES, '{"accession_number": "A-1"}', JSON, **{
        "Content-Encoding": "identity"
    })  # fmt: skip
    assert answer.status_code == 201


@pytest.mark.parametrize("charset", ["hex", "undefined", "zip", "punycode"])
@pytest.mark.parametrize("kind", [JSON, FORM, CONTENT_TYPE])
def test_a_charset_that_is_none_is_415(db, charset, kind):
    status, body = ask(f"{PREDICT}?wait=0", b"x", f"{kind}; charset={charset}")
    assert (status, body["code"]) == (415, "unsupported_media_type")
    assert f"charset {charset}" in body["message"]


@pytest.mark.parametrize("charset", ["utf-16", "UTF_16LE", "utf-32"])
def test_json_may_say_which_unicode_it_is(technician, charset):
    names = json.dumps({"username": technician.username, "password": PASSWORD})
    assert ask(TOKEN, names.encode(charset), f"{JSON}; charset={charset}")[0] == 200


@pytest.mark.parametrize("options", ["charset*=none''a", "a*9999999999999999999999*=x; a*=%"])
def test_a_content_type_that_is_none_is_415(db, options):
    status, body = ask(TOKEN, b"{}", f"{JSON}; {options}")
    assert (status, body["message"]) == (415, "The Content-Type of the request cannot be read.")


def test_a_form_comes_in_no_charset_that_writes_its_signs_otherwise(db):
    assert ask(SAMPLES, "a=b".encode("utf-16"), f"{FORM}; charset=utf-16")[0] == 415


def test_a_session_is_told_the_same_as_a_token(technician):
    browser = Client(enforce_csrf_checks=True)
    browser.login(username=technician.username, password=PASSWORD)
    browser.cookies["csrftoken"] = "c" * 32
    answer = send(browser, SAMPLES, form()[:-4], CONTENT_TYPE)
    assert refusal(answer, 400).startswith("The request broke off")
