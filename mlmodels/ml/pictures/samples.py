"""Arrays of samples, as decoders of deep formats give them, to the pixels of a picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mlmodels.ml.pictures.colour import Conversion, by_profile, from_lab, plain
from mlmodels.ml.pictures.depth import Shown, shown_range
from mlmodels.ml.pictures.picture import BAND_PX

TRANSPARENT = "The picture is wholly transparent: shown as if it were not"


@dataclass(frozen=True)
class Samples:
    """A picture as it lies in its file, not yet of 8 bits and not yet sRGB.

    Args:
        values: array, shape (H, W, C), of any number type; C is 1 (grey), 3 (RGB, or Lab), 4
            (inks), without the alpha channel.
        bits: of one sample.
        alpha: array, shape (H, W), or none.
        is_associated: colours are multiplied by alpha already.
        is_inverted: the smallest value is white.
        lab: of three channels that are L*a*b*: "signed", "offset" or none.
        declared: smallest and largest value as the file says them.
        icc: the colour profile; empty where there is none.
        conversion: of colours, where another than a profile says it.
        told: sentences about what was chosen so far.
    """

    values: np.ndarray
    bits: int
    alpha: np.ndarray | None = None
    is_associated: bool = False
    is_inverted: bool = False
    lab: str = ""
    declared: tuple[float, float] | None = None
    icc: bytes = b""
    conversion: Conversion | None = None
    told: tuple[str, ...] = ()


def draw(samples: Samples, rows: np.ndarray) -> tuple[str, ...]:
    """Write a picture's pixels, band by band.

    Args:
        samples: the picture.
        rows: uint8 array, shape (H, W, 3), to write to.

    Returns:
        What was converted, in sentences.
    """
    channels = samples.values.shape[2]
    shown = _range_of(samples)
    colours = samples.conversion or _colours_of(samples, channels)
    alpha, words = _alpha_of(samples)
    scale = shown_range(alpha, samples.bits) if alpha is not None else None
    for top in range(0, len(rows), BAND_PX):
        band = slice(top, top + BAND_PX)
        seen = None if alpha is None or scale is None else scale.eight_bits(alpha[band])
        pixels = _pixels(samples, band, shown, colours, seen)
        rows[band] = pixels if seen is None else on_white(pixels, seen)
    return tuple(said for said in (*samples.told, shown.said, words, colours.said) if said)


def _pixels(
    samples: Samples,
    band: slice,
    shown: Shown,
    colours: Conversion,
    seen: np.ndarray | None,
) -> np.ndarray:
    """Some rows as sRGB, before what is behind them."""
    values = samples.values[band]
    if samples.lab:
        return from_lab(_lab_of(values, samples.bits, samples.lab))
    levels = shown.eight_bits(values)
    if samples.is_inverted:
        levels = 255 - levels
    if samples.is_associated and seen is not None:
        levels = _divided(levels, seen)
    return colours.apply(levels)


def on_white(rgb: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """Colours before white, as a blood film's background is.

    Args:
        rgb: uint8 array, shape (H, W, 3).
        alpha: uint8 array, shape (H, W); 255 is opaque.
    """
    share = alpha[..., np.newaxis].astype(np.uint16)
    return ((rgb * share + 255 * (255 - share) + 127) // 255).astype(np.uint8)


def _range_of(samples: Samples) -> Shown:
    values = samples.values
    if samples.lab:
        return Shown(0, 1)
    if values.shape[2] == 4 and values.dtype.kind == "u":
        # Inks have no range of their own: all of the type is all of the ink.
        return Shown(0, 2**samples.bits - 1)
    return shown_range(values, samples.bits, samples.declared)


def _colours_of(samples: Samples, channels: int) -> Conversion:
    if samples.lab or not samples.icc:
        return plain(channels)
    return by_profile(samples.icc, channels)


def _alpha_of(samples: Samples) -> tuple[np.ndarray | None, str]:
    """The alpha that counts: none where it hides nothing, or everything."""
    if samples.alpha is None or samples.alpha.any():
        return samples.alpha, ""
    return None, TRANSPARENT


def _divided(levels: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """Colours that were multiplied by alpha as they were before."""
    share = np.maximum(alpha, 1)[..., np.newaxis].astype(np.uint16)
    return np.minimum((levels * np.uint16(255) + share // 2) // share, 255).astype(np.uint8)


def _lab_of(values: np.ndarray, bits: int, lab: str) -> np.ndarray:
    """L*a*b* by TIFF 6.0, section 23 (signed) or by ICC (offset), as real numbers."""
    if values.dtype.kind == "f":
        return values.astype(np.float64)
    top = 2**bits - 1
    lightness = values[..., :1] * (100.0 / top)
    per_unit = 2 ** (bits - 8)
    if lab == "signed":
        signed = values[..., 1:].astype(np.int64)
        colours = np.where(signed > top // 2, signed - 2**bits, signed) / per_unit
    else:
        colours = values[..., 1:] / per_unit - 128.0
    return np.concatenate([lightness, colours], axis=-1)
