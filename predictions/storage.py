"""The bytes of images and reports in private storage: written once under a new name, never changed.

Knows no rows. Every name is ours (a day and a UUID); nothing of the uploader's goes in.
"""

from __future__ import annotations

import hashlib
import logging
import os
import threading
import time
import uuid
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np
from django.conf import settings
from django.core.files.base import ContentFile, File
from django.core.files.storage import FileSystemStorage, default_storage
from django.utils import timezone

from mlmodels.ml.errors import RejectedImage
from mlmodels.ml.inference.sheets import Square, draw_sheet
from mlmodels.ml.pictures.apart import read_picture_apart
from mlmodels.ml.pictures.picture import ImageLimits
from mlmodels.ml.pictures.renditions import encode_rendition
from predictions.errors import OriginalMissing, StorageUnavailable

logger = logging.getLogger(__name__)

ORIGINALS, RENDITIONS, THUMBNAILS = "originals", "renditions", "thumbnails"
REPORTS, ARCHIVES, EXPORTS = "reports", "archives", "exports"
# Of the cells of one result each; made again whenever one is missing.
SHEETS = "sheets"
# Around a cell: what of its surroundings the crop shows, as a share of the box's longer side.
CROP_MARGIN = 0.2
_PART = ".zip.part"

_decoding = threading.Lock()


class DurableFolderStorage(FileSystemStorage):
    """A folder where a file appears under its name only when all of it is on the disk."""

    def _save(self, name: str, content: File) -> str:
        path = self.path(name)
        folder = os.path.dirname(path)
        os.makedirs(folder, mode=self.directory_permissions_mode or 0o700, exist_ok=True)
        # Of two who write the same name at once, each writes a file of its own.
        part = f"{path}.{uuid.uuid4().hex}.part"
        with open(part, "xb") as stream:
            for chunk in content.chunks():
                stream.write(chunk)
            stream.flush()
            os.fsync(stream.fileno())
        if self.file_permissions_mode is not None:
            os.chmod(part, self.file_permissions_mode)
        os.rename(part, path)
        _fsync_folder(folder)
        return name


def keep_original(data: bytes) -> str:
    """Store uploaded bytes as they came; returns their name in storage."""
    return _save(f"{ORIGINALS}/{_new_name()}", ContentFile(data))


def make_rendition(rgb: np.ndarray) -> str:
    """Store our own JPEG for showing on a page, without metadata; returns its name."""
    return _save_jpeg(RENDITIONS, rgb, settings.RENDITION_SIDE_PX)


def make_thumbnail(rgb: np.ndarray) -> str:
    """Store our own small JPEG for lists; returns its name."""
    return _save_jpeg(THUMBNAILS, rgb, settings.THUMBNAIL_SIDE_PX)


def keep_report(data: bytes) -> str:
    """Store the file of a report; returns its name in storage."""
    return _save(f"{REPORTS}/{_new_name()}.pdf", ContentFile(data))


def keep_export(export: File) -> str:
    """Store the ZIP of an export piece by piece; returns its name."""
    return _save(f"{EXPORTS}/{_new_name()}.zip", export)


def keep_archive(archive: File) -> str:
    """Store an uploaded archive piece by piece; returns its name."""
    return _save(f"{ARCHIVES}/{_new_name()}", archive)


def open_file(name: str) -> BinaryIO:
    """A stored file that is too large to be read at once; the caller closes it.

    Raises:
        OriginalMissing: the file is gone.
        StorageUnavailable: the storage does not answer now.
    """
    try:
        # Django's File reads and seeks as the file that it stands for.
        return cast(BinaryIO, default_storage.open(name))
    except FileNotFoundError as error:
        raise OriginalMissing() from error
    except OSError as error:
        logger.exception("The storage did not open a file.")
        raise StorageUnavailable() from error


def read_original(name: str, *, sha256: str) -> bytes:
    """The bytes that were stored under a name, verified.

    Raises:
        OriginalMissing: the file is gone, or its bytes are not those that were stored.
        StorageUnavailable: the storage does not answer now.
    """
    data = read_file(name)
    if hashlib.sha256(data).hexdigest() != sha256:
        raise OriginalMissing()
    return data


def read_file(name: str) -> bytes:
    """A stored file's bytes.

    Raises:
        OriginalMissing: the file is gone.
        StorageUnavailable: the storage does not answer now.
    """
    try:
        with default_storage.open(name) as stream:
            return stream.read()
    except FileNotFoundError as error:
        raise OriginalMissing() from error
    except OSError as error:
        logger.exception("The storage did not give a file.")
        raise StorageUnavailable() from error


