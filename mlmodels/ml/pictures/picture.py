"""A decoded picture, and how much of one is read."""

from __future__ import annotations

import threading
from dataclasses import dataclass

import numpy as np

# A picture of 50 megapixels fills some hundred megabytes while it is decoded: whoever decodes for
# people, of whom many ask at once, holds one of these two places meanwhile.
ROOM_FOR_PIXELS = threading.BoundedSemaphore(2)


@dataclass(frozen=True)
class ImageLimits:
    """What is read at most.

    Args:
        max_bytes: size of the file, in bytes.
        max_megapixels: width times height, in millions of pixels.
    """

    max_bytes: int = 25 * 1024 * 1024
    max_megapixels: float = 50.0


@dataclass(frozen=True)
class Picture:
    """A decoded picture and what is known of its file.

    Args:
        rgb: uint8 array, shape (H, W, 3), 0 to 255, oriented as a person would see it.
        media_type: what the bytes really are, e.g. "image/png".
        reduced_by: the file's own sides are so many times longer, 1, 2, 4 or 8.
        size_px: width and height that the oriented picture has in its file.
    """

    rgb: np.ndarray
    media_type: str
    reduced_by: int
    size_px: tuple[int, int]

    @property
    def width_px(self) -> int:
        """Width of the oriented picture in its file."""
        return self.size_px[0]

    @property
    def height_px(self) -> int:
        """Height of the oriented picture in its file."""
        return self.size_px[1]
