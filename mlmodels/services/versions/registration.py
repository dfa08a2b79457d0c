"""Brings model versions into the registry."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import ProtectedError

from accounts.models import AuditAction, Laboratory
from accounts.services.audit import record_event
from mlmodels import artifacts
from mlmodels.errors import ModelVersionChanged, ModelVersionRefused, ModelVersionTaken
from mlmodels.ml.errors import ArtifactDamaged
from mlmodels.ml.evaluation.agreement import runtimes_agree
from mlmodels.ml.inference.alarm import AlarmRule
from mlmodels.ml.inference.calibration import Thresholds
from mlmodels.ml.inference.engine import verify_folder
from mlmodels.models import ImagingProfile, ModelVersion
from mlmodels.services.versions.class_labels import add_class_labels, refuse_unusable_classes
from mlmodels.services.versions.retirement import retire_all_but

# What the columns of the row hold.
LONGEST_NAME = 60
NEEDED_OF_ENGINE = {"classes", "input_px", "crop_scale", "views", "temperature", "thresholds"}


def register_shipped() -> list[ModelVersion]:
    """Register every model that comes with the program; those that are known stay as they are.

    The operator's act at set-up and after each update: it has no actor. What was registered so
    before and comes with the program no more is retired, in the same transaction. Where nothing
    is shipped nothing is retired: that is a folder that is not at hand, not an upgrade.

    Raises:
        ArtifactDamaged: a folder's files do not match its checksums.
        ModelVersionChanged: a version that made results has other files now.
    """
    folders = artifacts.shipped_folders()
    # Hashing takes seconds, so it is over before anything is locked.
    for folder in folders:
        verify_folder(folder)
    with transaction.atomic():
        registered = [_register(folder) for folder in folders]
        if registered:
            retire_all_but(registered)
    return registered


def register_candidate(
    *,
    laboratory: Laboratory,
    folder: Path,
    name: str,
    version: str,
    profile: ImagingProfile | None = None,
) -> ModelVersion:
    """Copy a finished version into the registry as a laboratory's candidate.

    The end of a training run, and the operator's command: it has no actor, and no page or
    address of the product leads here with a file that a person sends.

    Args:
        folder: card, checksums, both model files and what goes with them.
        name, version: what it is called in the laboratory.
        profile: set where it was adapted to that profile alone.

    Raises:
        ArtifactDamaged: a file is missing, or does not match its checksum.
        ModelVersionRefused: its two model files do not agree, or its name is not one.
        ModelVersionTaken: the laboratory has a version of that name.
    """
    sums = verify_folder(folder)
    card = {**_read_card(folder), "name": name, "version": version}
    _refuse_unusable(card)
    row = ModelVersion(
        laboratory=laboratory,
        profile=profile,
        name=name,
        version=version,
        status=ModelVersion.Status.CANDIDATE,
        folder=artifacts.keep_folder(folder, sums),
        classes=card["engine"]["classes"],
        card=card,
    )
    try:
        row.checksums_sha256 = artifacts.checksums_sha256(artifacts.model_folder(row))
        with transaction.atomic():
            row.save(force_insert=True)
            add_class_labels(card, laboratory)
            record_event(
                action=AuditAction.MODEL_REGISTERED,
                actor=None,
                laboratory=laboratory,
                obj=row,
                changes={
                    "version": [None, str(row)],
                    "checksums_sha256": [None, row.checksums_sha256],
                },
            )
    except BaseException as error:
        artifacts.remove_folder(row)
        if isinstance(error, IntegrityError):
            raise ModelVersionTaken(str(row)) from error
        raise
    return row


def _refuse_unusable(card: dict[str, Any]) -> None:
    """Let only a version pass that can be named and that both runtimes read alike."""
    for field in ("name", "version"):
        if not 0 < len(card[field].strip()) <= LONGEST_NAME:
            raise ModelVersionRefused(
                f"Give the version a {field} of 1 to {LONGEST_NAME} characters."
            )
    if not NEEDED_OF_ENGINE.issubset(card["engine"]):
        raise ModelVersionRefused(
            "The card of this version does not say how its network is used. Finish the training "
            "with this program, and register the version that it writes."
        )
    try:
        Thresholds.of_card(card["engine"]["thresholds"])
        AlarmRule.of_card(card)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ModelVersionRefused(
            "The card of this version holds thresholds or a rule for alarms that this program does "
            "not know. Update the program, or calibrate the version again."
        ) from error
    refuse_unusable_classes(card)
    if not runtimes_agree(card):
        raise ModelVersionRefused(
            "The card of this version does not say that its Keras and LiteRT files agree, so it "
            "is not registered. Train it again, or export both files from one network."
        )


def _register(folder: Path) -> ModelVersion:
    checksums = artifacts.checksums_sha256(folder)
    card = _read_card(folder)
    known = ModelVersion.objects.filter(
        laboratory__isnull=True, name=card["name"], version=card["version"]
    ).first()
    if known is not None and known.checksums_sha256 == checksums:
        if known.is_retired:
            # The program was put back to an earlier release, which ships it again.
            known.status, known.folder = ModelVersion.Status.SHIPPED, folder.name
            known.save(update_fields=["status", "folder"])
        return known
    if known is not None:
        _remove_unused(known)
    add_class_labels(card, None)
    return ModelVersion.objects.create(
        name=card["name"],
        version=card["version"],
        status=ModelVersion.Status.SHIPPED,
        folder=folder.name,
        checksums_sha256=checksums,
        classes=card["engine"]["classes"],
        card=card,
    )


def name_on_card(folder: Path) -> tuple[str, str]:
    """Name and version that a version's folder gives itself.

    Raises:
        ArtifactDamaged: there is no card, or it cannot be read.
    """
    card = _read_card(folder)
    return str(card["name"]), str(card["version"])


def _read_card(folder: Path) -> dict[str, Any]:
    try:
        card = json.loads((folder / artifacts.CARD).read_text(encoding="utf-8"))
        _ = card["name"], card["version"], card["engine"]["classes"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ArtifactDamaged(
            f"The card of {folder.name} is missing or cannot be read. Restore the version's folder."
        ) from error
    return card


def _remove_unused(version: ModelVersion) -> None:
    """Make room for changed files of a version that has made no result yet."""
    try:
        version.delete()
    except ProtectedError as error:
        raise ModelVersionChanged(str(version)) from error
