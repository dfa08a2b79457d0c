"""Colour profiles that tests make, since none may be copied: of RGB, of grey, of inks."""

import struct

import numpy as np
from PIL import ImageCms

# White, red, green, blue as x and y.
ADOBE_RGB = (0.3127, 0.3290, 0.64, 0.33, 0.21, 0.71, 0.15, 0.06)
PROPHOTO = (0.3457, 0.3585, 0.7347, 0.2653, 0.1596, 0.8404, 0.0366, 0.0001)
_D50 = np.array([0.9642, 1.0, 0.8249])
_BRADFORD = np.array(
    [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]]
)


def srgb_profile() -> bytes:
    """The one that pictures are converted to."""
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def rgb_profile(name: str, chromaticities: tuple[float, ...], gamma: float) -> bytes:
    """A display's profile of three primaries and one exponent."""
    columns = _adapted(chromaticities).T
    curve = _curve(gamma)
    tags = {b"desc": _description(name), b"cprt": _text("none"), b"wtpt": _xyz(_D50)}
    for letter, column in zip(b"rgb", columns, strict=True):
        tags[bytes([letter]) + b"XYZ"] = _xyz(column)
        tags[bytes([letter]) + b"TRC"] = curve
    return _profile(b"mntr", b"RGB ", b"XYZ ", tags)


def grey_profile(name: str, gamma: float) -> bytes:
    """A grey profile of one exponent."""
    tags = {
        b"desc": _description(name),
        b"cprt": _text("none"),
        b"wtpt": _xyz(_D50),
        b"kTRC": _curve(gamma),
    }
    return _profile(b"mntr", b"GRAY", b"XYZ ", tags)


def ink_profile(name: str) -> bytes:
    """A printer's profile: cyan, magenta, yellow and black as they look on warm paper."""
    steps = np.linspace(0, 1, 5)
    inks = np.stack(np.meshgrid(steps, steps, steps, steps, indexing="ij"), axis=-1)
    light = np.array([0.95, 0.93, 0.88]) * (1 - 0.9 * inks[..., :3]) * (1 - 0.95 * inks[..., 3:])
    xyz = (light**2.2) @ _adapted((0.3127, 0.3290, 0.64, 0.33, 0.30, 0.60, 0.15, 0.06)).T
    roots = np.cbrt(xyz / _D50)
    lab = np.stack(
        [
            (116 * roots[..., 1] - 16) * 2.55,
            500 * (roots[..., 0] - roots[..., 1]) + 128,
            200 * (roots[..., 1] - roots[..., 2]) + 128,
        ],
        axis=-1,
    )
    ramp = bytes(range(256))
    table = struct.pack(">4s4xBBBx", b"mft1", 4, 3, 5)
    table += b"".join(struct.pack(">i", 65536 * (at in (0, 4, 8))) for at in range(9))
    table += 4 * ramp + lab.round().clip(0, 255).astype(np.uint8).tobytes() + 3 * ramp
    tags = {
        b"desc": _description(name),
        b"cprt": _text("none"),
        b"wtpt": _xyz(_D50),
        b"A2B0": table,
    }
    return _profile(b"prtr", b"CMYK", b"Lab ", tags)


def _adapted(chromaticities: tuple[float, ...]) -> np.ndarray:
    """Linear RGB to XYZ under D50."""
    xy = np.array(chromaticities).reshape(4, 2)
    xyz = np.column_stack([xy, 1 - xy.sum(axis=1)]) / xy[:, 1:]
    matrix = xyz[1:].T * np.linalg.solve(xyz[1:].T, xyz[0])
    scale = np.diag((_BRADFORD @ _D50) / (_BRADFORD @ xyz[0]))
    return np.linalg.inv(_BRADFORD) @ scale @ _BRADFORD @ matrix


def _profile(kind: bytes, space: bytes, between: bytes, tags: dict[bytes, bytes]) -> bytes:
    table, body = struct.pack(">I", len(tags)), b""
    at = 128 + 4 + 12 * len(tags)
    for name, content in tags.items():
        padded = content + bytes(-len(content) % 4)
        table += struct.pack(">4sII", name, at + len(body), len(content))
        body += padded
    size = at + len(body)
    start = struct.pack(">I4sI4s4s4s", size, b"none", 0x02400000, kind, space, between)
    date = struct.pack(">6H", 2026, 1, 1, 0, 0, 0)
    white = b"".join(struct.pack(">i", round(65536 * value)) for value in _D50)
    header = start + date + b"acsp" + bytes(28) + white
    return header.ljust(128, b"\0") + table + body


def _xyz(values: np.ndarray) -> bytes:
    return b"XYZ \0\0\0\0" + b"".join(struct.pack(">i", round(65536 * value)) for value in values)


def _curve(gamma: float) -> bytes:
    return struct.pack(">4s4xIH", b"curv", 1, round(256 * gamma))


def _text(words: str) -> bytes:
    return b"text\0\0\0\0" + words.encode() + b"\0"


def _description(name: str) -> bytes:
    words = name.encode() + b"\0"
    return struct.pack(">4s4xI", b"desc", len(words)) + words + bytes(78)
