"""A PNG's chunks: those that draw it go on to a decoder, a damaged or endless comment does not."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from enum import Enum

from mlmodels.ml.errors import RejectedImage
from mlmodels.ml.pictures.colour import SRGB_CHROMATICITIES, Conversion, by_code, by_gamma
from mlmodels.ml.pictures.refusals import damaged, truncated

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_DRAWN = {b"IHDR", b"PLTE", b"IDAT", b"IEND"}
# What else changes how it looks; colours are read here, the others by the decoder.
_COLOURS = {b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"cICP"}
_HELPING = {b"tRNS", b"eXIf"}
# The largest profile that is taken, bytes: those of printers have about two million.
_LARGEST_PROFILE = 8 * 1024 * 1024


@dataclass(frozen=True)
class PngParts:
    """What of a PNG is decoded.

    Args:
        data: a PNG of the chunks that draw it.
        bits: of a sample.
        is_whole: its end chunk came.
        icc: the colour profile; empty where there is none.
        conversion: of colours, where it is said without a profile.
        told: sentences about what was left out.
    """

    data: bytes
    bits: int
    is_whole: bool
    icc: bytes = b""
    conversion: Conversion | None = None
    told: tuple[str, ...] = ()


def parts(data: bytes) -> PngParts:
    """Take a PNG apart.

    Raises:
        RejectedImage: it is an animation, damaged where it is drawn, or has no pixels.
    """
    kept: list[bytes] = [_SIGNATURE]
    known: dict[bytes, bytes] = {}
    told: list[str] = []
    for name, body, state in _chunks(data):
        if name == b"acTL" and len(body) == 8 and struct.unpack(">I", body[:4])[0] > 1:
            raise RejectedImage("This is an animation. Upload a single still picture.")
        if name in _DRAWN:
            if state is _State.DAMAGED and name != b"IEND":
                raise damaged()
            # Of one that is cut the decoder says whether pixels are missing.
            kept.append(_chunk(name, body))
        elif name in _HELPING | _COLOURS and state is not _State.SOUND:
            told.append(f"The part {name.decode()} of the file is damaged: left out")
            continue
        elif name in _HELPING:
            kept.append(_chunk(name, body))
        known.setdefault(name, body)
    if len(known.get(b"IHDR", b"")) != 13:
        raise damaged()
    if b"IDAT" not in known:
        raise truncated()
    is_whole = b"IEND" in known
    if not is_whole:
        kept.append(_chunk(b"IEND", b""))
    icc, conversion = _colours(known)
    bits = known[b"IHDR"][8]
    return PngParts(b"".join(kept), bits, is_whole, icc, conversion, tuple(told))


class _State(Enum):
    """Of a chunk: as it was written, of another check sum, or cut by the end of the file."""

    SOUND, DAMAGED, CUT = range(3)


def _chunks(data: bytes) -> list[tuple[bytes, bytes, _State]]:
    """Name, content and state of each chunk up to the end chunk."""
    found, at = [], len(_SIGNATURE)
    while at + 8 <= len(data):
        length, name = struct.unpack_from(">I4s", data, at)
        body = data[at + 8 : at + 8 + length]
        check = data[at + 8 + length : at + 12 + length]
        state = _State.SOUND if check == _check_sum(name, body) else _State.DAMAGED
        found.append((name, body, _State.CUT if len(check) < 4 else state))
        at += 12 + length
        if name == b"IEND":
            break
    return found


def _check_sum(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", zlib.crc32(body, zlib.crc32(name)))


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + _check_sum(name, body)


def _colours(known: dict[bytes, bytes]) -> tuple[bytes, Conversion | None]:
    """The profile, or what else says the colours, in the order of PNG, third edition, 4.3."""
    if len(known.get(b"cICP", b"")) == 4:
        return b"", by_code(known[b"cICP"][0], known[b"cICP"][1])
    if b"iCCP" in known:
        packed = known[b"iCCP"].partition(b"\0")[2][1:]
        try:
            return zlib.decompressobj().decompress(packed, _LARGEST_PROFILE), None
        except zlib.error:
            return b"damaged", None
    if b"sRGB" in known or len(known.get(b"gAMA", b"")) != 4:
        return b"", None
    gamma = struct.unpack(">I", known[b"gAMA"])[0] / 100_000
    if not 0.01 < gamma < 10:
        return b"", None
    placed = None
    if len(known.get(b"cHRM", b"")) == 32:
        placed = tuple(value / 100_000 for value in struct.unpack(">8I", known[b"cHRM"]))
    return b"", by_gamma(gamma, placed if _are_primaries(placed) else None)


def _are_primaries(placed: tuple[float, ...] | None) -> bool:
    """Whether they span a triangle with white inside it; a damaged chunk may say anything."""
    if placed is None or not all(0 <= value <= 1 for value in placed):
        return False
    white, *corners = (placed[at : at + 2] for at in range(0, len(SRGB_CHROMATICITIES), 2))
    sides = [
        (b[0] - a[0]) * (white[1] - a[1]) - (b[1] - a[1]) * (white[0] - a[0])
        for a, b in zip(corners, corners[1:] + corners[:1], strict=True)
    ]
    return (
        white[1] > 0.05
        and min(abs(side) for side in sides) > 1e-4
        and (all(side > 0 for side in sides) or all(side < 0 for side in sides))
    )
