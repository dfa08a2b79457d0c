"""From bytes to pixels: which files are pictures, and what their pixels are.

Decodes, orients and converts. It judges nothing about blood: that is `inference`.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np

from mlmodels.ml.errors import RejectedImage
from mlmodels.ml.pictures.formats import Kind, kind_of
from mlmodels.ml.pictures.ordinary import BROKEN, read_ordinary
from mlmodels.ml.pictures.picture import Allocate, ImageLimits, Picture, empty_pixels
from mlmodels.ml.pictures.refusals import damaged, too_many_bytes
from mlmodels.ml.pictures.tiff import read_tiff


class ReadPicture(Protocol):
    """`read_picture`, here or in a child."""

    def __call__(
        self, data: bytes, limits: ImageLimits = ..., *, may_reduce: bool = ...
    ) -> Picture: ...


def read_picture(
    data: bytes,
    limits: ImageLimits = ImageLimits(),
    *,
    may_reduce: bool = False,
    allocate: Allocate = empty_pixels,
) -> Picture:
    """Decode bytes into an oriented 8-bit sRGB picture, or say in a sentence why not.

    Args:
        data: the whole file.
        limits: bytes and megapixels, checked before a pixel is decoded.
        may_reduce: decode a large JPEG at a half, a fourth or an eighth of its sides, so that
            at least 2.5 megapixels are left.
        allocate: gives the array that pixels are written to, by its shape.

    Returns:
        The picture and what was converted: orientation, colours, depth, alpha, inks, channels.

    Raises:
        RejectedImage: the bytes are empty, too large, not a picture, broken, truncated, animated,
            or have too many pixels.
    """
    if not data:
        raise RejectedImage("The file is empty. Upload the picture again.")
    if len(data) > limits.max_bytes:
        raise too_many_bytes(limits)
    kind = kind_of(data)
    try:
        if kind is Kind.TIFF:
            return read_tiff(data, limits, allocate=allocate)
        return read_ordinary(data, kind, limits, may_reduce=may_reduce, allocate=allocate)
    except BROKEN as error:
        raise damaged() from error


def decode_image(data: bytes, limits: ImageLimits = ImageLimits()) -> np.ndarray:
    """The pixels alone of `read_picture`.

    Args:
        data: the whole file.
        limits: bytes and megapixels.

    Returns:
        uint8 array, shape (H, W, 3), 0 to 255, oriented sRGB.

    Raises:
        RejectedImage: as `read_picture`.
    """
    return read_picture(data, limits).rgb
