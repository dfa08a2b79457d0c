"""A body of unknown length is read, one that broke off is refused, by the server's own doorway."""

import io
import json

import pytest
from gunicorn.http.errors import InvalidHeader, NoMoreData

from tests.drawn_cells import draw_smear_png
from tests.factories.images import make_sample
from tests.factories.people import PASSWORD
from tests.hematovision.requests.doorway import CHUNKED, ask
from tests.hematovision.requests.forms import CONTENT_TYPE, files_part, form

pytestmark = pytest.mark.django_db

TOKEN = "/api/v1/token/"


@pytest.fixture
def sample(technician):
    return make_sample(technician)


@pytest.fixture
def sign_in(technician):
    return json.dumps({"username": technician.username, "password": PASSWORD}).encode()


class Breaking(io.BytesIO):
    """A connection on which something goes wrong when its bytes are used up."""

    def __init__(self, body, error):
        super().__init__(body)
        self.error = error

    def read(self, size=-1):
        if data := super().read(size):
            return data
        raise self.error


def test_json_of_unknown_length_is_read(sign_in):
    status, body = ask(TOKEN, sign_in, **CHUNKED)
    assert status == 200, body


def test_a_picture_in_a_body_of_unknown_length_is_read(technician, sample, sign_in):
    access = ask(TOKEN, sign_in, **CHUNKED)[1]["access"]
    status, body = ask(
        f"/api/v1/samples/{sample.pk}/images/",
        form(files_part(b"a.png", draw_smear_png(seed=1, cells=0))),
        CONTENT_TYPE,
        HTTP_AUTHORIZATION=f"Bearer {access}",
        **CHUNKED,
    )
    assert status == 202
    assert body["images"][0]["id"]


def test_a_server_that_cannot_read_chunks_says_what_is_missing(db, sign_in):
    status, body = ask(TOKEN, b"", HTTP_TRANSFER_ENCODING="chunked")
    assert (status, body["code"]) == (411, "length_required")
    assert "Content-Length" in body["message"]


def test_a_page_says_the_same(db):
    status, page = ask("/sign-in/", b"", CONTENT_TYPE, HTTP_TRANSFER_ENCODING="chunked")
    assert status == 411
    assert "Content-Length" in page


def test_no_more_than_the_limit_is_read_of_it(db, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    assert ask(TOKEN, b'{"username": "' + b"x" * 2000, **CHUNKED)[0] == 413
    body = b'{"username": "' + b"x" * 984 + b'"}'
    assert len(body) == 1000
    assert ask(TOKEN, body, **CHUNKED)[0] == 400


def test_an_empty_body_of_unknown_length_is_an_empty_body(db):
    assert ask(TOKEN, b"", CONTENT_TYPE, **CHUNKED)[1]["fields"].keys() == {"username", "password"}


@pytest.mark.parametrize(
    ("path", "content_type"),
    [(TOKEN, "application/json"), (TOKEN, CONTENT_TYPE), ("/sign-in/", CONTENT_TYPE)],
)
def test_a_body_shorter_than_its_length_is_refused(db, path, content_type):
    status, answer = ask(path, b'{"username": "tina"}', content_type, CONTENT_LENGTH="50")
    assert status == 400
    assert "broke off" in str(answer)


@pytest.mark.parametrize("error", [NoMoreData(), InvalidHeader("x"), ConnectionResetError()])
@pytest.mark.parametrize("length", [{"CONTENT_LENGTH": "90"}, CHUNKED])
def test_a_connection_that_breaks_is_no_failure_of_ours(db, error, length):
    status, body = ask(TOKEN, b"", stream=Breaking(b'{"username": ', error), **length)
    assert status == 400
    assert body["message"].startswith("The request broke off")


def test_a_form_that_broke_off_takes_nothing(technician, sample, sign_in):
    access = ask(TOKEN, sign_in, **CHUNKED)[1]["access"]
    body = form(*(files_part(b"%d.png" % n, draw_smear_png(seed=n, cells=0)) for n in range(2)))
    for length in ({"CONTENT_LENGTH": str(len(body))}, CHUNKED):
        status, answer = ask(
            f"/api/v1/samples/{sample.pk}/images/",
            body[:-20],
            CONTENT_TYPE,
            HTTP_AUTHORIZATION=f"Bearer {access}",
            **length,
        )
        assert (status, answer["code"]) == (400, "malformed")
        assert not sample.images.exists()
