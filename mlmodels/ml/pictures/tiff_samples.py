"""What the samples of a TIFF's page mean: colours, alpha, the range of their values."""

from __future__ import annotations

import numpy as np
from PIL import Image
from tifffile import TiffFile, TiffPage
from tifffile.tifffile import PHOTOMETRIC

from mlmodels.ml.errors import RejectedImage
from mlmodels.ml.pictures.refusals import damaged
from mlmodels.ml.pictures.samples import Samples
from mlmodels.ml.pictures.tiff_channels import imagej_range, ome_range

SAVE_AS = "Save it as RGB of 8 or 16 bits, or as PNG."
# JPEG 2000 whose decoder gives brightness and colour as they are.
APERIO_YCBCR = 33003

_ICC, _INK_SET = 34675, 332
_ASSOCIATED, _UNASSOCIATED = 1, 2
_LAB: dict[int, str] = {
    PHOTOMETRIC.CIELAB: "signed",
    PHOTOMETRIC.ICCLAB: "offset",
}
_CHANNELS: dict[int, int] = {
    PHOTOMETRIC.MINISWHITE: 1,
    PHOTOMETRIC.MINISBLACK: 1,
    PHOTOMETRIC.RGB: 3,
    PHOTOMETRIC.YCBCR: 3,
    PHOTOMETRIC.CIELAB: 3,
    PHOTOMETRIC.ICCLAB: 3,
    PHOTOMETRIC.SEPARATED: 4,
}


def profile_of(page: TiffPage) -> bytes:
    """The ICC profile; empty where there is none."""
    value = page.tags.valueof(_ICC, b"")
    return value if isinstance(value, bytes) else b"damaged"


def declared_range(tif: TiffFile, page: TiffPage, values: np.ndarray) -> tuple[float, float] | None:
    """The range that the file says its values have, where that can be one.

    ImageJ's is the range that was on the screen. Of the others some programs write the smallest
    and the largest value that occur: those are no range, and one that not all fit is none.
    """
    if tif.is_imagej:
        return imagej_range(tif)
    said = ome_range(tif) if tif.is_ome else _tagged_range(page)
    if said is None:
        return None
    found = float(values.min(initial=0)), float(values.max(initial=0))
    holds_all = said[0] <= found[0] and found[1] <= said[1]
    return said if holds_all and said != found else None


def _tagged_range(page: TiffPage) -> tuple[float, float] | None:
    """By SMinSampleValue and SMaxSampleValue, else MinSampleValue and MaxSampleValue."""
    for lowest, highest in ((340, 341), (280, 281)):
        low, high = (page.tags.valueof(tag) for tag in (lowest, highest))
        if high is not None:
            highs, lows = np.atleast_1d(high), np.atleast_1d(0 if low is None else low)
            return float(lows.min()), float(highs.max())
    return None


def meant_by(
    page: TiffPage,
    values: np.ndarray,
    declared: tuple[float, float] | None,
    told: tuple[str, ...],
) -> Samples:
    """A page's values as a picture.

    Args:
        page: of the file.
        values: array, shape (H, W, C), of any number type.
        declared: smallest and largest value as the file says them.
        told: sentences about what was chosen so far.

    Raises:
        RejectedImage: its colours have no meaning here.
    """
    photometric, bits = page.photometric, int(np.max(page.bitspersample))
    icc = profile_of(page)
    if photometric == PHOTOMETRIC.PALETTE:
        return Samples(_by_palette(page, values), 8, icc=icc, told=told)
    count = _CHANNELS.get(photometric)
    if photometric == PHOTOMETRIC.YCBCR and int(page.compression) == APERIO_YCBCR:
        values = np.asarray(Image.fromarray(values, "YCbCr").convert("RGB"))
    if count is None:
        raise RejectedImage(f"This TIFF's colours are of a kind that is not read here. {SAVE_AS}")
    if count == 1 and values.shape[2] >= 3:
        count = 3
        told += ("Three channels of which the file does not say the colours: as red, green, blue",)
    if values.shape[2] < count:
        raise RejectedImage(f"This TIFF has too few channels for its colours. {SAVE_AS}")
    if count == 4 and int(page.tags.valueof(_INK_SET, 1)) != 1:
        raise RejectedImage(f"This TIFF has other inks than those of print (CMYK). {SAVE_AS}")
    alpha, is_associated = _alpha_of(page, values, count)
    if values.shape[2] > count + (alpha is not None):
        told += ("Further channels in the file are not shown",)
    return Samples(
        values[..., :count],
        bits,
        alpha=alpha,
        is_associated=is_associated,
        is_inverted=photometric == PHOTOMETRIC.MINISWHITE,
        lab=_LAB.get(photometric, ""),
        declared=declared,
        icc=icc,
        told=told,
    )


def _alpha_of(page: TiffPage, values: np.ndarray, count: int) -> tuple[np.ndarray | None, bool]:
    """The channel that says what is transparent; a further one that says nothing is none."""
    for place, kind in enumerate(page.extrasamples):
        if int(kind) in (_ASSOCIATED, _UNASSOCIATED) and count + place < values.shape[2]:
            return values[..., count + place], int(kind) == _ASSOCIATED
    return None, False


def _by_palette(page: TiffPage, values: np.ndarray) -> np.ndarray:
    colours = page.colormap
    if colours is None or colours.ndim != 2 or values.dtype.kind not in "bu":
        raise damaged()
    # By the standard of 16 bits; some write 8.
    table = (colours if colours.max(initial=0) < 256 else colours // 256).astype(np.uint8).T
    index = values[..., 0].astype(np.intp)
    if index.max(initial=0) >= len(table):
        raise damaged()
    return table[index]
