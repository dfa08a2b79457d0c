"""A URL that names no action stops the program before it answers anything."""

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.urls import include, path
from rest_framework.views import APIView

from accounts.policy import PUBLIC, Action, action_of, needs, refuse_unnamed


def unnamed(request):
    """A view that somebody forgot to mark."""


@needs({"GET": PUBLIC, "POST": Action.UPLOAD_IMAGES})
def named(request):
    """A view with an action for two methods."""


class UnnamedEndpoint(APIView):
    """An endpoint that somebody forgot to mark."""


@pytest.mark.parametrize(
    "patterns",
    [
        [path("forgotten/", unnamed)],
        [path("good/", named), path("forgotten/", unnamed)],
        [path("inner/", include([path("forgotten/", unnamed)]))],
        [path("forgotten/", UnnamedEndpoint.as_view())],
    ],
)
def test_a_url_without_an_action_is_named_and_refused(patterns):
    with pytest.raises(ImproperlyConfigured, match="forgotten/ names no action"):
        refuse_unnamed(patterns)


def test_marked_urls_pass():
    refuse_unnamed([path("good/", named), path("inner/", include([path("good/", named)]))])


def test_a_method_without_an_action_belongs_to_nobody():
    assert action_of(named, "GET") == action_of(named, "HEAD") == PUBLIC
    assert action_of(named, "POST") == Action.UPLOAD_IMAGES
    assert action_of(named, "DELETE") is None
