"""What the ordinary decoder does not know of BMP: short headers, its length, its profile."""

from __future__ import annotations

import struct

from mlmodels.ml.pictures.refusals import truncated

_FILE_HEADER = 14
# OS/2's second header may end after any field; these lengths every decoder knows.
_KNOWN_LENGTHS = {12, 40, 52, 56, 64, 108, 124}
_UNCOMPRESSED = {0, 3}


def with_full_header(data: bytes) -> bytes:
    """The bytes with a header of 40 bytes where an OS/2 one ends earlier or later."""
    if len(data) < _FILE_HEADER + 16:
        raise truncated()
    offset, length = struct.unpack_from("<II", data, 10)
    if length in _KNOWN_LENGTHS or not 16 <= length <= 64:
        return data
    header = data[_FILE_HEADER : _FILE_HEADER + length][:40].ljust(40, b"\0")
    rest = data[_FILE_HEADER + length :]
    moved = offset + 40 - length if offset else 0
    start = data[:10] + struct.pack("<II", moved, 40)
    return start + header[4:] + rest


def refuse_truncated(data: bytes) -> None:
    """Refuse a BMP whose rows are not all there.

    Raises:
        RejectedImage: pixels are missing.
    """
    offset, length = struct.unpack_from("<II", data, 10)
    if length == 12:
        width, height, _, bits = struct.unpack_from("<HHHH", data, 18)
        compression = 0
    else:
        if len(data) < _FILE_HEADER + 40:
            raise truncated()
        width, height, _, bits, compression = struct.unpack_from("<iiHHI", data, 18)
    if compression not in _UNCOMPRESSED or width <= 0 or not bits:
        return
    row = (width * bits + 31) // 32 * 4
    if offset + row * abs(height) > len(data):
        raise truncated()


def profile(data: bytes) -> bytes:
    """The ICC profile that a header of the fifth version embeds; else nothing."""
    if struct.unpack_from("<I", data, 14)[0] != 124 or len(data) < _FILE_HEADER + 124:
        return b""
    space = data[_FILE_HEADER + 56 : _FILE_HEADER + 60]
    if space != b"DEBM":
        return b""
    offset, length = struct.unpack_from("<II", data, _FILE_HEADER + 112)
    return data[_FILE_HEADER + offset : _FILE_HEADER + offset + length] or b"damaged"
