"""Each request has an id of ours and a user agent that no log line breaks on."""

import pytest
from django.http import HttpResponse

from hematovision.origin import current_origin
from hematovision.web.middleware import NoStoreMiddleware, RequestIdMiddleware, asks_by_itself


def answered(request, **headers: str) -> HttpResponse:
    """The answer of a view that writes down where the request comes from."""

    def view(_request):
        return HttpResponse(current_origin().user_agent, headers=headers)

    answer = RequestIdMiddleware(NoStoreMiddleware(view))(request)
    assert isinstance(answer, HttpResponse)
    return answer


def test_the_id_is_ours_whatever_the_client_sends(rf):
    answer = answered(rf.get("/", headers={"X-Request-ID": "mine"}))
    assert len(answer["X-Request-ID"]) == 32


def test_a_user_agent_is_one_short_line(rf):
    answer = answered(rf.get("/", HTTP_USER_AGENT="Browser\r\n\x1b[31m 1" + "x" * 500))
    text = answer.content.decode()
    assert text.startswith("Browser[31m 1x")
    assert len(text) == 200


def test_an_answer_that_says_nothing_of_caches_is_kept_in_none(rf):
    assert answered(rf.get("/"))["Cache-Control"] == "private, no-store"


def test_an_answer_that_says_how_it_is_kept_is_believed(rf):
    kept = answered(rf.get("/"), **{"Cache-Control": "private, no-cache"})
    assert kept["Cache-Control"] == "private, no-cache"


@pytest.mark.parametrize(
    ("method", "address", "headers", "by_itself"),
    [
        pytest.param("GET", "/history/", {}, False, id="a page"),
        pytest.param("GET", "/history/", {"HX-Request": "true"}, True, id="a fragment"),
        pytest.param(
            "GET",
            "/history/",
            {"HX-Request": "true", "HX-Boosted": "true"},
            False,
            id="a page that HTMX fetches",
        ),
        pytest.param("GET", "/images/1/status/", {}, True, id="a poll"),
        pytest.param("GET", "/samples/1/progress/", {}, True, id="a bar that grows"),
        pytest.param("GET", "/api/v1/images/", {}, True, id="a script of a page"),
        pytest.param("POST", "/cells/1/review/", {"HX-Request": "true"}, False, id="a decision"),
    ],
)
def test_a_person_is_told_from_a_page_that_asks(rf, method, address, headers, by_itself):
    assert asks_by_itself(rf.generic(method, address, headers=headers)) is by_itself
