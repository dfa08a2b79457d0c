"""The slow work on datasets: reading an archive, searching for near-duplicates. Workers only."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from functools import partial
from pathlib import Path
from uuid import UUID

import cv2
from django.conf import settings
from django.db import InterfaceError, OperationalError

from hematovision import leases
from mlmodels import artifacts, storage
from mlmodels.errors import DatasetNotFound, ModelDamaged, NoActiveModel
from mlmodels.ml.classes import class_key
from mlmodels.ml.datasets.archive import ArchiveLimits, Refusal, unpack_archive
from mlmodels.ml.datasets.manifest import Row, write_manifest
from mlmodels.ml.datasets.near_duplicates import Look, find_pairs, look_at
from mlmodels.ml.datasets.reading import ReadDataset, ReadImage, read_dataset
from mlmodels.ml.errors import ArchiveRefused, RejectedImage
from mlmodels.ml.inference.engine import Engine
from mlmodels.ml.pictures.apart import read_picture_apart
from mlmodels.ml.pictures.picture import ImageLimits
from mlmodels.models import Dataset, DatasetImage, NearDuplicate
from mlmodels.selectors.labels import labels_for
from mlmodels.selectors.versions.active import active_version
from mlmodels.services.datasets import claims
from mlmodels.services.versions.run_engine import engine_for

logger = logging.getLogger(__name__)

# What may pass by itself: the task is tried again, up to the attempts of the dataset.
PASSING = (OperationalError, InterfaceError, OSError)
_TELL_EVERY_S = 1.0


class _Lost(Exception):
    """Somebody else holds the dataset now, or it was deleted."""


def import_dataset(*, dataset_id: UUID) -> None:
    """Read the archive of a dataset: all of it becomes the dataset, or nothing does.

    Run twice or in parallel, it counts once; what an attempt that was killed left, goes.

    Raises:
        OperationalError, InterfaceError, OSError: what may pass; the dataset is given back.
    """
    held = claims.claim(dataset_id, claims.IMPORTING)
    if held is not None:
        with _worked_on(held, lambda sentence: claims.refuse(held, [], sentence)):
            _import(held)


def check_duplicates(*, dataset_id: UUID) -> None:
    """Search for the same cell on both sides of a split of a dataset.

    Raises:
        OperationalError, InterfaceError, OSError: what may pass; the dataset is given back.
    """
    held = claims.claim(dataset_id, claims.CHECKING)
    if held is not None:
        with _worked_on(held, lambda sentence: claims.fail_check(held, sentence)):
            _check(held)


@contextmanager
def _worked_on(held: claims.Claim, fail: Callable[[str], bool]) -> Iterator[None]:
    """Keep the lease while the body works, and end the work when it cannot go on."""
    try:
        with leases.renewed(partial(claims.renew, held), f"dataset {held.dataset.pk}"):
            yield
    except _Lost:
        logger.info("Dataset %s is held by somebody else now.", held.dataset.pk)
    except PASSING:
        claims.release(held)
        raise
    except (NoActiveModel, ModelDamaged, DatasetNotFound) as error:
        fail(error.message)
    except Exception:
        logger.exception("The work on dataset %s failed.", held.dataset.pk)
        fail(_UNEXPECTED)
        raise


_UNEXPECTED = (
    "Something failed while the pictures were read; the reason is in the log. Try again; if it "
    "fails again, tell the operator."
)


# --- Import ------------------------------------------------------------------------------------


def _import(held: claims.Claim) -> None:
    name = held.dataset.folder
    archive = storage.archive_file(name)
    if not archive.is_file():
        _refuse(held, [Refusal("", "The archive is gone. Upload it again.")])
        return
    staging = storage.staging_folder(name, held.fence)
    read = _read(held, archive, staging)
    if read.is_refused:
        _refuse(held, read.report)
        return
    _write_rows(staging, read.images)
    if not claims.renew(held):
        raise _Lost
    folder = artifacts.dataset_folder(name)
    storage.move_in(staging, folder)
    images = [_row(held.dataset, image) for image in read.images]
    if claims.open_imported(held, images, _report(read.report)):
        storage.remove_incoming(name)


def _read(held: claims.Claim, archive: Path, staging: Path) -> ReadDataset:
    try:
        unpacked = unpack_archive(archive, staging, _archive_limits())
    except ArchiveRefused as error:
        return ReadDataset((), (Refusal("", error.message),))
    codes: dict[str, str] = {}
    for code, label in labels_for(held.dataset.laboratory).items():
        codes |= {class_key(code): code, class_key(label.name): code}
    read = read_dataset(
        staging,
        unpacked.files,
        codes=codes,
        limits=_image_limits(),
        tell=_told(held),
    )
    _keep_only(staging, unpacked.files, read.images)
    return ReadDataset(read.images, (*unpacked.refused, *read.report))


def _keep_only(staging: Path, files: list[str], images: tuple[ReadImage, ...]) -> None:
    """Leave pictures alone in the folder: not the sender's manifest, and no copy of a picture."""
    kept = {image.path for image in images}
    for path in files:
        if path not in kept:
            (staging / path).unlink(missing_ok=True)


