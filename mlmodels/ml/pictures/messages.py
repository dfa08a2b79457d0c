"""What a process and its decoding child say to each other, over a socket."""

from __future__ import annotations

import json
import socket
import struct
from collections.abc import Sequence
from typing import Any

_LENGTHS = struct.Struct(">II")
_PIECE = 1 << 20


class PeerGone(Exception):
    """The other side ended, or says what is no message."""


def send(
    channel: socket.socket, head: dict[str, Any], body: bytes = b"", files: Sequence[int] = ()
) -> None:
    """Send a message.

    Args:
        head: what JSON can hold.
        body: further bytes.
        files: descriptors of open files, given along.

    Raises:
        TimeoutError, OSError: it was not taken.
    """
    words = json.dumps(head).encode()
    start = _LENGTHS.pack(len(words), len(body)) + words
    sent = socket.send_fds(channel, [start], list(files)) if files else 0
    channel.sendall(start[sent:])
    channel.sendall(body)


def receive(channel: socket.socket) -> tuple[dict[str, Any], bytes, list[int]]:
    """The next message: its head, its body, and descriptors that belong to the receiver.

    Raises:
        PeerGone: there will be none.
        TimeoutError, OSError: none came.
    """
    start, files, _, _ = socket.recv_fds(channel, _LENGTHS.size, 1)
    if not start:
        raise PeerGone()
    start += _read(channel, _LENGTHS.size - len(start))
    words, body = _LENGTHS.unpack(start)
    try:
        return json.loads(_read(channel, words)), _read(channel, body), files
    except ValueError as error:
        raise PeerGone() from error


def _read(channel: socket.socket, length: int) -> bytes:
    pieces = bytearray()
    while len(pieces) < length:
        piece = channel.recv(min(length - len(pieces), _PIECE))
        if not piece:
            raise PeerGone()
        pieces += piece
    return bytes(pieces)
