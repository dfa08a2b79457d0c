"""Pictures of several channels, each on a page of its own: ImageJ's hyperstacks and OME-TIFF."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from operator import add
from typing import Any

import numpy as np
from tifffile import TiffFile, xml2dict

from mlmodels.ml.errors import RejectedImage
from mlmodels.ml.pictures.depth import shown_range
from mlmodels.ml.pictures.picture import BAND_PX, ImageLimits
from mlmodels.ml.pictures.refusals import check_size, damaged, truncated

# The colours that ImageJ gives to channels whose colours nobody said, in its order.
_COLOURS = {
    "red": (255, 0, 0),
    "green": (0, 255, 0),
    "blue": (0, 0, 255),
    "grey": (255, 255, 255),
    "cyan": (0, 255, 255),
    "magenta": (255, 0, 255),
    "yellow": (255, 255, 0),
}
_STACKS = {
    "Z": "a z-stack of {} planes",
    "T": "a time series of {} frames",
    "P": "a series of {} positions",
}


@dataclass(frozen=True)
class Channels:
    """A picture whose colours lie apart.

    Args:
        values: array, shape (C, H, W), of any number type.
        bits: of one sample.
        ranges: smallest and largest shown value of each channel; none where the file does not say.
        tables: of each channel, uint8 array of shape (256, 3): the colour of each level.
        told: sentences about what was chosen.
    """

    values: np.ndarray
    bits: int
    ranges: tuple[tuple[float, float] | None, ...]
    tables: tuple[np.ndarray, ...]
    told: tuple[str, ...]


def refuse_stack(axes: str, shape: Sequence[int]) -> None:
    """Refuse planes, frames or fields of which one would have to be guessed.

    Args:
        axes: letters of tifffile, e.g. "ZCYX".
        shape: one length for each.

    Raises:
        RejectedImage: any but channels, rows, columns and samples is longer than one.
    """
    for axis, length in zip(axes, shape, strict=True):
        if axis not in "CYXS" and length > 1:
            what = _STACKS.get(axis, "a stack of {} pictures").format(length)
            raise RejectedImage(f"This TIFF is {what}. Save the one you need as one picture.")


def imagej_range(tif: TiffFile) -> tuple[float, float] | None:
    """The display range of an ImageJ picture of one channel."""
    known = tif.imagej_metadata or {}
    ranges = known.get("Ranges")
    if ranges and len(ranges) == 2:
        return float(ranges[0]), float(ranges[1])
    if "min" in known and "max" in known:
        return float(known["min"]), float(known["max"])
    return None


def imagej_channels(tif: TiffFile, data: bytes, limits: ImageLimits) -> Channels | None:
    """The channels of an ImageJ hyperstack; none where it is an ordinary picture.

    Raises:
        RejectedImage: it is a stack or a series, too large, or truncated.
    """
    series = tif.series[0]
    refuse_stack(series.axes, series.shape)
    known: dict[str, Any] = tif.imagej_metadata or {}
    count = dict(zip(series.axes, series.shape, strict=True)).get("C", 1)
    if int(known.get("images", 1)) > _planes(series.axes, series.shape):
        raise truncated()
    tables = _tables_of(known)
    if "S" in series.axes or (count == 1 and not _is_coloured(tables)):
        return None
    values = _values(tif, data, limits)
    ranges = known.get("Ranges") or ()
    pairs = list(zip(map(float, ranges[::2]), map(float, ranges[1::2]), strict=False))
    return Channels(
        values,
        series.dtype.itemsize * 8,
        tuple(pairs) if len(pairs) == len(values) else (None,) * len(values),
        *_tables([np.asarray(table).T for table in tables], len(values)),
    )


def _planes(axes: str, shape: Sequence[int]) -> int:
    """How many pictures of rows and columns a series holds."""
    return math.prod(length for axis, length in zip(axes, shape, strict=True) if axis not in "YXS")


def _tables_of(known: dict[str, Any]) -> list[np.ndarray]:
    """ImageJ's colour tables, each of shape (3, 256); of one channel it is not in a list."""
    tables = known.get("LUTs")
    if tables is None:
        return []
    return [tables] if np.ndim(tables) == 2 else list(tables)


def ome_channels(tif: TiffFile, data: bytes, limits: ImageLimits) -> Channels | None:
    """The channels of an OME-TIFF; none where it is an ordinary picture.

    Raises:
        RejectedImage: it is a stack or a series, too large, or truncated.
    """
    series = tif.series[0]
    refuse_stack(series.axes, series.shape)
    count = dict(zip(series.axes, series.shape, strict=True)).get("C", 1)
    if "S" in series.axes or count == 1:
        return None
    values = _values(tif, data, limits)
    said = [part for part in _listed(_ome_pixels(tif).get("Channel")) if isinstance(part, dict)]
    colours = [_colour(channel.get("Color")) for channel in said]
    tables = [_ramp(colour) for colour in colours if colour is not None]
    return Channels(
        values,
        series.dtype.itemsize * 8,
        (ome_range(tif),) * len(values),
        *_tables(tables, len(values)),
    )


