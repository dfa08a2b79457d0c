"""The slow work on datasets: reading an archive, searching for near-duplicates. Workers only."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Iterator, Sequence
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
from mlmodels.ml.datasets.archive import ArchiveLimits, Refusal, unpack_archive
from mlmodels.ml.datasets.archive_paths import shown
from mlmodels.ml.datasets.layouts.choose import list_pictures
from mlmodels.ml.datasets.layouts.folders import PLAIN_FOLDERS
from mlmodels.ml.datasets.layouts.listing import Choices, Listing
from mlmodels.ml.datasets.manifest import Row, write_manifest
from mlmodels.ml.datasets.near_duplicates import Look, find_pairs, look_at
from mlmodels.ml.datasets.questions import Questions, questions_of
from mlmodels.ml.datasets.reading import read_dataset
from mlmodels.ml.datasets.same_pictures import ReadImage
from mlmodels.ml.errors import ArchiveRefused, RejectedImage
from mlmodels.ml.inference.engine import Engine
from mlmodels.ml.pictures.apart import read_picture_apart
from mlmodels.ml.pictures.picture import ImageLimits
from mlmodels.models import Dataset, DatasetImage, NearDuplicate
from mlmodels.selectors.datasets.class_names import class_names_of
from mlmodels.selectors.versions.active import active_version
from mlmodels.services.datasets import claims, run_questions
from mlmodels.services.versions.run_engine import engine_for

logger = logging.getLogger(__name__)

# What may pass by itself: the task is tried again, up to the attempts of the dataset.
PASSING = (OperationalError, InterfaceError, OSError)
_TELL_EVERY_S = 1.0
# A page on which more are chosen is none that anybody fills in.
MOST_CLASSES = 100


class _Lost(Exception):
    """Somebody else holds the dataset now, or it was deleted."""


def import_dataset(*, dataset_id: UUID) -> None:
    """Read the archive of a dataset: all of it becomes the dataset, or nothing does.

    Where its classes are not all known, it waits for a person to say what they mean.

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
    try:
        unpacked = unpack_archive(archive, staging, _archive_limits())
    except ArchiveRefused as error:
        _refuse(held, [Refusal("", error.message)])
        return
    names = class_names_of(held.dataset.laboratory)
    choices = Choices(**(held.dataset.choices or {}))
    listing = list_pictures(staging, unpacked.files, names, choices)
    questions = questions_of(listing, names, choices)
    wrong = [row for row in (*unpacked.refused, *listing.report) if row.refuses]
    if questions.are_open and len(questions.classes) > MOST_CLASSES:
        wrong.append(Refusal("", _too_many_classes(questions)))
    if questions.are_open and not wrong:
        run_questions.ask(held, staging, questions, _image_limits())
        return
    if questions.are_open:
        # What is refused already needs no mapping; the next archive may.
        _refuse(held, wrong)
        return
    # One thread: results do not depend on it, and a busy machine is not made slower.
    cv2.setNumThreads(1)
    read = read_dataset(staging, listing, names, choices, limits=_image_limits(), tell=_told(held))
    report = (*unpacked.refused, *_told_of_layout(listing), *read.report)
    if any(row.refuses for row in report):
        _refuse(held, report)
        return
    _keep_only(staging, read.images)
    _open(held, staging, read.images, report)


def _too_many_classes(questions: Questions) -> str:
    some = ", ".join(shown(each.name)[:40] for each in questions.classes[:3])
    return (
        f"The archive names {len(questions.classes)} classes, {some} among them; at most "
        f"{MOST_CLASSES} can be mapped. Is it the class that stands there?"
    )


def _open(
    held: claims.Claim, staging: Path, images: tuple[ReadImage, ...], report: tuple[Refusal, ...]
) -> None:
    _write_rows(staging, images)
    if not claims.renew(held):
        raise _Lost
    name = held.dataset.folder
    storage.move_in(staging, artifacts.dataset_folder(name))
    if claims.open_imported(held, [_row(held.dataset, i) for i in images], _report(report)):
        _remove_what_waited(name)


def _told_of_layout(listing: Listing) -> list[Refusal]:
    """How the archive was understood, where it is more than class folders."""
    return [Refusal("", sentence, False) for sentence in listing.words if sentence != PLAIN_FOLDERS]


def _keep_only(staging: Path, images: tuple[ReadImage, ...]) -> None:
    """Leave the dataset's pictures alone in the folder: no table, no copy, no photograph cut up."""
    kept = {staging / image.path for image in images}
    for folder, _, files in os.walk(staging):
        for name in files:
            if (file := Path(folder) / name) not in kept:
                file.unlink(missing_ok=True)


def _write_rows(folder: Path, images: tuple[ReadImage, ...]) -> None:
    rows = [Row(i.path, i.label, i.source, i.split) for i in images]
    write_manifest(rows, folder / "manifest.csv")


def _row(dataset: Dataset, image: ReadImage) -> DatasetImage:
    return DatasetImage(dataset=dataset, **asdict(image))


def _report(rows: Sequence[Refusal]) -> list[dict[str, object]]:
    return [asdict(row) for row in rows]


def _refuse(held: claims.Claim, report: Sequence[Refusal]) -> None:
    refused = [row for row in report if row.refuses]
    files = "1 thing" if len(refused) == 1 else f"{len(refused)} things"
    sentence = f"Nothing was imported: {files} must be put right first."
    if claims.refuse(held, _report(report), sentence):
        _remove_what_waited(held.dataset.folder)


def _remove_what_waited(name: str) -> None:
    """Remove the archive of an import that has ended, and the examples of what it was asked."""
    storage.remove_incoming(name)
    storage.remove_folder(artifacts.examples_folder(name))


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
