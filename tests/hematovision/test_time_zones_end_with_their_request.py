"""A thread that answered somebody in Tokyo tells the next one no Tokyo time."""

import pytest
from django.http import HttpResponse
from django.utils import timezone

from accounts.policy import PUBLIC, Action, needs
from hematovision.web.middleware import PolicyMiddleware


@needs({"GET": Action.USE_OWN_ACCOUNT})
def own_page(request):
    """What somebody who is signed in sees."""


@needs({"GET": PUBLIC})
def public_page(request):
    """What everybody sees."""


@pytest.fixture
def asked(rf, technician):
    """A request of a technician in Tokyo."""
    technician.laboratory.time_zone = "Asia/Tokyo"
    request = rf.get("/account/")
    request.user = technician
    return request


def middleware(view):
    """The middleware around a view, as Django calls it."""

    def get_response(request):
        refused = around.process_view(request, view, (), {})
        return refused or HttpResponse(timezone.get_current_timezone_name())

    around = PolicyMiddleware(get_response)
    return around


def test_times_are_those_of_the_laboratory_until_the_answer_is_there(asked):
    assert middleware(own_page)(asked).content == b"Asia/Tokyo"
    assert timezone.get_current_timezone_name() == "UTC"


def test_a_page_for_everybody_is_in_no_laboratorys_time(asked):
    assert middleware(public_page)(asked).content == b"UTC"


def test_a_view_that_fails_leaves_no_time_zone_behind(asked):
    def failing(request):
        around.process_view(request, own_page, (), {})
        assert timezone.get_current_timezone_name() == "Asia/Tokyo"
        raise ZeroDivisionError

    around = PolicyMiddleware(failing)
    with pytest.raises(ZeroDivisionError):
        around(asked)
    assert timezone.get_current_timezone_name() == "UTC"
