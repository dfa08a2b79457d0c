"""Whether a JPEG is all there. Its end mark may be missing; its pixels may not."""

from __future__ import annotations

import io
import re
import struct
from dataclasses import dataclass, field
from hashlib import sha256

from PIL import Image

from mlmodels.ml.pictures.refusals import damaged, truncated

END = b"\xff\xd9"
# Markers of ITU-T T.81, table B.1.
_SOI, _EOI, _SOS = 0xD8, 0xD9, 0xDA
_PROGRESSIVE, _JPEG_LS = 0xC2, 0xF7
_FRAMES = {*range(0xC0, 0xD0), _JPEG_LS} - {0xC4, 0xC8, 0xCC}
# Baseline, extended and progressive, by Huffman: what the ordinary decoder reads at 8 bits.
_ORDINARY = {0xC0, 0xC1, _PROGRESSIVE}
_MARKER_IN_SCAN = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
# No code that a decoder expects begins with what it takes for missing bits, zeros.
_OTHER_BITS = b"\xaa" * 4096


@dataclass
class JpegStructure:
    """The marks of a JPEG.

    Args:
        frame: mark of its frame, which says how it is coded; 0 where none came.
        bits: of a sample.
        size_px: width and height as coded.
        end: where its end mark stands; none where it is missing.
        coefficients: by component, how many low bits each of the 64 still lacks; 13 is all.
    """

    frame: int = 0
    bits: int = 8
    size_px: tuple[int, int] = (0, 0)
    end: int | None = None
    coefficients: dict[int, list[int]] = field(default_factory=dict)

    @property
    def is_ordinary(self) -> bool:
        """Whether every decoder reads it."""
        return self.frame in _ORDINARY and self.bits == 8

    @property
    def is_progressive(self) -> bool:
        """Whether it comes in scans, the last of which only refine."""
        return self.frame == _PROGRESSIVE

    @property
    def has_all_scans(self) -> bool:
        """Whether each coefficient came to its last bit."""
        lacking = self.coefficients.values()
        return bool(lacking) and not any(any(bits) for bits in lacking)


def structure(data: bytes) -> JpegStructure:
    """Walk from mark to mark, as far as they go."""
    found, at = JpegStructure(), 2
    while at + 4 <= len(data):
        if data[at] != 0xFF:
            # Bytes that belong to nothing: on to the next mark.
            following = _MARKER_IN_SCAN.search(data, at)
            if following is None:
                return found
            at = following.start()
            continue
        mark = data[at + 1]
        if mark == 0xFF:
            at += 1
            continue
        if mark == _EOI:
            found.end = at
            return found
        if mark == _SOI or 0xD0 <= mark <= 0xD7 or mark in (0, 1):
            at += 2
            continue
        length = struct.unpack_from(">H", data, at + 2)[0]
        segment = data[at + 4 : at + 2 + length]
        at += 2 + length
        if mark in _FRAMES and not found.frame:
            _read_frame(found, mark, segment)
        if mark == _SOS:
            _read_scan(found, segment)
            following = _MARKER_IN_SCAN.search(data, at)
            at = len(data) if following is None else following.start()
    if data[at : at + 2] == END:
        found.end = at
    return found


def with_its_end(data: bytes, found: JpegStructure) -> bytes:
    """The bytes of a JPEG with an end mark, where all of its pixels are there.

    Raises:
        RejectedImage: pixels are missing.
    """
    # A progressive one that was cut and closed again lacks its last scans.
    if (found.end is None or found.is_progressive) and not found.has_all_scans:
        raise truncated()
    if found.end is not None:
        return data
    body = data[:-1] if data.endswith(b"\xff") else data
    # What a decoder makes of missing bits depends on what stands in their place; pixels that are
    # all there do not.
    if _pixels(body + END) != _pixels(body + _OTHER_BITS + END):
        raise truncated()
    return body + END


def refuse_filling(data: bytes, found: JpegStructure) -> None:
    """Refuse a JPEG that was cut and closed with an end mark: its last pixels are a filling.

    Args:
        data: the whole file. It is decoded twice more: worth it where the last block is all
            mid-grey, which is the filling, or where the filling cannot be seen.

    Raises:
        RejectedImage: pixels are missing.
    """
    body = data[: found.end]
    if _pixels(data) != _pixels(body + _OTHER_BITS + END):
        raise truncated()


def _pixels(data: bytes) -> bytes:
    try:
        with Image.open(io.BytesIO(data), formats=["JPEG"]) as picture:
            return sha256(picture.tobytes()).digest()
    except (OSError, ValueError, SyntaxError) as error:
        raise damaged() from error


def _read_frame(found: JpegStructure, mark: int, segment: bytes) -> None:
    if len(segment) < 6:
        return
    found.frame, found.bits = mark, segment[0]
    height, width = struct.unpack_from(">HH", segment, 1)
    found.size_px = width, height
    for at in range(6, min(6 + 3 * segment[5], len(segment)), 3):
        found.coefficients[segment[at]] = [13] * 64


def _read_scan(found: JpegStructure, segment: bytes) -> None:
    """Which coefficients a scan brings, and down to which bit (T.81, G.1.1.1)."""
    count = segment[0] if segment else 0
    if len(segment) < 4 + 2 * count:
        return
    first, last, bits = segment[1 + 2 * count : 4 + 2 * count]
    for at in range(1, 1 + 2 * count, 2):
        lacking = found.coefficients.get(segment[at])
        if lacking is not None:
            span = slice(first, min(last, 63) + 1)
            lacking[span] = [bits & 15] * len(lacking[span])
