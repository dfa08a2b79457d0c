"""What happens to files on their way: each change takes a file and gives back one that is broken.

The same generator of chance makes the same file. Some changes know where a format keeps its
numbers, so that headers lie and checks of sums do not give them away.
"""

from __future__ import annotations

import random
import re
import struct
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tests.mutations.seeds import archive_seeds, large_seeds, picture_seeds

Change = Callable[[bytearray, random.Random], bytearray]
NUMBERS = (0, 1, 2, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
SIDES = (0, 1, 7071, 30_000, 65_535, 2**31 - 1, 2**32 - 1)
# Markers of JPEG that begin a frame: its height and width come five bytes later.
FRAMES = re.compile(rb"\xff[\xc0-\xc3\xc5-\xc7\xc9-\xcb\xcd-\xcf]")
# Large files take seconds each; of so many files one is made of one.
LARGE_EVERY = 60
ARCHIVE_EVERY = 25


@dataclass(frozen=True)
class Mutated:
    """A broken file, and how it came to be so."""

    name: str
    data: bytes
    changes: tuple[str, ...]

    @property
    def is_archive(self) -> bool:
        return self.name.endswith(".zip")

    def __str__(self) -> str:
        return f"{self.name} ({', '.join(self.changes)}; {len(self.data)} bytes)"


def mutated(number: int, seed: int) -> Mutated:
    """The file of this number: always the same for one seed."""
    chance = random.Random(f"{seed}-{number}")
    if number % LARGE_EVERY == LARGE_EVERY - 1:
        seeds = large_seeds()
    elif number % ARCHIVE_EVERY == ARCHIVE_EVERY - 1:
        seeds = archive_seeds()
    else:
        seeds = picture_seeds()
    name = chance.choice(sorted(seeds))
    data = bytearray(seeds[name])
    # A large file is mostly left as it is, so that it is really decoded.
    often = (0, 0, 1) if seeds is large_seeds() else (1, 1, 1, 2, 3)
    done = []
    for _ in range(chance.choice(often)):
        change = chance.choice(CHANGES)
        done.append(change.__name__)
        data = change(data, chance)
    stem, _, ending = name.rpartition(".")
    return Mutated(f"{number:05}_{stem}.{ending}", bytes(data), tuple(done))


def flip_bits(data: bytearray, chance: random.Random) -> bytearray:
    for _ in range(chance.choice((1, 1, 4, 30))):
        if data:
            data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    return data


def flip_bits_of_the_header(data: bytearray, chance: random.Random) -> bytearray:
    for _ in range(chance.choice((1, 2, 5))):
        if data:
            data[chance.randrange(min(256, len(data)))] ^= 1 << chance.randrange(8)
    return data


def cut_the_end(data: bytearray, chance: random.Random) -> bytearray:
    return data[: chance.randrange(len(data) + 1)]


def lose_the_middle(data: bytearray, chance: random.Random) -> bytearray:
    begin, end = _stretch(data, chance)
    return data[:begin] + data[end:]


def send_a_part_twice(data: bytearray, chance: random.Random) -> bytearray:
    begin, end = _stretch(data, chance)
    return data[:end] + data[begin:end] * chance.choice((1, 1, 20)) + data[end:]


def put_noise_in(data: bytearray, chance: random.Random) -> bytearray:
    at = chance.randrange(len(data) + 1)
    return data[:at] + chance.randbytes(chance.choice((1, 3, 64, 5000))) + data[at:]


def empty_a_part(data: bytearray, chance: random.Random) -> bytearray:
    begin, end = _stretch(data, chance)
    data[begin:end] = bytes([chance.choice((0, 255))]) * (end - begin)
    return data


def blow_up_a_number(data: bytearray, chance: random.Random) -> bytearray:
    """Write a number that a length, a count or an offset would not be, mostly near the begin."""
    width = chance.choice("HI")
    room = len(data) - struct.calcsize(width)
    if room < 0:
        return data
    at = chance.randrange(min(room, chance.choice((64, 1024, room))) + 1)
    number = chance.choice(NUMBERS) & (0xFFFF if width == "H" else 0xFFFFFFFF)
    struct.pack_into(chance.choice("<>") + width, data, at, number)
    return data


def claim_other_sides(data: bytearray, chance: random.Random) -> bytearray:
    """Let the header say another width and height, where the format keeps them."""
    width, height = chance.choice(SIDES), chance.choice(SIDES)
    if data[:8] == b"\x89PNG\r\n\x1a\n" and len(data) > 33:
        struct.pack_into(">II", data, 16, width, height)
        struct.pack_into(">I", data, 29, zlib.crc32(data[12:29]))
    elif data[:2] == b"\xff\xd8":
        for frame in FRAMES.finditer(bytes(data)):
            if frame.end() + 7 < len(data):
                struct.pack_into(">HH", data, frame.end() + 3, height & 0xFFFF, width & 0xFFFF)
    elif data[:2] == b"BM" and len(data) > 26:
        struct.pack_into("<II", data, 18, width, height)
    elif data[:4] in (b"II*\0", b"MM\0*"):
        _claim_tiff_sides(data, "<" if data[:1] == b"I" else ">", (width, height))
    elif (at := data.find(b"ispe")) >= 0 and at + 16 <= len(data):
        struct.pack_into(">II", data, at + 8, width, height)
    elif (at := data.find(b"VP8")) >= 0 and at + 20 <= len(data):
        struct.pack_into("<HH", data, at + 14, width & 0xFFFF, height & 0xFFFF)
    return data


def grow_another_tail(data: bytearray, chance: random.Random) -> bytearray:
    """The head of one file and the tail of another, mostly of another format."""
    other = chance.choice(list(picture_seeds().values()))
    return data[: chance.randrange(len(data) + 1)] + other[chance.randrange(len(other)) :]


def begin_as_another(data: bytearray, chance: random.Random) -> bytearray:
    """Another format's first bytes before this one's."""
    other = chance.choice(list(picture_seeds().values()))
    count = chance.choice((4, 12, 64))
    return bytearray(other[:count]) + data[count if chance.random() < 0.5 else 0 :]


CHANGES: Sequence[Change] = (
    flip_bits,
    flip_bits_of_the_header,
    cut_the_end,
    lose_the_middle,
    send_a_part_twice,
    put_noise_in,
    empty_a_part,
    blow_up_a_number,
    blow_up_a_number,
    claim_other_sides,
    claim_other_sides,
    grow_another_tail,
    begin_as_another,
)


def _stretch(data: bytearray, chance: random.Random) -> tuple[int, int]:
    begin = chance.randrange(len(data) + 1)
    return begin, min(len(data), begin + chance.choice((1, 16, 200, 4000)))


def _claim_tiff_sides(data: bytearray, order: str, sides: tuple[int, int]) -> None:
    """Overwrite ImageWidth (256) and ImageLength (257) of the first directory."""
    if len(data) < 8:
        return
    (at,) = struct.unpack_from(order + "I", data, 4)
    if at + 2 > len(data):
        return
    (count,) = struct.unpack_from(order + "H", data, at)
    for entry in range(at + 2, min(at + 2 + 12 * count, len(data) - 12), 12):
        tag, kind = struct.unpack_from(order + "HH", data, entry)
        if tag in (256, 257):
            form = "H" if kind == 3 else "I"
            side = sides[tag - 256] & (0xFFFF if form == "H" else 0xFFFFFFFF)
            struct.pack_into(order + form, data, entry + 8, side)
