"""JPEG, PNG, WebP, BMP and AVIF by Pillow, HEIC by pillow-heif: pictures of 8 bits a channel.

What Pillow would silently make 8 bits of is read by imagecodecs instead.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import imagecodecs
import numpy as np
import pillow_heif
from PIL import ExifTags, Image, UnidentifiedImageError

from mlmodels.ml.errors import RejectedImage
from mlmodels.ml.pictures import bmp, jpeg, png
from mlmodels.ml.pictures.colour import Conversion, by_code, by_profile, plain
from mlmodels.ml.pictures.formats import Kind, box_is_cut, riff_is_cut
from mlmodels.ml.pictures.picture import BAND_PX, Allocate, ImageLimits, Picture, canvas
from mlmodels.ml.pictures.refusals import check_size, damaged, truncated
from mlmodels.ml.pictures.samples import TRANSPARENT, Samples, draw, on_white

# A JPEG is decoded at half its sides, and again, while so much of it is left: a fourth of the
# time, and more than the located cells are shown at (docs/model/speed.md).
LEAST_REDUCED_MEGAPIXELS = 2.5
# Decoders raise many kinds for broken bytes; all of them mean the same here.
BROKEN = (
    OSError,
    ValueError,
    SyntaxError,
    EOFError,
    LookupError,
    ArithmeticError,
    AssertionError,
    AttributeError,
    TypeError,
    RuntimeError,
    struct.error,
    zlib.error,
)
# `check_size` judges before a pixel is decoded, by the limits of who asks.
Image.MAX_IMAGE_PIXELS = None
_PILLOWS = {
    Kind.JPEG: "JPEG",
    Kind.PNG: "PNG",
    Kind.BMP: "BMP",
    Kind.WEBP: "WEBP",
    Kind.AVIF: "AVIF",
}
_WITH_ALPHA = {"RGBA", "LA", "PA", "RGBa", "La"}
_GREY = {"1", "L"}


def read_ordinary(
    data: bytes, kind: Kind, limits: ImageLimits, *, may_reduce: bool, allocate: Allocate
) -> Picture:
    """Decode a file of any format but TIFF.

    Args:
        data: the whole file.
        kind: what it is.
        limits: of megapixels, checked before a pixel is decoded.
        may_reduce: a large JPEG may be decoded at a part of its sides.
        allocate: gives the array that pixels are written to.

    Raises:
        RejectedImage: it is truncated, damaged, an animation, or has too many pixels.
    """
    if kind is Kind.JPEG:
        return _read_jpeg(data, limits, may_reduce=may_reduce, allocate=allocate)
    if kind is Kind.PNG:
        return _read_png(data, limits, allocate)
    if kind is Kind.HEIC:
        return _read_heic(data, limits, allocate)
    icc = None
    if kind is Kind.BMP:
        data = bmp.with_full_header(data)
    with _opened(data, kind, limits) as picture:
        if kind is Kind.BMP:
            bmp.refuse_truncated(data)
            icc = bmp.profile(data)
        if (kind is Kind.WEBP and riff_is_cut(data)) or (kind is Kind.AVIF and box_is_cut(data)):
            raise truncated()
        picture.load()
        return _drawn(picture, kind, allocate, icc=icc)


@contextmanager
def _opened(data: bytes, kind: Kind, limits: ImageLimits) -> Iterator[Image.Image]:
    """A picture whose header is read and that is not too large; what breaks later is damage."""
    try:
        with Image.open(io.BytesIO(data), formats=[_PILLOWS[kind]]) as picture:
            check_size(*picture.size, limits)
            if kind is not Kind.JPEG and getattr(picture, "n_frames", 1) != 1:
                raise RejectedImage("This is an animation. Upload a single still picture.")
            yield picture
    except UnidentifiedImageError as error:
        raise (truncated() if _is_cut(data, kind) else damaged()) from error
    except BROKEN as error:
        is_cut = "truncated" in str(error) or _is_cut(data, kind)
        raise (truncated() if is_cut else damaged()) from error


def _is_cut(data: bytes, kind: Kind) -> bool:
    """Whether the file ends before it says it does."""
    if kind is Kind.JPEG:
        return jpeg.structure(data).end is None
    if kind is Kind.WEBP:
        return riff_is_cut(data)
    return kind in (Kind.AVIF, Kind.HEIC) and box_is_cut(data)


def _read_jpeg(
    data: bytes, limits: ImageLimits, *, may_reduce: bool, allocate: Allocate
) -> Picture:
    found = jpeg.structure(data)
    if not found.frame:
        raise truncated() if found.end is None else damaged()
    check_size(*found.size_px, limits)
    if not found.is_ordinary:
        return _read_unusual_jpeg(data, allocate)
    data = jpeg.with_its_end(data, found)
    with _opened(data, Kind.JPEG, limits) as picture:
        size = picture.size
        reduced_by = _reduce(picture) if may_reduce else 1
        picture.load()
        if found.is_progressive or _ends_in_grey(picture):
            jpeg.refuse_filling(data, found)
        return _drawn(picture, Kind.JPEG, allocate, size_px=size, reduced_by=reduced_by)


def _ends_in_grey(picture: Image.Image) -> bool:
    """Whether the last pixels are what a decoder fills in where no more bytes come."""
    width, height = picture.size
    corner = np.asarray(picture.crop((max(0, width - 2), max(0, height - 2), width, height)))
    return picture.mode in ("L", "RGB") and bool((corner == 128).all())


def _reduce(picture: Image.Image) -> int:
    """Let a JPEG's decoder leave out the finest detail; how many times shorter its sides get."""
    factor = 8
    width, height = picture.size
    while factor > 1 and width * height < factor**2 * LEAST_REDUCED_MEGAPIXELS * 1_000_000:
        factor //= 2
    if factor == 1 or picture.draft(None, (width // factor, height // factor)) is None:
        return 1
    return factor


def _read_unusual_jpeg(data: bytes, allocate: Allocate) -> Picture:
    """A JPEG of 12 or 16 bits, without loss, or of arithmetic coding."""
    try:
        values = imagecodecs.jpeg_decode(data)
    except BROKEN as error:
        raise RejectedImage(
            "This JPEG is of a kind that is not read here, or is damaged. "
            "Save it as an ordinary JPEG, or as PNG or TIFF."
        ) from error
    values = values.reshape(*values.shape[:2], -1)
    bits = jpeg.structure(data).bits
    return _drawn_samples(Samples(values, bits), Kind.JPEG, allocate)


def _read_png(data: bytes, limits: ImageLimits, allocate: Allocate) -> Picture:
    taken = png.parts(data)
    with _opened(taken.data, Kind.PNG, limits) as picture:
        orientation = _orientation(picture)
        if taken.bits < 16:
            picture.load()
            made = _drawn(picture, Kind.PNG, allocate, icc=taken.icc, conversion=taken.conversion)
            return _with(made, taken.told)
    try:
        values = imagecodecs.png_decode(taken.data)
    except BROKEN as error:
        raise (damaged() if taken.is_whole else truncated()) from error
    values = values.reshape(*values.shape[:2], -1)
    has_alpha = values.shape[2] in (2, 4)
    colours = values[..., :-1] if has_alpha else values
    samples = Samples(
        colours,
        16,
        alpha=values[..., -1] if has_alpha else None,
        icc=taken.icc,
        conversion=_for_channels(taken.conversion, colours.shape[2]),
        told=taken.told,
    )
    return _drawn_samples(samples, Kind.PNG, allocate, orientation)


def _read_heic(data: bytes, limits: ImageLimits, allocate: Allocate) -> Picture:
    """Turned already by its own container; what Exif says of it is not asked again."""
    try:
        # 10 and 12 bits become 8 by their full range, as the format defines them.
        opened = pillow_heif.open_heif(io.BytesIO(data), convert_hdr_to_8bit=True)
        width, height = opened.size
        check_size(width, height, limits)
        picture = opened.to_pillow()
    except BROKEN as error:
        raise (truncated() if box_is_cut(data) else damaged("HEIC picture")) from error
    several = len(opened)
    coded = opened.info.get("nclx_profile") or {}
    conversion = by_code(
        int(coded.get("color_primaries", 1)), int(coded.get("transfer_characteristics", 13))
    )
    picture.info.pop("exif", None)
    made = _drawn(picture, Kind.HEIC, allocate, conversion=conversion, orientation=1)
    told = (f"The file holds {several} pictures: its main one is shown",) if several > 1 else ()
    return _with(made, told)


def _drawn(
    picture: Image.Image,
    kind: Kind,
    allocate: Allocate,
    *,
    size_px: tuple[int, int] | None = None,
    reduced_by: int = 1,
    icc: bytes | None = None,
    conversion: Conversion | None = None,
    orientation: int | None = None,
) -> Picture:
    """The pixels of a decoded picture, written band by band.

    Args:
        size_px: as it lies in the file; its own where it is not reduced.
        icc: the profile; Pillow's where nothing is said.
        conversion: of colours where there is no profile.
    """
    turned = _orientation(picture) if orientation is None else orientation
    rgb, rows = canvas(*picture.size, turned, allocate)
    has_alpha = picture.mode in _WITH_ALPHA or "transparency" in picture.info
    is_hidden = has_alpha and not _is_seen(picture)
    profile = picture.info.get("icc_profile") if icc is None else icc
    channels = 4 if picture.mode == "CMYK" else 1 if picture.mode in _GREY and not has_alpha else 3
    colours = _for_channels(conversion, channels) or plain(channels)
    if profile:
        colours = by_profile(profile, channels)
    for top, band in _bands(picture):
        values, alpha = _values(band, channels, has_alpha=has_alpha)
        pixels = colours.apply(values)
        if alpha is not None and not is_hidden:
            pixels = on_white(pixels, alpha)
        rows[top : top + BAND_PX] = pixels
    width, height = size_px or picture.size
    size = (height, width) if turned in (5, 6, 7, 8) else (width, height)
    told = (TRANSPARENT if is_hidden else "", colours.said)
    return Picture(rgb, kind.value, reduced_by, size, tuple(said for said in told if said))


def _drawn_samples(
    samples: Samples, kind: Kind, allocate: Allocate, orientation: int = 1
) -> Picture:
    height, width = samples.values.shape[:2]
    rgb, rows = canvas(width, height, orientation, allocate)
    told = draw(samples, rows)
    return Picture(rgb, kind.value, 1, (rgb.shape[1], rgb.shape[0]), told)


def _with(made: Picture, told: tuple[str, ...]) -> Picture:
    return replace(made, conversions=told + made.conversions)


def _orientation(picture: Image.Image) -> int:
    """As Exif says it; a damaged Exif says nothing."""
    try:
        return int(picture.getexif().get(ExifTags.Base.Orientation, 1))
    except BROKEN:
        return 1


def _for_channels(conversion: Conversion | None, channels: int) -> Conversion | None:
    """A conversion of RGB for a picture of so many channels."""
    if conversion is None or channels == 3:
        return conversion
    if channels != 1:
        return None
    return Conversion(lambda grey: conversion.apply(np.repeat(grey, 3, axis=-1)), conversion.said)


def _bands(picture: Image.Image) -> Iterator[tuple[int, Image.Image]]:
    width, height = picture.size
    for top in range(0, height, BAND_PX):
        band = picture.crop((0, top, width, min(top + BAND_PX, height)))
        if "transparency" in picture.info:
            band.info["transparency"] = picture.info["transparency"]
        yield top, band


def _is_seen(picture: Image.Image) -> bool:
    """Whether anything of a picture with alpha can be seen."""
    return any(band.convert("RGBA").getchannel("A").getbbox() for _, band in _bands(picture))


def _values(
    band: Image.Image, channels: int, *, has_alpha: bool
) -> tuple[np.ndarray, np.ndarray | None]:
    """Channels of a band, shape (H, W, C), and its alpha, shape (H, W)."""
    if has_alpha:
        values = np.asarray(band.convert("RGBA"))
        return values[..., :3], values[..., 3]
    mode = {1: "L", 3: "RGB", 4: "CMYK"}[channels]
    values = np.asarray(band if band.mode == mode else band.convert(mode))
    return values.reshape(band.height, band.width, channels), None
