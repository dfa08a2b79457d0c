"""The address of a client is believed only from proxies of ours; a log line names its request."""

import logging
from contextvars import copy_context

import pytest

from hematovision.origin import (
    Origin,
    RequestIdFilter,
    client_address,
    current_origin,
    set_origin,
)


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        pytest.param(0, "", "10.0.0.9", id="nobody between"),
        pytest.param(0, "6.6.6.6", "10.0.0.9", id="a header nobody asked for"),
        pytest.param(1, "1.2.3.4", "1.2.3.4", id="one proxy"),
        pytest.param(1, "6.6.6.6, 1.2.3.4", "1.2.3.4", id="the client lies to one proxy"),
        pytest.param(2, "1.2.3.4, 10.0.0.1", "1.2.3.4", id="two proxies"),
        pytest.param(2, "6.6.6.6, 1.2.3.4, 10.0.0.1", "1.2.3.4", id="the client lies to two"),
        pytest.param(1, "", "10.0.0.9", id="the proxy says nothing"),
        pytest.param(1, "unknown", "10.0.0.9", id="the proxy says no address"),
        pytest.param(1, "2001:DB8::1", "2001:db8::1", id="version 6"),
        pytest.param(1, "fe80::1%eth0", "fe80::1", id="version 6 with its zone"),
        pytest.param(1, "::ffff:1.2.3.4", "1.2.3.4", id="version 4 within 6"),
    ],
)
def test_the_address_is_what_the_outermost_proxy_saw(proxies, forwarded, address):
    meta = {"REMOTE_ADDR": "10.0.0.9", "HTTP_X_FORWARDED_FOR": forwarded}
    assert client_address(meta, trusted_proxies=proxies) == address


def test_a_socket_without_an_address_has_none():
    assert client_address({"REMOTE_ADDR": ""}, trusted_proxies=0) is None


def request_of_a_line() -> str:
    """The request that a log line names once it has passed the filter."""
    line = logging.LogRecord("a", logging.INFO, "a.py", 1, "said", None, None)
    assert RequestIdFilter().filter(line)
    return line.__dict__["request_id"]


def test_a_line_names_its_request():
    def within_a_request() -> str:
        set_origin(Origin(request_id="r1"))
        return request_of_a_line()

    assert copy_context().run(within_a_request) == "r1"


def test_a_line_outside_any_request_has_a_dash():
    def in_a_worker() -> str:
        set_origin(Origin())
        return request_of_a_line()

    assert copy_context().run(in_a_worker) == "-"


def test_what_one_context_sets_no_other_sees():
    before = current_origin()
    copy_context().run(set_origin, Origin(request_id="another"))
    assert current_origin() == before
