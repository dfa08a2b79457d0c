"""From bytes to pixels: which files are pictures, and what their pixels are.

Decodes, orients and converts. It judges nothing about blood: that is `quality` and `localize`.
"""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

from mlmodels.ml.errors import RejectedImage
from mlmodels.ml.pictures.picture import ImageLimits, Picture

ACCEPTED = "Upload a JPEG, PNG, TIFF, BMP or WebP picture."

# Pillow's format names. MPO is what many phones write: a JPEG with further pictures behind it;
# Pillow's JPEG reader opens it.
_MEDIA_TYPES = {
    "JPEG": "image/jpeg",
    "MPO": "image/jpeg",
    "PNG": "image/png",
    "TIFF": "image/tiff",
    "BMP": "image/bmp",
    "WEBP": "image/webp",
}
# Pillow's decoders raise many kinds for broken bytes; all of them mean the same here.
_BROKEN = (
    OSError,
    ValueError,
    SyntaxError,
    EOFError,
    LookupError,
    OverflowError,
    TypeError,
    struct.error,
    zlib.error,
)
_DECODERS = [name for name in _MEDIA_TYPES if name != "MPO"]
# A JPEG is decoded at half its sides, and again, while so much of it is left: a fourth of the
# time, and more than the located cells are shown at (docs/model/speed.md).
LEAST_REDUCED_MEGAPIXELS = 2.5
# Orientations of EXIF in which width and height change places.
_LYING = {5, 6, 7, 8}
# Rows that are converted at a time.
_BAND_PX = 256
# Brands of the ISO base media container that mean HEIC, HEIF or AVIF (ISO/IEC 23008-12).
_HEIF_BRANDS = {b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1", b"avif"}


def read_picture(
    data: bytes, limits: ImageLimits = ImageLimits(), *, may_reduce: bool = False
) -> Picture:
    """Decode bytes into an oriented 8-bit RGB picture, or say in a sentence why not.

    Args:
        data: the whole file.
        limits: bytes and megapixels, checked before a pixel is decoded.
        may_reduce: decode a large JPEG at a half, a fourth or an eighth of its sides, so that
            at least `LEAST_REDUCED_MEGAPIXELS` are left.

    Returns:
        The picture; orientation of EXIF applied, CMYK, palette, 16 bit and alpha converted.

    Raises:
        RejectedImage: the bytes are empty, too large, not a picture, broken, animated, or
            have too many pixels.
    """
    if not data:
        raise RejectedImage("The file is empty. Upload the picture again.")
    if len(data) > limits.max_bytes:
        raise RejectedImage(
            f"The file is larger than {limits.max_bytes / 1024**2:.0f} MB. "
            "Save it with stronger compression, or crop it."
        )
    _refuse_known_formats(data)
    return _load(data, _check(data, limits), may_reduce)


def decode_image(data: bytes, limits: ImageLimits = ImageLimits()) -> np.ndarray:
    """The pixels alone of `read_picture`.

    Args:
        data: the whole file.
        limits: bytes and megapixels.

    Returns:
        uint8 array, shape (H, W, 3), 0 to 255, oriented RGB.

    Raises:
        RejectedImage: as `read_picture`.
    """
    return read_picture(data, limits).rgb


def _refuse_known_formats(data: bytes) -> None:
    """Name the formats people really send that we do not read, so that the sentence helps them."""
    head = data[:512].lstrip().lower()
    if data[4:8] == b"ftyp" and data[8:12] in _HEIF_BRANDS:
        raise RejectedImage(
            "This is a HEIC picture, which is not read here. Set the phone's camera to "
            "'most compatible', or save the picture as JPEG."
        )
    if head.startswith((b"<svg", b"<?xml", b"<!doctype", b"<html")):
        raise RejectedImage(f"This is a drawing or a text file, not a photograph. {ACCEPTED}")
    if data[:2] == b"MZ" or data[:4] == b"\x7fELF":
        raise RejectedImage(f"This is a program, not a picture. {ACCEPTED}")
    if data[:5] == b"%PDF-":
        raise RejectedImage(f"This is a PDF document, not a picture. {ACCEPTED}")
    if data[:6] in (b"GIF87a", b"GIF89a"):
        raise RejectedImage(f"GIF pictures have too few colours for a blood film. {ACCEPTED}")


def _check(data: bytes, limits: ImageLimits) -> str:
    """Read the header, refuse what is too large or moves, and let the decoder verify the file."""
    try:
        with Image.open(io.BytesIO(data), formats=_DECODERS) as picture:
            _check_size(picture, limits)
            _check_frames(picture)
            media_type = _MEDIA_TYPES[str(picture.format)]
            picture.verify()
    except Image.DecompressionBombError as error:
        raise _too_many_pixels(limits) from error
    except UnidentifiedImageError as error:
        raise RejectedImage(f"This is not a picture that can be read. {ACCEPTED}") from error
    except _BROKEN as error:
        raise _damaged() from error
    return media_type


def _check_size(picture: Image.Image, limits: ImageLimits) -> None:
    width, height = picture.size
    if width < 1 or height < 1:
        raise _damaged()
    if width * height > limits.max_megapixels * 1_000_000:
        raise _too_many_pixels(limits)


def _check_frames(picture: Image.Image) -> None:
    if picture.format == "MPO" or getattr(picture, "n_frames", 1) == 1:
        return
    if picture.format == "TIFF":
        raise RejectedImage("This TIFF has several pages. Save the page you need as one picture.")
    raise RejectedImage("This is an animation. Upload a single still picture.")


def _load(data: bytes, media_type: str, may_reduce: bool) -> Picture:
    """Really decode: `verify` alone passes a JPEG whose end is missing."""
    try:
        with Image.open(io.BytesIO(data), formats=_DECODERS) as picture:
            size = picture.size
            reduced_by = _reduce(picture) if may_reduce else 1
            picture.load()
            if picture.getexif().get(ExifTags.Base.Orientation) in _LYING:
                size = size[::-1]
            # Turned in place and converted band by band: a copy of 50 megapixels is 200 MB.
            ImageOps.exif_transpose(picture, in_place=True)
            return Picture(_to_rgb(picture), media_type, reduced_by, size)
    except _BROKEN as error:
        raise _damaged() from error


def _reduce(picture: Image.Image) -> int:
    """Let a JPEG's decoder leave out the finest detail; how many times shorter its sides get."""
    factor = 8
    width, height = picture.size
    while factor > 1 and width * height < factor**2 * LEAST_REDUCED_MEGAPIXELS * 1_000_000:
        factor //= 2
    # Only JPEG has a draft; other formats answer None and are read whole.
    if factor == 1 or picture.draft(None, (width // factor, height // factor)) is None:
        return 1
    return factor


def _to_rgb(picture: Image.Image) -> np.ndarray:
    """8-bit RGB of any mode, shape (H, W, 3)."""
    width, height = picture.size
    rgb = np.empty((height, width, 3), np.uint8)
    is_deep = picture.mode.startswith("I;16") or picture.mode in ("I", "F")
    full_scale = _full_scale(picture) if is_deep else 255.0
    for top in range(0, height, _BAND_PX):
        bottom = min(top + _BAND_PX, height)
        band = picture.crop((0, top, width, bottom))
        if is_deep:
            grey = (_numbers(band) / full_scale * 255.0).round().astype(np.uint8)
            rgb[top:bottom] = grey[..., np.newaxis]
        else:
            rgb[top:bottom] = np.asarray(_without_alpha(band))
    return rgb


def _without_alpha(picture: Image.Image) -> Image.Image:
    """RGB; transparent parts become white, as a blood film's background is."""
    if picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info:
        rgba = picture.convert("RGBA")
        white = Image.new("RGBA", rgba.size, (255, 255, 255, 255))
        return Image.alpha_composite(white, rgba).convert("RGB")
    return picture.convert("RGB")


def _full_scale(picture: Image.Image) -> float:
    """What becomes 255: all of 16 bit; of what is wider or real its own largest value."""
    width, height = picture.size
    bands = (
        picture.crop((0, top, width, min(top + _BAND_PX, height)))
        for top in range(0, height, _BAND_PX)
    )
    top = max(float(_numbers(band).max(initial=0.0)) for band in bands)
    return 65535.0 if 255.0 < top <= 65535.0 else max(top, 255.0)


def _numbers(picture: Image.Image) -> np.ndarray:
    """The values of a deep grey picture, none below zero and none without end."""
    values = np.asarray(picture).astype(np.float64)
    return np.nan_to_num(values, posinf=0.0, neginf=0.0).clip(min=0)


def _too_many_pixels(limits: ImageLimits) -> RejectedImage:
    return RejectedImage(
        f"The picture has more than {limits.max_megapixels:g} megapixels. "
        "Reduce it, or crop the field."
    )


def _damaged() -> RejectedImage:
    return RejectedImage(
        "The picture is damaged: it cannot be decoded to its end. Copy or export it again."
    )
