"""Our own pictures of a picture, for showing on a page."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image


def encode_rendition(rgb: np.ndarray, *, max_side_px: int, quality: int = 93) -> bytes:
    """Our own JPEG of a picture, without any metadata, for showing on a page.

    Args:
        rgb: uint8 array, shape (H, W, 3), 0 to 255.
        max_side_px: the longer side is reduced to this; smaller pictures keep their size.
        quality: JPEG quality, 1 to 95.

    Returns:
        The bytes of a JPEG.
    """
    picture = Image.fromarray(rgb)
    picture.thumbnail((max_side_px, max_side_px), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    picture.save(buffer, format="JPEG", quality=quality, subsampling=0)
    return buffer.getvalue()
