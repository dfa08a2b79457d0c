"""Turns a folder or a ZIP of the operator's into a manifest, every picture opened. No database."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from mlmodels.ml.datasets.archive import ArchiveLimits, Refusal, unpack_archive
from mlmodels.ml.datasets.archive_paths import shown
from mlmodels.ml.datasets.class_names import SHIPPED_LABELS, ClassNames, LabelName
from mlmodels.ml.datasets.layouts.choose import list_pictures
from mlmodels.ml.datasets.layouts.listing import Choices, Listing
from mlmodels.ml.datasets.manifest import Row, files_of_folder, write_manifest
from mlmodels.ml.datasets.questions import (
    Questions,
    UnknownClass,
    as_options,
    questions_of,
)
from mlmodels.ml.datasets.reading import read_dataset
from mlmodels.ml.datasets.same_pictures import ReadImage
from mlmodels.ml.errors import EngineError, ManifestInvalid
from mlmodels.ml.pictures.picture import ImageLimits

MOST_TOLD = 50


@dataclass(frozen=True)
class Prepared:
    """A manifest that was written.

    Args:
        rows: paths relative to `folder`.
        folder: where the pictures lie.
        report: what was told.
    """

    rows: tuple[Row, ...]
    folder: Path
    report: tuple[Refusal, ...]


def prepare_data(
    path: Path,
    output: Path | None = None,
    *,
    choices: Choices = Choices(),
    limits: ImageLimits = ImageLimits(),
    tell: Callable[[int, int], None] = lambda done, total: None,
) -> Prepared:
    """Write a manifest of what a folder or an archive holds, in any layout an import reads.

    Args:
        path: a folder, or a ZIP that is unpacked beside itself.
        output: where the manifest is written; `manifest.csv` in the folder where none is given.
        choices: what class names mean, and what else was asked. A class may be one that the
            program does not ship.
        limits: of one picture.
        tell: told how many pictures are read.

    Returns:
        The rows. Their split is empty where nothing names one.

    Raises:
        EngineError: nothing can be read there, a class is not known, or pictures are refused;
            the sentence says what, and what to do.
    """
    folder, files = path, [] if path.suffix.lower() == ".zip" else _files_of(path)
    if not files:
        folder = path.with_suffix("")
        if folder.exists():
            raise ManifestInvalid(f"{folder} is there already. Remove it, or prepare it itself.")
        unpacked = unpack_archive(path, folder, ArchiveLimits())
        try:
            return _prepared(
                folder, unpacked.files, unpacked.refused, choices, output, limits=limits, tell=tell
            )
        except EngineError:
            # So that the same ZIP can be prepared again, with what was lacking.
            shutil.rmtree(folder, ignore_errors=True)
            raise
    return _prepared(folder, files, [], choices, output, limits=limits, tell=tell)


def _prepared(
    folder: Path,
    files: Sequence[str],
    told: Sequence[Refusal],
    choices: Choices,
    output: Path | None,
    *,
    limits: ImageLimits,
    tell: Callable[[int, int], None],
) -> Prepared:
    own = (LabelName(code, code) for code in choices.classes.values() if code)
    names = ClassNames((*SHIPPED_LABELS, *own))
    listing = list_pictures(folder, files, names, choices)
    _refuse_open(questions_of(listing, names, choices))
    read = read_dataset(folder, listing, names, choices, limits=limits, tell=tell)
    report = (*told, *(Refusal("", words, False) for words in listing.words), *read.report)
    _refuse_refused(report)
    rows = tuple(_row(image, listing) for image in read.images)
    write_manifest(list(rows), output or folder / "manifest.csv")
    return Prepared(rows, folder, report)


def _files_of(folder: Path) -> list[str]:
    if not folder.is_dir():
        raise ManifestInvalid(f"There is no folder or ZIP at {folder}.")
    files = files_of_folder(folder)
    unwritable = [path for path in files if not path.isprintable()]
    if unwritable:
        raise ManifestInvalid(
            f"The name of {shown(unwritable[0])} cannot be written as text. Rename the file."
        )
    if not files:
        raise ManifestInvalid(f"{folder} holds no pictures in folders named after classes.")
    return files


def _row(image: ReadImage, listing: Listing) -> Row:
    names_splits = any(picture.split for picture in listing.pictures)
    return Row(
        path=image.path,
        label=image.label,
        source=image.source,
        split=image.split if names_splits else "",
        kind="augmented" if listing.is_copies else "",
    )


def _refuse_open(questions: Questions) -> None:
    if questions.are_open:
        unknown = [
            UnknownClass(each.name, each.pictures, each.proposal)
            for each in questions.classes
            if not each.is_settled
        ]
        folders = questions.folders.names if questions.folders else ()
        raise ManifestInvalid(as_options(unknown, questions.halves is not None, folders))


def _refuse_refused(report: tuple[Refusal, ...]) -> None:
    refused = [row for row in report if row.refuses]
    if not refused:
        return
    lines = [f"{row.path or '-'}: {row.reason}" for row in refused[:MOST_TOLD]]
    if len(refused) > MOST_TOLD:
        lines.append(f"{len(refused) - MOST_TOLD} more.")
    raise ManifestInvalid("\n".join(["Nothing was written.", *lines]))