def ome_range(tif: TiffFile) -> tuple[float, float] | None:
    """What the bits that an OME-TIFF calls significant hold."""
    pixels = _ome_pixels(tif)
    bits = pixels.get("SignificantBits")
    if isinstance(bits, int) and 1 <= bits <= 32 and str(pixels.get("Type")).startswith("uint"):
        return 0.0, 2.0**bits - 1
    return None


def draw_channels(channels: Channels, rows: np.ndarray) -> tuple[str, ...]:
    """Add up the channels' colours, band by band.

    Args:
        channels: of the picture.
        rows: uint8 array, shape (H, W, 3), to write to.

    Returns:
        What was converted, in sentences.
    """
    # One scale for channels that say none: they are the colours of one camera.
    common = shown_range(channels.values, channels.bits)
    shown = [
        common if pair is None else shown_range(plane, channels.bits, pair)
        for plane, pair in zip(channels.values, channels.ranges, strict=True)
    ]
    for top in range(0, len(rows), BAND_PX):
        band = slice(top, top + BAND_PX)
        light = np.zeros(rows[band].shape, np.uint16)
        for plane, scale, table in zip(channels.values, shown, channels.tables, strict=True):
            light += table[scale.eight_bits(plane[band])]
        rows[band] = np.minimum(light, 255)
    said = dict.fromkeys(scale.said for scale in shown if scale.said)
    return (*channels.told, *said)


def _values(tif: TiffFile, data: bytes, limits: ImageLimits) -> np.ndarray:
    """All channels, shape (C, H, W)."""
    series = tif.series[0]
    sides = dict(zip(series.axes, series.shape, strict=True))
    check_size(sides["X"], sides["Y"], limits)
    if sides.get("C", 1) > len(_COLOURS):
        raise RejectedImage(
            f"This TIFF has {sides['C']} channels. Merge those you need, and save them as RGB."
        )
    if series.dataoffset is not None:
        if series.dataoffset + series.nbytes > len(data):
            raise truncated()
    else:
        for page in series.pages:
            if page is None:
                raise truncated()
            ends = map(add, page.dataoffsets, page.databytecounts)
            if max(ends, default=len(data) + 1) > len(data):
                raise truncated()
    values = series.asarray(maxworkers=1)
    if values.size != sides.get("C", 1) * sides["X"] * sides["Y"]:
        raise damaged()
    return values.reshape(sides.get("C", 1), sides["Y"], sides["X"])


def _tables(
    known: Sequence[np.ndarray], count: int
) -> tuple[tuple[np.ndarray, ...], tuple[str, ...]]:
    """A colour table for each channel, and a sentence that names them."""
    tables = [table.astype(np.uint8) for table in known if table.shape == (256, 3)]
    guessed = "" if len(tables) == count else ", whose colours the file does not say"
    if guessed and count > 3:
        raise RejectedImage(
            f"This TIFF has {count} channels, and does not say their colours. Merge those you "
            "need, and save them as RGB."
        )
    if guessed:
        tables = [_ramp(colour) for colour in list(_COLOURS.values())[:count]]
    names = [_name(tuple(map(int, table[-1]))) for table in tables]
    plural = "channels are merged" if count > 1 else "channel is shown in its colour"
    return tuple(tables), (f"{count} {plural}{guessed}: {', '.join(names)}",)


def _name(colour: tuple[int, ...]) -> str:
    return next((name for name, known in _COLOURS.items() if known == colour), "a mixed colour")


def _ramp(colour: Sequence[int]) -> np.ndarray:
    levels = np.arange(256)[:, np.newaxis] * np.array(colour)
    return ((levels + 127) // 255).astype(np.uint8)


def _is_coloured(tables: Sequence[np.ndarray]) -> bool:
    return any(np.ptp(np.asarray(table).astype(int), axis=0).any() for table in tables)


def _colour(number: Any) -> tuple[int, int, int] | None:
    """A colour of OME: a signed 32 bit number, red in its highest byte."""
    if not isinstance(number, int):
        return None
    return number >> 24 & 255, number >> 16 & 255, number >> 8 & 255


def _ome_pixels(tif: TiffFile) -> dict[str, Any]:
    """What the description says of the pixels of its first image."""
    try:
        images = xml2dict(tif.ome_metadata or "")["OME"]["Image"]
        pixels = _listed(images)[0]["Pixels"]
    except (SyntaxError, LookupError, TypeError, ValueError):
        return {}
    return pixels if isinstance(pixels, dict) else {}


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