def cut_crop(name: str, *, x_px: int, y_px: int, width_px: int, height_px: int) -> bytes:
    """A JPEG of one cell with a little of what is around it.

    Args:
        name: of the picture to cut from, in storage.
        x_px, y_px, width_px, height_px: the cell's box in that picture.

    Raises:
        OriginalMissing: the picture is gone or cannot be decoded any more.
        StorageUnavailable: the storage does not answer now.
    """
    # One picture is decoded at a time: a page asks for all its cells at once.
    with _decoding:
        rgb = _pixels(name)
    margin = round(CROP_MARGIN * max(width_px, height_px))
    top, left = max(0, y_px - margin), max(0, x_px - margin)
    crop = rgb[top : y_px + height_px + margin, left : x_px + width_px + margin]
    if crop.size == 0:
        raise OriginalMissing()
    return encode_rendition(np.ascontiguousarray(crop), max_side_px=512, quality=92)


def cut_sheet(name: str, squares: Sequence[Square]) -> bytes:
    """A JPEG with one tile for each square of a picture, in their order.

    Args:
        name: of the picture to cut from, in storage.
        squares: in pixels of that picture, at least one.

    Raises:
        OriginalMissing: the picture is gone or cannot be decoded any more.
        StorageUnavailable: the storage does not answer now.
    """
    with _decoding:
        rgb = _pixels(name)
    sheet = draw_sheet(rgb, squares)
    return encode_rendition(sheet, max_side_px=max(sheet.shape), quality=88)


def kept_sheet(key: str) -> bytes | None:
    """The sheet of a key, or nothing where none is kept.

    Raises:
        StorageUnavailable: the storage does not answer now.
    """
    try:
        return read_file(_sheet_name(key))
    except OriginalMissing:
        return None


def keep_sheet(key: str, data: bytes) -> None:
    """Keep a sheet for the next one who asks; one that cannot be kept is made again."""
    name = _sheet_name(key)
    try:
        if not default_storage.exists(name):
            default_storage.save(name, ContentFile(data))
    except OSError:
        logger.warning("A sheet of crops could not be kept.", exc_info=True)


def _sheet_name(key: str) -> str:
    """In folders by the first letters of its key, so that none grows without end."""
    return f"{SHEETS}/{key[:2]}/{key[2:4]}/{key}.jpg"


def names_of_day(folder: str, day: date) -> list[str]:
    """The stored files of one kind that were begun on a day (UTC), unfinished ones among them."""
    path = f"{folder}/{day:%Y/%m/%d}"
    try:
        _, files = default_storage.listdir(path)
    except FileNotFoundError:
        return []
    return [f"{path}/{name}" for name in files]


def remove(*names: str) -> None:
    """Take back files that no row came to name."""
    for name in names:
        default_storage.delete(name)


# One at a time: 50 megapixels are 150 MB.
@lru_cache(maxsize=1)
def _pixels(name: str) -> np.ndarray:
    limits = ImageLimits(max_bytes=2**40, max_megapixels=2 * settings.MAX_IMAGE_MEGAPIXELS)
    try:
        return read_picture_apart(read_file(name), limits).rgb
    except RejectedImage as error:
        raise OriginalMissing() from error


def _save_jpeg(folder: str, rgb: np.ndarray, side_px: int) -> str:
    data = encode_rendition(rgb, max_side_px=side_px)
    return _save(f"{folder}/{_new_name()}.jpg", ContentFile(data))


def _save(name: str, content: File) -> str:
    try:
        return default_storage.save(name, content)
    except OSError as error:
        logger.exception("The storage did not take a file.")
        raise StorageUnavailable() from error


def _new_name() -> str:
    """A folder for the day, so that no folder grows without end, and a UUID."""
    return f"{timezone.now():%Y/%m/%d}/{uuid.uuid4()}"


def _fsync_folder(path: str) -> None:
    """Let the new name itself survive a loss of power."""
    folder = os.open(path, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


# --- Exports while they are written: in the registry's folder, which web and workers share -------


def part_file(name: str) -> Path:
    """Where a half-written export lies, by its name.

    Raises:
        StorageUnavailable: the folder cannot be made.
    """
    folder = _parts()
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise StorageUnavailable() from error
    return folder / name


def new_part(export_id: uuid.UUID, fence: int) -> str:
    """A name for the file of this attempt; what earlier attempts left goes."""
    remove_parts(export_id)
    return f"{export_id}-{fence}{_PART}"


def part_size(name: str) -> int | None:
    """In bytes; none where there is no such file."""
    try:
        return (_parts() / name).stat().st_size if name else None
    except OSError:
        return None


def remove_parts(export_id: uuid.UUID) -> None:
    """Remove every half-written file of an export."""
    for path in _parts().glob(f"{export_id}-*{_PART}"):
        path.unlink(missing_ok=True)


def parts_left(*, older_than_s: float) -> set[str]:
    """Names of half-written files that nothing was added to for so long."""
    before = time.time() - older_than_s
    left = set()
    for path in _parts().glob(f"*{_PART}"):
        with suppress(FileNotFoundError):
            if path.stat().st_mtime < before:
                left.add(path.name)
    return left


def remove_part_files(names: Iterable[str]) -> None:
    """Remove half-written files by their names."""
    for name in names:
        (_parts() / name).unlink(missing_ok=True)


def _parts() -> Path:
    return Path(settings.REGISTRY_DIR) / "exports"
