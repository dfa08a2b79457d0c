"""Colours of a file to sRGB: by its ICC profile, its gamma and primaries, its inks, or from Lab.

Everything here takes and gives 8 bits a channel, some rows at a time.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageCms

# White, red, green, blue as x and y: ITU-R BT.709, which is sRGB's.
SRGB_CHROMATICITIES = (0.3127, 0.3290, 0.64, 0.33, 0.30, 0.60, 0.15, 0.06)
# By their codes in ITU-T H.273: of Display P3 (phones), and of BT.2020.
_WIDER = {
    12: ("Display P3", (0.3127, 0.3290, 0.680, 0.320, 0.265, 0.690, 0.150, 0.060)),
    9: ("BT.2020", (0.3127, 0.3290, 0.708, 0.292, 0.170, 0.797, 0.131, 0.046)),
}
_HIGH_DYNAMIC_RANGE = {16, 18}
# What a PNG means by "as sRGB": its gamma is one over 2.2, give or take what encoders round.
_SRGB_GAMMA, _SAME_GAMMA, _SAME_PLACE = 1 / 2.2, 0.03, 0.005
# CIE standard illuminant D50, the white of Lab in TIFF and ICC (ICC.1:2022, 7.2.16).
_D50 = (0.9642, 1.0, 0.8249)
# ICC.1:2022, annex E: the Bradford cone responses.
_BRADFORD = np.array(
    [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]]
)
_SPACES = {"GRAY": (1, "L"), "RGB": (3, "RGB"), "CMYK": (4, "CMYK")}
LEFT_OUT = "The colour profile in the file is damaged or of another kind of picture: left out"


@dataclass(frozen=True)
class Conversion:
    """How colours become sRGB.

    Args:
        apply: uint8 array, shape (H, W, C), to uint8 array, shape (H, W, 3).
        said: a sentence for a person; empty where nothing needs saying.
    """

    apply: Callable[[np.ndarray], np.ndarray]
    said: str = ""


def plain(channels: int) -> Conversion:
    """Of a picture that says nothing of its colours: grey, sRGB, or inks as they multiply.

    Args:
        channels: 1, 3 or 4.
    """
    return Conversion({1: _grey, 3: lambda rgb: rgb, 4: _inks}[channels])


def by_profile(icc: bytes, channels: int) -> Conversion:
    """By the ICC profile of a file; as `plain` where it is sRGB itself or cannot be used.

    Args:
        icc: the profile.
        channels: of the picture, 1, 3 or 4.
    """
    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(icc))
        space, mode = _SPACES.get(profile.profile.xcolor_space.strip(), (0, ""))
        if (channels, space) == (1, 3):
            # Grey of a colour scanner: as much red as green and blue.
            of_colours = by_profile(icc, 3)
            return Conversion(lambda grey: of_colours.apply(_grey(grey)), of_colours.said)
        if space != channels:
            return Conversion(plain(channels).apply, LEFT_OUT)
        transform = ImageCms.buildTransform(
            profile, ImageCms.createProfile("sRGB"), mode, "RGB", ImageCms.Intent.PERCEPTUAL
        )
        name = ImageCms.getProfileDescription(profile).strip()
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError, AttributeError):
        return Conversion(plain(channels).apply, LEFT_OUT)

    def apply(values: np.ndarray) -> np.ndarray:
        height, width = values.shape[:2]
        picture = Image.frombytes(mode, (width, height), np.ascontiguousarray(values).tobytes())
        return np.asarray(transform.apply(picture))

    if channels != 4 and _changes_nothing(apply, channels):
        return plain(channels)
    printable = "".join(letter for letter in name if letter.isprintable())[:80]
    return Conversion(apply, f"{printable or 'A colour profile'}, converted to sRGB")


def by_gamma(gamma: float, chromaticities: tuple[float, ...] | None) -> Conversion:
    """By what PNG's gAMA and cHRM say (PNG, third edition, 11.3.2).

    Args:
        gamma: the exponent that encoded the samples, e.g. 0.45455.
        chromaticities: x and y of white, red, green and blue; sRGB's where none are said.
    """
    placed = chromaticities or SRGB_CHROMATICITIES
    same_place = bool(np.allclose(placed, SRGB_CHROMATICITIES, atol=_SAME_PLACE))
    if abs(gamma - _SRGB_GAMMA) < _SAME_GAMMA and same_place:
        return plain(3)
    matrix = None if same_place else _to_srgb(placed)
    linear = (np.arange(256) / 255.0) ** (1 / gamma)

    def apply(rgb: np.ndarray) -> np.ndarray:
        light = linear[rgb]
        return _encoded(light if matrix is None else light @ matrix.T)

    said = f"Gamma {1 / gamma:.2g}" + ("" if same_place else " and primaries of its own")
    return Conversion(apply, f"{said}, converted to sRGB")


def by_code(primaries: int, transfer: int) -> Conversion:
    """By the codes of ITU-T H.273 that video and phones use.

    Args:
        primaries: e.g. 1 for sRGB's, 12 for Display P3.
        transfer: e.g. 13 for sRGB's curve; 16 and 18 are of a high dynamic range.
    """
    said = "High dynamic range, shown without it. " if transfer in _HIGH_DYNAMIC_RANGE else ""
    if primaries not in _WIDER:
        return Conversion(plain(3).apply, said.strip())
    name, placed = _WIDER[primaries]
    matrix = _to_srgb(placed)
    steps = np.arange(256) / 255.0
    linear = np.where(steps <= 0.04045, steps / 12.92, ((steps + 0.055) / 1.055) ** 2.4)

    def apply(rgb: np.ndarray) -> np.ndarray:
        return _encoded(linear[rgb] @ matrix.T)

    return Conversion(apply, f"{said}{name}, converted to sRGB")


def from_lab(lab: np.ndarray) -> np.ndarray:
    """CIE L*a*b* under D50 to sRGB.

    Args:
        lab: float array, shape (H, W, 3): L* 0 to 100, a* and b* around 0.

    Returns:
        uint8 array, shape (H, W, 3), 0 to 255.
    """
    y = (lab[..., 0] + 16) / 116
    powers = np.stack([y + lab[..., 1] / 500, y, y - lab[..., 2] / 200], axis=-1)
    # CIE 15:2018, 8.2.1: the cube, and a line below (6/29).
    ratio = np.where(powers > 6 / 29, powers**3, 3 * (6 / 29) ** 2 * (powers - 4 / 29))
    return _encoded((ratio * _D50) @ _FROM_D50.T)


def _grey(values: np.ndarray) -> np.ndarray:
    return np.repeat(values, 3, axis=-1)


def _inks(cmyk: np.ndarray) -> np.ndarray:
    """Each ink takes its share of what the black one leaves."""
    white = 255 - cmyk.astype(np.uint16)
    return ((white[..., :3] * white[..., 3:] + 127) // 255).astype(np.uint8)


def _changes_nothing(apply: Callable[[np.ndarray], np.ndarray], channels: int) -> bool:
    """Whether no colour moves by more than a level, seen on a grid of them."""
    levels = np.arange(0, 256, 17, dtype=np.uint8)
    grid = np.stack(np.meshgrid(*[levels] * channels), axis=-1).reshape(1, -1, channels)
    moved = apply(grid).astype(np.int16) - grid
    return bool(np.abs(moved).max() <= 1)


def _encoded(light: np.ndarray) -> np.ndarray:
    """Linear light, 0 to 1, as sRGB of 8 bits (IEC 61966-2-1)."""
    clipped = light.clip(0, 1)
    curve = np.where(clipped <= 0.0031308, 12.92 * clipped, 1.055 * clipped ** (1 / 2.4) - 0.055)
    return (255 * curve + 0.5).astype(np.uint8)


def _primaries(placed: tuple[float, ...]) -> np.ndarray:
    """Linear RGB to XYZ under D50, shape (3, 3) (SMPTE RP 177)."""
    xy = np.array(placed).reshape(4, 2)
    xyz = np.column_stack([xy, 1 - xy.sum(axis=1)]) / xy[:, 1:]
    white, colours = xyz[0], xyz[1:].T
    matrix = colours * np.linalg.solve(colours, white)
    seen = np.diag((_BRADFORD @ np.array(_D50)) / (_BRADFORD @ white))
    return np.linalg.inv(_BRADFORD) @ seen @ _BRADFORD @ matrix


_FROM_D50 = np.linalg.inv(_primaries(SRGB_CHROMATICITIES))


def _to_srgb(placed: tuple[float, ...]) -> np.ndarray:
    return _FROM_D50 @ _primaries(placed)
