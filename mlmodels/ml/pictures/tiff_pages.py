"""Which page of a TIFF is the picture: never a preview, a mask, or one plane of many."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
from tifffile import TiffFile, TiffFrame, TiffPage
from tifffile.tifffile import TiffFileError

from mlmodels.ml.errors import RejectedImage
from mlmodels.ml.pictures.formats import raw_file
from mlmodels.ml.pictures.picture import ImageLimits
from mlmodels.ml.pictures.refusals import check_size, too_many_pixels, truncated

# Tags and their values of TIFF 6.0, TIFF/EP (ISO 12234-2) and DNG 1.7.
_DNG_VERSION, _CFA_PATTERN = 50706, 33422
_OF_A_SENSOR = {32803, 34892}
_RAW_COMPRESSIONS = {32767, 32769, 32770, 34713, 65535}
_REDUCED, _MASK = 1, 4
_MASK_PHOTOMETRIC = 4
_MAKERS = {
    "nikon": "NEF",
    "sony": "ARW",
    "canon": "CR2",
    "pentax": "PEF",
    "samsung": "SRW",
    "olympus": "ORF",
    "panasonic": "RW2",
    "fujifilm": "RAF",
}
# Sides of one field at another size: what rounding to whole pixels moves.
_SAME_ASPECT = 0.02
# Levels by which a reduced copy may differ on average; another field differs by some 40.
_SAME_FIELD_LEVELS = 14
# How a reduced copy follows its field, as a correlation; two fields of one film follow each other
# by less than 0.2. Where nothing but ground is in sight, by fewer levels than these, nothing can.
_SAME_FIELD_CORRELATION = 0.6
_EMPTY_LEVELS = 1.0
# More pages are a stack, whatever they are.
_MOST_PAGES = 64


@dataclass(frozen=True)
class ChosenPage:
    """The page that is shown.

    Args:
        page: of the file, or one of its reduced copies.
        told: sentences about what was chosen.
    """

    page: TiffPage
    told: tuple[str, ...] = ()


def every_page(tif: TiffFile) -> Iterator[TiffPage]:
    """Pages, each before those that stand below it."""
    for page in _at_most(tif.pages):
        yield page
        yield from _at_most(page.pages)


def _at_most(pages: Iterable[TiffPage | TiffFrame] | None) -> Iterator[TiffPage]:
    for page in islice(pages or (), _MOST_PAGES):
        # A frame is a page of which only the place was read; none is asked for.
        if isinstance(page, TiffPage):
            yield page


def refuse_raw(tif: TiffFile, data: bytes) -> None:
    """Refuse what a camera's sensor wrote; its preview is not the photograph.

    Raises:
        RejectedImage: it is a DNG, NEF, ARW or the like.
    """
    if data[8:10] == b"CR":
        raise raw_file("CR2")
    maker = ""
    for page in every_page(tif):
        maker = maker or str(page.tags.valueof(271, "")).lower()
        if _DNG_VERSION in page.tags:
            raise raw_file("DNG")
        if (
            int(page.tags.valueof(262, 0)) in _OF_A_SENSOR
            or _CFA_PATTERN in page.tags
            or int(page.compression) in _RAW_COMPRESSIONS
        ):
            named = (name for known, name in _MAKERS.items() if known in maker)
            raise raw_file(next(named, "camera raw"))


def choose_page(tif: TiffFile, limits: ImageLimits) -> ChosenPage:
    """The picture among the pages, at the largest size that may be read.

    Raises:
        RejectedImage: the pages are a stack or different pictures, or all are too large.
    """
    pages = list(_at_most(tif.pages))
    if not pages:
        raise truncated()
    if tif.is_svs or tif.is_ndpi or tif.is_philips or tif.is_scn or tif.is_bif or tif.is_qpi:
        # As tifffile knows the ways of the makers of slide scanners.
        return largest_level(tif, limits)
    full = [page for page in pages if not _is_marked(page)] or pages[:1]
    main = max(full, key=_area)
    others = [page for page in full if page is not main]
    marked = [page for page in pages if _is_marked(page) and page is not main]
    levels = [page for page in (*marked, *_at_most(main.pages)) if _is_level(page, main)]
    unmarked = [page for page in others if _is_reduced_copy(page, main, limits)]
    if len(unmarked) < len(others):
        raise _several(len(pages))
    chosen = _largest_readable([main, *levels, *unmarked], limits)
    return ChosenPage(chosen, _told(chosen, main, [*levels, *unmarked], pages))


def _is_marked(page: TiffPage) -> bool:
    """Whether a page says itself that it is no picture of its own."""
    return bool(int(page.subfiletype or 0) & _REDUCED) or _is_mask(page)


def _is_mask(page: TiffPage) -> bool:
    is_said = int(page.subfiletype or 0) & _MASK
    return bool(is_said) or int(page.photometric or 0) == _MASK_PHOTOMETRIC


def _area(page: TiffPage) -> int:
    return int(page.imagewidth) * int(page.imagelength)


def _is_level(page: TiffPage, main: TiffPage) -> bool:
    """Whether a page may be the main one at another size, by its sides and colours."""
    if _is_mask(page) or not page.imagewidth or not page.imagelength:
        return False
    aspect = page.imagewidth / page.imagelength / (main.imagewidth / main.imagelength)
    rounding = 1 / min(page.imagewidth, page.imagelength)
    return abs(aspect - 1) <= max(_SAME_ASPECT, rounding) and _area(page) < _area(main)


def _is_reduced_copy(page: TiffPage, main: TiffPage, limits: ImageLimits) -> bool:
    """Whether a page that does not say so shows the field of the main one, smaller."""
    if not _is_level(page, main) or page.samplesperpixel != main.samplesperpixel:
        return False
    if _area(main) > limits.max_megapixels * 1_000_000:
        # What cannot be compared: a page of the same shape, at half its sides or below.
        return 4 * _area(page) <= 1.1 * _area(main)
    try:
        large, small = main.asarray(maxworkers=1), page.asarray(maxworkers=1)
    except (ValueError, RuntimeError, TiffFileError):
        return False
    if large.dtype != small.dtype or large.ndim != small.ndim:
        return False
    scale = np.iinfo(large.dtype).max / 255 if large.dtype.kind in "ui" else 1 / 255
    rows = (np.arange(small.shape[0]) + 0.5) * large.shape[0] / small.shape[0]
    columns = (np.arange(small.shape[1]) + 0.5) * large.shape[1] / small.shape[1]
    seen = large[rows.astype(int)][:, columns.astype(int)].astype(np.float64)
    if np.abs(seen - small).mean() / scale > _SAME_FIELD_LEVELS:
        return False
    spreads = seen.std() / scale, float(small.std()) / scale
    if max(spreads) < _EMPTY_LEVELS:
        return True
    if min(spreads) < _EMPTY_LEVELS:
        return False
    follows = np.corrcoef(seen.ravel(), small.astype(np.float64).ravel())[0, 1]
    return bool(follows >= _SAME_FIELD_CORRELATION)


def largest_level(tif: TiffFile, limits: ImageLimits) -> ChosenPage:
    """The largest level of the file's first series that may be read.

    Raises:
        RejectedImage: all are too large, or there are other series of its size.
    """
    others = tif.series[1:]
    if any(series.shape == tif.series[0].shape for series in others):
        raise _several(len(others) + 1)
    found = (level.pages[0] for level in tif.series[0].levels)
    levels = [page for page in found if isinstance(page, TiffPage)]
    if not levels:
        raise truncated()
    chosen = _largest_readable(levels, limits)
    told = _told(chosen, levels[0], levels[1:], levels[:1])
    if others:
        told += (f"The file holds {len(others) + 1} pictures: its first is shown",)
    return ChosenPage(chosen, told)


def _largest_readable(levels: Sequence[TiffPage], limits: ImageLimits) -> TiffPage:
    if len(levels) == 1:
        check_size(int(levels[0].imagewidth), int(levels[0].imagelength), limits)
    fitting = [page for page in levels if 0 < _area(page) <= limits.max_megapixels * 1_000_000]
    if not fitting:
        raise too_many_pixels(limits)
    return max(fitting, key=_area)


def _told(
    chosen: TiffPage, main: TiffPage, levels: Sequence[TiffPage], pages: Sequence[TiffPage]
) -> tuple[str, ...]:
    size = f"{chosen.imagewidth} × {chosen.imagelength} px"
    if chosen is not main:
        whole = f"{main.imagewidth} × {main.imagelength} px"
        return (f"Shown at {size}, the largest size in the file that is read; in full {whole}",)
    if len(pages) == 1:
        return (f"The largest of {len(levels) + 1} sizes in the file is shown",) if levels else ()
    number = next((at for at, page in enumerate(pages, 1) if page is main), 1)
    if len(pages) > 2:
        return (f"Page {number} of {len(pages)} is shown: the others are reduced copies or masks",)
    other = next(page for page in pages if page is not main)
    what = "a mask" if _is_mask(other) else "a reduced copy"
    return (f"Page {number} of 2 is shown: the other is {what}",)


def _several(count: int) -> RejectedImage:
    number = f"{count}" if count < _MOST_PAGES else f"{_MOST_PAGES} or more"
    return RejectedImage(
        f"This TIFF has several pages ({number}), each a picture of its own, as a stack, a series "
        "of fields or a document has. Save the one you need as one picture."
    )
