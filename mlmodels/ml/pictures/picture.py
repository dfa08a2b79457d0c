"""A decoded picture, and how much of one is read."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

# A picture of 50 megapixels fills some hundred megabytes while it is decoded: whoever decodes for
# people, of whom many ask at once, holds one of these two places meanwhile.
PLACES_FOR_PIXELS = 2
ROOM_FOR_PIXELS = threading.BoundedSemaphore(PLACES_FOR_PIXELS)

# Rows that are converted at a time: what is between the file's pixels and ours stays small.
BAND_PX = 256

# Gives the array that pixels are written to, by its shape (H, W, 3).
Allocate = Callable[[tuple[int, int, int]], np.ndarray]


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
        rgb: uint8 array, shape (H, W, 3), 0 to 255, sRGB, oriented as a person would see it.
        media_type: what the bytes really are, e.g. "image/png".
        reduced_by: the file's own sides are so many times longer, 1, 2, 4 or 8.
        size_px: width and height that the oriented picture has in its file.
        conversions: what had to be converted or chosen, in sentences for a person.
    """

    rgb: np.ndarray
    media_type: str
    reduced_by: int
    size_px: tuple[int, int]
    conversions: tuple[str, ...] = ()

    @property
    def width_px(self) -> int:
        """Width of the oriented picture in its file."""
        return self.size_px[0]

    @property
    def height_px(self) -> int:
        """Height of the oriented picture in its file."""
        return self.size_px[1]


def empty_pixels(shape: tuple[int, int, int]) -> np.ndarray:
    """An array to write pixels to, in the memory of this process."""
    return np.empty(shape, np.uint8)


def canvas(
    width_px: int, height_px: int, orientation: int, allocate: Allocate
) -> tuple[np.ndarray, np.ndarray]:
    """Where the pixels of a picture are written.

    Args:
        width_px, height_px: as the pixels lie in the file.
        orientation: 1 to 8, as Exif and TIFF count it; any other is taken for 1.
        allocate: gives the array.

    Returns:
        The oriented array, and a view of it in which the file's rows are rows.
    """
    lies = orientation in (5, 6, 7, 8)
    height, width = (width_px, height_px) if lies else (height_px, width_px)
    rgb = allocate((height, width, 3))
    rows = {
        2: lambda: rgb[:, ::-1],
        3: lambda: rgb[::-1, ::-1],
        4: lambda: rgb[::-1],
        5: lambda: rgb.transpose(1, 0, 2),
        6: lambda: np.rot90(rgb, 1),
        7: lambda: rgb[::-1, ::-1].transpose(1, 0, 2),
        8: lambda: np.rot90(rgb, -1),
    }.get(orientation, lambda: rgb)()
    return rgb, rows
