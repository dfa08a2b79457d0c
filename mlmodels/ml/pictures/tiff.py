"""TIFF by tifffile and imagecodecs: any layout, number type and photometric with a meaning."""

from __future__ import annotations

import io
import logging
import struct

import numpy as np
from PIL import Image, TiffImagePlugin
from tifffile import TiffFile, TiffPage
from tifffile.tifffile import COMPRESSION, PHOTOMETRIC, TiffFileError

from mlmodels.ml.errors import RejectedImage
from mlmodels.ml.pictures.formats import Kind
from mlmodels.ml.pictures.ordinary import BROKEN
from mlmodels.ml.pictures.picture import Allocate, ImageLimits, Picture, canvas
from mlmodels.ml.pictures.refusals import damaged, truncated
from mlmodels.ml.pictures.samples import Samples, draw
from mlmodels.ml.pictures.tiff_channels import (
    Channels,
    draw_channels,
    imagej_channels,
    ome_channels,
    refuse_stack,
)
from mlmodels.ml.pictures.tiff_pages import ChosenPage, choose_page, largest_level, refuse_raw
from mlmodels.ml.pictures.tiff_samples import (
    APERIO_YCBCR,
    SAVE_AS,
    declared_range,
    meant_by,
    profile_of,
)

# It tells of every odd tag; what matters is a sentence of ours.
logging.getLogger("tifffile").setLevel(logging.CRITICAL)

_ORIENTATION = 274
# Of these a decoder gives red, green and blue; Aperio's is converted by us.
_COLOURED = {
    COMPRESSION.JPEG,
    COMPRESSION.ALT_JPEG,
    COMPRESSION.WEBP,
    COMPRESSION.JPEGXL,
    COMPRESSION.JPEGXL_DNG,
    APERIO_YCBCR,
}
# It reads a TIFF only here, for what its own decoder does not know.
TiffImagePlugin.READ_LIBTIFF = True
_OLD_JPEG = 6
# So many lead to one another at most; more pages are refused in any case.
_MOST_DIRECTORIES = 64


def read_tiff(data: bytes, limits: ImageLimits, *, allocate: Allocate) -> Picture:
    """Decode a TIFF.

    Args:
        data: the whole file.
        limits: of megapixels, checked before a pixel is decoded.
        allocate: gives the array that pixels are written to.

    Raises:
        RejectedImage: it is a camera's raw file, a stack, truncated, damaged, too large, or of a
            kind that has no meaning here; the sentence names which.
    """
    try:
        if _is_cut(data):
            raise truncated()
        with TiffFile(io.BytesIO(data)) as tif:
            refuse_raw(tif, data)
            found = _channels(tif, data, limits)
            if found is not None:
                height, width = found.values.shape[1:]
                rgb, rows = canvas(width, height, 1, allocate)
                return _picture(rgb, draw_channels(found, rows))
            chosen = _chosen(tif, limits)
            return _read_page(tif, chosen, data, allocate)
    except (*BROKEN, TiffFileError) as error:
        raise damaged() from error


def _channels(tif: TiffFile, data: bytes, limits: ImageLimits) -> Channels | None:
    if tif.is_imagej:
        return imagej_channels(tif, data, limits)
    if tif.is_ome:
        return ome_channels(tif, data, limits)
    return None


def _chosen(tif: TiffFile, limits: ImageLimits) -> ChosenPage:
    if tif.is_stk:
        refuse_stack(tif.series[0].axes, tif.series[0].shape)
    if tif.is_ome or tif.is_imagej:
        return largest_level(tif, limits)
    return choose_page(tif, limits)


def _read_page(tif: TiffFile, chosen: ChosenPage, data: bytes, allocate: Allocate) -> Picture:
    page = chosen.page
    orientation = int(page.tags.valueof(_ORIENTATION, 1))
    if _is_for_libtiff(page):
        # Pillow turns it as it loads.
        orientation = 1
        samples = Samples(_by_libtiff(tif, page, data), 8, icc=profile_of(page), told=chosen.told)
    else:
        values = _page_values(page, data)
        samples = meant_by(page, values, declared_range(tif, page, values), chosen.told)
    height, width = samples.values.shape[:2]
    rgb, rows = canvas(width, height, orientation, allocate)
    return _picture(rgb, draw(samples, rows))


