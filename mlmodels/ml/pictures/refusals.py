"""The sentences with which a file is refused."""

from __future__ import annotations

from mlmodels.ml.errors import RejectedImage
from mlmodels.ml.pictures.picture import ImageLimits

ACCEPTED = "Upload a JPEG, PNG, TIFF, BMP, WebP, HEIC or AVIF picture."


def too_many_bytes(limits: ImageLimits) -> RejectedImage:
    """The file is larger than is read."""
    return RejectedImage(
        f"The file is larger than {limits.max_bytes / 1024**2:.0f} MB. "
        "Save it with stronger compression, or crop it."
    )


def too_many_pixels(limits: ImageLimits) -> RejectedImage:
    """The picture has more pixels than are read."""
    return RejectedImage(
        f"The picture has more than {limits.max_megapixels:g} megapixels. "
        "Reduce it, or crop the field."
    )


def truncated() -> RejectedImage:
    """The file ends before its last pixels."""
    return RejectedImage(
        "The picture is truncated: the file ends before all of its pixels. Copy or export it again."
    )


def damaged(what: str = "picture") -> RejectedImage:
    """The file is all there, but its bytes are not those that were written.

    Args:
        what: the kind of picture, e.g. "HEIC picture".
    """
    return RejectedImage(
        f"The {what} is damaged: it cannot be decoded to its end. Copy or export it again."
    )


def too_much_memory() -> RejectedImage:
    """Decoding would fill more memory than one picture is given."""
    return RejectedImage(
        "The picture needs more memory than one picture is given. "
        "Save it with 8 bits a channel, or crop the field."
    )


def too_slow(seconds: float) -> RejectedImage:
    """Decoding did not come to an end in time."""
    return RejectedImage(
        f"The picture was not decoded within {seconds:g} s. "
        "Save it anew as PNG or TIFF, or crop the field."
    )


def ends_the_decoder() -> RejectedImage:
    """The decoder's process ended over this file, twice."""
    return RejectedImage(
        "The picture is damaged in a way that ends its decoder. Copy or export it again."
    )


def no_picture() -> RejectedImage:
    """The bytes are nothing that is known."""
    return RejectedImage(f"This is not a picture that can be read. {ACCEPTED}")


def check_size(width_px: int, height_px: int, limits: ImageLimits) -> None:
    """Refuse a picture without pixels, or with too many, before one of them is decoded.

    Raises:
        RejectedImage: it has none, or more than the limit.
    """
    if width_px < 1 or height_px < 1:
        raise damaged()
    if width_px * height_px > limits.max_megapixels * 1_000_000:
        raise too_many_pixels(limits)
