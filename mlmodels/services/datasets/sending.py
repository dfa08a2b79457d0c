"""Sending a dataset in: by an admin as a ZIP, by the operator as a ZIP or a folder."""

from __future__ import annotations

import os
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.base import File
from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, transaction

from accounts.models import AuditAction, Laboratory, User
from accounts.policy import Action, require
from hematovision import leases
from hematovision.queue import enqueue_on_commit
from mlmodels import storage
from mlmodels.errors import DatasetNameTaken, DatasetRefused, DatasetTooLarge
from mlmodels.ml.datasets.archive import pack_folder
from mlmodels.ml.datasets.layouts.listing import Choices
from mlmodels.ml.names import plain_name
from mlmodels.models import Dataset
from mlmodels.selectors.labels import labels_for
from mlmodels.services.datasets.changes import delete_with_files, record_change

LONGEST_NAME, LONGEST_ORIGIN, LONGEST_LICENCE = 80, 1000, 120

_State = Dataset.State


def upload_dataset(
    *,
    actor: User,
    name: str,
    archive: UploadedFile | None,
    origin: str = "",
    licence: str = "",
) -> Dataset:
    """Keep a ZIP that an admin sends, and ask for its import.

    Raises:
        DatasetRefused: no archive, or a text that is missing or too long.
        DatasetNameTaken: the laboratory has a dataset of this name.
        DatasetTooLarge: the archive is longer than the installation takes.
        RegistryUnavailable: it cannot be kept now.
    """
    require(actor, Action.MANAGE_DATASETS)
    texts = texts_of(name, origin, licence)
    if archive is None:
        raise DatasetRefused("archive", "Choose the ZIP archive with the pictures.")
    refuse_known(actor.laboratory, texts["name"])
    kept = storage.keep_archive(archive)
    return _begin(actor.laboratory, actor, kept, texts)


def import_from_operator(
    *,
    laboratory: Laboratory,
    path: Path,
    name: str,
    origin: str = "",
    licence: str = "",
    choices: Choices = Choices(),
) -> Dataset:
    """Keep a folder or a ZIP of the operator's machine, and ask for its import.

    The operator's act: it has no actor. What an earlier try of the operator's left under this
    name, refused or waiting for its classes, gives way.

    Args:
        choices: what the operator said of the archive's classes and folders.

    Raises:
        as `upload_dataset`; also DatasetRefused where a class is to be a label that the
        laboratory does not have.
    """
    texts = texts_of(name, origin, licence)
    _refuse_unknown_labels(laboratory, choices)
    _remove_earlier_try(laboratory, texts["name"])
    refuse_known(laboratory, texts["name"])
    if not path.exists():
        raise DatasetRefused("archive", f"There is no folder or ZIP at {path}.")
    with tempfile.TemporaryDirectory() as passing:
        packed = path
        if path.is_dir():
            packed = Path(passing) / "folder.zip"
            pack_folder(path, packed)
        if packed.stat().st_size > settings.MAX_DATASET_BYTES:
            raise DatasetTooLarge(settings.MAX_DATASET_BYTES)
        with packed.open("rb") as stream:
            size = os.fstat(stream.fileno()).st_size
            kept = storage.keep_archive(UploadedFile(File(stream), path.name, size=size))
    said = asdict(choices) if choices != Choices() else None
    return _begin(laboratory, None, kept, texts, said)


def _refuse_unknown_labels(laboratory: Laboratory, choices: Choices) -> None:
    labels = labels_for(laboratory)
    for name, label in choices.classes.items():
        if label and label not in labels:
            raise DatasetRefused(
                "classes",
                f"The class {name} cannot be {label}: there is no such label. "
                f"Known are: {', '.join(sorted(labels))}.",
            )


def _remove_earlier_try(laboratory: Laboratory, name: str) -> None:
    """Remove what the operator sent under this name and what was never imported."""
    with transaction.atomic():
        left = Dataset.objects.select_for_update(of=("self",)).select_related("laboratory")
        mine = left.filter(laboratory=laboratory, name=name, created_by=None)
        for dataset in mine.filter(state__in=(_State.REFUSED, _State.MAPPING)):
            delete_with_files(dataset, None)


def texts_of(name: str, origin: str, licence: str) -> dict[str, str]:
    """What is said of a dataset, without blanks at the ends.

    Raises:
        DatasetRefused: the name is missing, or a text is too long or cannot be kept.
    """
    texts = {"name": name.strip(), "origin": origin.strip(), "licence": licence.strip()}
    longest = {"name": LONGEST_NAME, "origin": LONGEST_ORIGIN, "licence": LONGEST_LICENCE}
    for field, text in texts.items():
        if len(text) > longest[field]:
            raise DatasetRefused(field, f"Use at most {longest[field]} characters.")
        if "\x00" in text:
            raise DatasetRefused(field, "This text has a character that cannot be kept.")
    texts["name"] = plain_name(texts["name"])
    if not texts["name"]:
        raise DatasetRefused("name", "Give the dataset a name.")
    return texts


def refuse_known(laboratory: Laboratory, name: str) -> None:
    """Let no two datasets of a laboratory have one name."""
    if Dataset.objects.filter(laboratory=laboratory, name=name).exists():
        raise DatasetNameTaken(name)


def _begin(
    laboratory: Laboratory,
    actor: User | None,
    kept: str,
    texts: dict[str, str],
    choices: dict[str, Any] | None = None,
) -> Dataset:
    """Write the row of a kept archive; the archive goes where the row cannot be written."""
    try:
        with transaction.atomic():
            dataset = Dataset.objects.create(
                laboratory=laboratory,
                folder=kept,
                created_by=actor,
                choices=choices,
                **leases.just_sent(),
                **texts,
            )
            enqueue_on_commit("mlmodels.import_dataset", dataset_id=str(dataset.pk))
            record_change(
                dataset, actor, AuditAction.DATASET_UPLOADED, {"name": [None, dataset.name]}
            )
    except IntegrityError as error:
        storage.remove_incoming(kept)
        raise DatasetNameTaken(texts["name"]) from error
    return dataset
