"""The line on which orders come: who is heard, and what a broken line does to the others."""

from __future__ import annotations

import socket
import threading

import pytest

from predictions.exchange.mllp import LONGEST, framed, read_frame
from predictions.models import OrderPeer, Sample
from predictions.services.exchange.run_listener import Listener
from tests.predictions.exchange.test_orders_make_samples import ORM

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def listener():
    with Listener("127.0.0.1", 0) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def peer(laboratory) -> OrderPeer:
    return OrderPeer.objects.create(laboratory=laboratory, name="LIS", address="127.0.0.1")


def line_to(listener) -> socket.socket:
    return socket.create_connection(listener.server_address, timeout=10)


def tell(line, message) -> str:
    line.sendall(framed(message))
    return read_frame(line.recv)


def test_orders_come_one_after_the_other_on_one_line(listener, peer):
    with line_to(listener) as line:
        assert "MSA|AA|Q1" in tell(line, ORM)
        assert "MSA|AA|Q7" in tell(line, ORM.replace("Q1", "Q7").replace("118204", "2"))
    assert Sample.objects.count() == 2


def test_an_address_that_nobody_named_is_not_heard(listener, laboratory):
    with line_to(listener) as line:
        line.sendall(framed(ORM))
        assert read_or_reset(line) == b""
    assert not Sample.objects.exists()


def test_a_peer_that_is_switched_off_meanwhile_is_heard_no_more(listener, peer):
    with line_to(listener) as line:
        tell(line, ORM)
        OrderPeer.objects.update(is_active=False)
        line.sendall(framed(ORM.replace("118204", "2")))
        assert read_or_reset(line) == b""
    assert Sample.objects.count() == 1


BROKEN = [b"GET / HTTP/1.1\r\n\r\n", b"\x0b" + b"x" * (LONGEST + 70_000), b"\x0bMSH|\xff\xfe\x1c\r"]


@pytest.mark.parametrize("sent", BROKEN, ids=["another protocol", "too long", "not UTF-8"])
def test_what_is_no_message_ends_its_line_and_no_other(listener, peer, sent):
    with line_to(listener) as other, line_to(listener) as line:
        try:
            line.sendall(sent)
            assert read_or_reset(line) == b""
        except (BrokenPipeError, ConnectionResetError):
            pass
        assert "MSA|AA|Q1" in tell(other, ORM)


def test_a_message_in_pieces_is_one_message(listener, peer):
    with line_to(listener) as line:
        for byte in framed(ORM):
            line.sendall(bytes([byte]))
        assert "MSA|AA|Q1" in read_frame(line.recv)


def test_the_same_order_on_two_lines_at_once_makes_one_sample(listener, peer):
    answers: list[str] = []

    def order() -> None:
        with line_to(listener) as line:
            answers.append(tell(line, ORM))

    threads = [threading.Thread(target=order) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Sample.objects.count() == 1
    assert len(answers) == 4


def read_or_reset(line) -> bytes:
    try:
        return line.recv(100)
    except ConnectionResetError:
        return b""
