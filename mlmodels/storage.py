"""The files of datasets in the registry's folder: archives that came in, and pictures.

Knows no rows. What is uploaded lies under names of ours; a dataset's folder appears whole.
"""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
import time
import uuid
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile

from mlmodels.errors import DatasetNotFound, DatasetTooLarge, RegistryUnavailable

logger = logging.getLogger(__name__)

_ARCHIVE = ".zip"
MANIFEST = "manifest.csv"


def keep_archive(sent: UploadedFile) -> str:
    """Keep an uploaded archive under a new name of ours; returns that name.

    Raises:
        DatasetTooLarge: it is longer than the installation takes.
        RegistryUnavailable: it cannot be written.
    """
    at_most = settings.MAX_DATASET_BYTES
    if (sent.size or 0) > at_most:
        raise DatasetTooLarge(at_most)
    name = uuid.uuid4().hex
    target = archive_file(name)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if hasattr(sent, "temporary_file_path"):
            # It was streamed into this very folder: a second name for it, and no copy.
            _link_or_copy(Path(sent.temporary_file_path()), target)
        else:
            with target.open("xb") as stream:
                for chunk in sent.chunks():
                    stream.write(chunk)
        _fsync(target)
    except OSError as error:
        logger.exception("An archive could not be kept.")
        target.unlink(missing_ok=True)
        raise RegistryUnavailable() from error
    return name


def archive_file(name: str) -> Path:
    """Where the archive of this name lies, or is to lie."""
    return incoming() / f"{name}{_ARCHIVE}"


def incoming() -> Path:
    """The folder of what came in and is no dataset yet."""
    return Path(settings.REGISTRY_DIR) / "incoming"


def staging_folder(name: str, fence: int) -> Path:
    """A folder for one attempt at an import; what an earlier attempt of this fence left, goes."""
    folder = incoming() / f"{name}-{fence}"
    shutil.rmtree(folder, ignore_errors=True)
    return folder


def manifest_draft(name: str) -> Path:
    """Where a manifest is written that becomes a dataset's when its row is frozen.

    Each attempt has a folder of its own; what a crash leaves goes with what came in.
    """
    return incoming() / f"{name}-{uuid.uuid4().hex}" / MANIFEST


def put_manifest(draft: Path, folder: Path) -> None:
    """Let a finished draft become the dataset's manifest: one rename, whatever its length.

    Raises:
        RegistryUnavailable: the draft or the dataset's folder is gone.
    """
    try:
        draft.replace(folder / MANIFEST)
    except OSError as error:
        logger.exception("The manifest of a dataset could not be put in its place.")
        raise RegistryUnavailable() from error


def remove_incoming(name: str) -> None:
    """Remove the archive and every attempt at unpacking it."""
    archive_file(name).unlink(missing_ok=True)
    for folder in incoming().glob(f"{name}-*"):
        shutil.rmtree(folder, ignore_errors=True)


def names_incoming(*, older_than_s: float) -> set[str]:
    """Names of archives that have lain for so long, and of attempts at unpacking them."""
    if not incoming().is_dir():
        return set()
    before = time.time() - older_than_s
    old = [path for path in incoming().iterdir() if path.stat().st_mtime < before]
    return {path.name.split(".")[0].split("-")[0] for path in old if path.suffix != ".upload"}


def remove_unfinished_uploads(*, older_than_s: float) -> None:
    """Remove files that were still arriving when their process was killed."""
    before = time.time() - older_than_s
    for path in incoming().glob("*.upload"):
        # An upload that ends in this moment removes its own.
        with suppress(FileNotFoundError):
            if path.stat().st_mtime < before:
                path.unlink()


def move_in(staging: Path, folder: Path) -> None:
    """Let a dataset's folder appear, whole, under its name."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    # What an attempt left whose rows were never written.
    shutil.rmtree(folder, ignore_errors=True)
    staging.rename(folder)


def link_pictures(source: Path, target: Path, paths: Iterable[str]) -> None:
    """Give a derived dataset the pictures of another; on one disk they take no room twice.

    Raises:
        RegistryUnavailable: a file is gone or cannot be written.
    """
    try:
        for path in paths:
            file = target / path
            file.parent.mkdir(parents=True, exist_ok=True)
            _link_or_copy(source / path, file)
    except OSError as error:
        logger.exception("The pictures of a dataset could not be taken over.")
        shutil.rmtree(target, ignore_errors=True)
        raise RegistryUnavailable() from error


def remove_folder(folder: Path) -> None:
    """Remove a dataset's folder; what is gone already is no matter."""
    shutil.rmtree(folder, ignore_errors=True)


def remove_picture(folder: Path, path: str) -> None:
    """Remove one picture of a dataset that is not frozen."""
    (folder / path).unlink(missing_ok=True)


def read_picture(folder: Path, path: str, *, sha256: str) -> bytes:
    """The bytes of a picture, verified.

    Raises:
        DatasetNotFound: the file is gone, or is not the one that was imported.
    """
    try:
        data = (folder / path).read_bytes()
    except OSError as error:
        raise DatasetNotFound() from error
    if hashlib.sha256(data).hexdigest() != sha256:
        raise DatasetNotFound()
    return data


def kept_thumbnail(thumbnails: Path, sha256: str, side_px: int) -> bytes | None:
    """Our own JPEG of a picture as it was kept; none where it was not, or is gone.

    Args:
        thumbnails: the folder of the dataset's.
        sha256: of the picture.
        side_px: its longer side is reduced to this.
    """
    try:
        return _thumbnail(thumbnails, sha256, side_px).read_bytes()
    except OSError:
        return None


def keep_thumbnail(
    thumbnails: Path, sha256: str, side_px: int, data: bytes, *, picture: Path
) -> None:
    """Keep our own JPEG of a picture; where that cannot be, it is made anew the next time.

    Args:
        picture: what it shows; if that was deleted meanwhile, the thumbnail goes as well.
    """
    file = _thumbnail(thumbnails, sha256, side_px)
    part = file.with_name(f"{file.name}.{uuid.uuid4().hex}.part")
    try:
        thumbnails.mkdir(parents=True, exist_ok=True)
        part.write_bytes(data)
        part.replace(file)
        if not picture.is_file():
            file.unlink(missing_ok=True)
    except OSError:
        logger.exception("A thumbnail could not be kept.")
        with suppress(OSError):
            part.unlink(missing_ok=True)


def remove_thumbnails(thumbnails: Path, sha256: str) -> None:
    """Remove what is kept of one picture."""
    for file in thumbnails.glob(f"{sha256}-*"):
        file.unlink(missing_ok=True)


def keep_example(folder: Path, number: int, data: bytes) -> None:
    """Keep our own JPEG of a picture of an archive that nobody has imported yet."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{number}.jpg").write_bytes(data)


def example(folder: Path, number: int) -> bytes:
    """A JPEG that `keep_example` kept.

    Raises:
        DatasetNotFound: there is none.
    """
    try:
        return (folder / f"{number}.jpg").read_bytes()
    except OSError as error:
        raise DatasetNotFound() from error


def _thumbnail(thumbnails: Path, sha256: str, side_px: int) -> Path:
    return thumbnails / f"{sha256}-{side_px}.jpg"


def _link_or_copy(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except FileNotFoundError:
        raise
    except OSError:
        shutil.copyfile(source, target)


def _fsync(file: Path) -> None:
    with file.open("rb") as stream:
        os.fsync(stream.fileno())