def _write_rows(folder: Path, images: tuple[ReadImage, ...]) -> None:
    rows = [Row(i.path, i.label, i.source, i.split) for i in images]
    write_manifest(rows, folder / "manifest.csv")


def _row(dataset: Dataset, image: ReadImage) -> DatasetImage:
    return DatasetImage(dataset=dataset, **asdict(image))


def _report(rows: tuple[Refusal, ...]) -> list[dict[str, object]]:
    return [asdict(row) for row in rows]


def _refuse(held: claims.Claim, report: tuple[Refusal, ...] | list[Refusal]) -> None:
    refused = [row for row in report if row.refuses]
    files = "1 thing" if len(refused) == 1 else f"{len(refused)} things"
    sentence = f"Nothing was imported: {files} must be put right first."
    if claims.refuse(held, _report((*report,)), sentence):
        storage.remove_incoming(held.dataset.folder)


def _archive_limits() -> ArchiveLimits:
    return ArchiveLimits(
        max_entries=settings.MAX_DATASET_ENTRIES,
        max_bytes=settings.MAX_DATASET_EXPANDED_BYTES,
        max_file_bytes=settings.MAX_IMAGE_BYTES,
    )


def _image_limits() -> ImageLimits:
    return ImageLimits(settings.MAX_IMAGE_BYTES, settings.MAX_IMAGE_MEGAPIXELS)


# --- Near-duplicates ---------------------------------------------------------------------------


def _check(held: claims.Claim) -> None:
    version = active_version(None)
    if version is None:
        raise NoActiveModel()
    images = list(held.dataset.images.order_by("path"))
    if len({image.split for image in images}) < 2:
        claims.end_check(held, [])
        return
    engine = engine_for(version)
    # One thread: results do not depend on it, and a busy machine is not made slower.
    cv2.setNumThreads(1)
    tell = _told(held)
    folder = artifacts.dataset_folder(held.dataset.folder)
    looks = []
    for done, image in enumerate(images):
        tell(done, len(images))
        looks.append(_look(folder, image, engine))
    found = find_pairs(looks, [image.split for image in images], tell=tell)
    pairs = [
        NearDuplicate(
            dataset=held.dataset,
            first=images[pair.first],
            second=images[pair.second],
            likeness=pair.likeness,
        )
        for pair in found
    ]
    claims.end_check(held, pairs)


def _look(folder: Path, image: DatasetImage, engine: Engine) -> Look:
    data = storage.read_picture(folder, image.path, sha256=image.sha256)
    try:
        return look_at(read_picture_apart(data, _image_limits()).rgb, engine)
    except RejectedImage as error:
        raise DatasetNotFound() from error


# --- While it works ----------------------------------------------------------------------------


def _told(held: claims.Claim) -> Callable[[int, int], None]:
    """Write how far the work is, at most once a second; end it when the dataset is lost."""
    last = [0.0]

    def tell(done: int, total: int) -> None:
        if time.monotonic() - last[0] < _TELL_EVERY_S and done != total:
            return
        last[0] = time.monotonic()
        if not claims.tell(held, done, total):
            raise _Lost

    return tell
