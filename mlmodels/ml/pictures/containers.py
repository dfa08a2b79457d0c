"""Whether a file of parts ends before its last part does."""

from __future__ import annotations

import struct


def riff_is_cut(data: bytes) -> bool:
    """Of RIFF (WebP): the header says how long the file is."""
    return len(data) < 12 or len(data) < 8 + struct.unpack_from("<I", data, 4)[0]


def box_is_cut(data: bytes) -> bool:
    """Of the ISO base media container (HEIC, AVIF): each part says how long it is."""
    at = 0
    while at + 8 <= len(data):
        length = struct.unpack_from(">I", data, at)[0]
        if length == 1 and at + 16 <= len(data):
            length = struct.unpack_from(">Q", data, at + 8)[0]
        if length == 0:
            return False
        if length < 8:
            return False
        at += length
    return at != len(data)