def _picture(rgb: np.ndarray, told: tuple[str, ...]) -> Picture:
    return Picture(rgb, Kind.TIFF.value, 1, (rgb.shape[1], rgb.shape[0]), told)


def _is_for_libtiff(page: TiffPage) -> bool:
    """Whether brightness and colour lie apart without JPEG, or in JPEG's old way."""
    if int(page.compression) == _OLD_JPEG:
        return True
    return page.photometric == PHOTOMETRIC.YCBCR and page.compression not in _COLOURED


def _by_libtiff(tif: TiffFile, page: TiffPage, data: bytes) -> np.ndarray:
    """RGB by Pillow, whose libtiff knows these."""
    _check_segments(page, data)
    try:
        with Image.open(io.BytesIO(data), formats=["TIFF"]) as picture:
            picture.seek(next((at for at, known in enumerate(tif.pages) if known is page), 0))
            if picture.width * picture.height == page.imagewidth * page.imagelength:
                return np.asarray(picture.convert("RGB"))
    except BROKEN as error:
        raise RejectedImage(
            "This TIFF keeps brightness and colour apart in a way that is not read here, or is "
            f"damaged. {SAVE_AS}"
        ) from error
    raise damaged()


def _check_segments(page: TiffPage, data: bytes) -> None:
    """Refuse a page of whose strips or tiles the file does not hold all."""
    offsets, counts = page.dataoffsets, page.databytecounts
    if not offsets or len(offsets) != len(counts) or min(*offsets, *counts) <= 0:
        raise truncated()
    if max(at + size for at, size in zip(offsets, counts, strict=True)) > len(data):
        raise truncated()


def _page_values(page: TiffPage, data: bytes) -> np.ndarray:
    """All samples of a page, shape (H, W, C), each strip or tile checked."""
    separate, depth, height, width, contiguous = page.shaped
    if depth != 1:
        raise RejectedImage(
            f"This TIFF is a volume of {depth} planes. Save the one you need as one picture."
        )
    _refuse_unreadable(page)
    _check_segments(page, data)
    if len(page.dataoffsets) < int(np.prod(page.chunked)) and not page.is_contiguous:
        raise truncated()
    values = np.zeros((separate, height, width, contiguous), page.dtype)
    done, tables = 0, {"jpegtables": page.jpegtables, "jpegheader": page.jpegheader}
    for index, (at, size) in enumerate(zip(page.dataoffsets, page.databytecounts, strict=True)):
        segment, place, _ = page.decode(data[at : at + size], index, **tables)
        plane, _, top, left, _ = place
        if plane >= separate or segment is None:
            break
        bottom, right = min(top + segment.shape[1], height), min(left + segment.shape[2], width)
        values[plane, top:bottom, left:right] = segment[0, : bottom - top, : right - left]
        done += (bottom - top) * (right - left)
    if done < separate * height * width:
        raise truncated()
    if separate == 1:
        return values[0]
    return np.moveaxis(values[..., 0], 0, -1)


def _refuse_unreadable(page: TiffPage) -> None:
    if page.dtype is None or page.dtype.kind not in "buif":
        raise RejectedImage(f"This TIFF holds numbers of a kind that no picture has. {SAVE_AS}")
    known = {int(code) for code in COMPRESSION}
    code = int(page.compression)
    name = COMPRESSION(code).name if code in known else f"number {code}"
    try:
        page.decode(None, 0)
    except (ValueError, NotImplementedError) as error:
        raise RejectedImage(
            f"This TIFF is compressed in a way that is not read here ({name}). "
            "Save it without compression, or with LZW."
        ) from error


def _is_cut(data: bytes) -> bool:
    """Whether a directory of the file, one of which leads to the next, lies behind its end."""
    order = "<" if data[:2] == b"II" else ">"
    is_big = data[2:4] in (b"+\0", b"\0+")
    count, place, entry = ("Q", "Q", 20) if is_big else ("H", "I", 12)
    at, seen = 8 if is_big else 4, set[int]()
    try:
        while len(seen) < _MOST_DIRECTORIES:
            (at,) = struct.unpack_from(order + place, data, at)
            if at == 0 or at in seen:
                return not seen
            seen.add(at)
            (entries,) = struct.unpack_from(order + count, data, at)
            at += struct.calcsize(count) + entry * entries
    except struct.error:
        return True
    return False
