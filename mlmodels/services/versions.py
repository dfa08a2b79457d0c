"""Brings model versions into the registry."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.models import ProtectedError

from mlmodels import artifacts
from mlmodels.errors import ModelVersionChanged
from mlmodels.ml.engine import verify_folder
from mlmodels.ml.errors import ArtifactDamaged
from mlmodels.models import ModelVersion


def register_shipped() -> list[ModelVersion]:
    """Register every model that comes with the program; those that are known stay as they are.

    The operator's act at set-up and after each update: it has no actor.

    Raises:
        ArtifactDamaged: a folder's files do not match its checksums.
        ModelVersionChanged: a version that made results has other files now.
    """
    return [_register(folder) for folder in artifacts.shipped_folders()]


def _register(folder: Path) -> ModelVersion:
    verify_folder(folder)
    checksums = artifacts.checksums_sha256(folder)
    card = _read_card(folder)
    with transaction.atomic():
        known = ModelVersion.objects.filter(
            laboratory__isnull=True, name=card["name"], version=card["version"]
        ).first()
        if known is not None and known.checksums_sha256 == checksums:
            return known
        if known is not None:
            _remove_unused(known)
        return ModelVersion.objects.create(
            name=card["name"],
            version=card["version"],
            status=ModelVersion.Status.SHIPPED,
            folder=folder.name,
            checksums_sha256=checksums,
            classes=card["engine"]["classes"],
            card=card,
        )


def _read_card(folder: Path) -> dict[str, Any]:
    try:
        card = json.loads((folder / artifacts.CARD).read_text(encoding="utf-8"))
        _ = card["name"], card["version"], card["engine"]["classes"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ArtifactDamaged(
            f"The card of {folder.name} cannot be read. Restore the version's folder."
        ) from error
    return card


def _remove_unused(version: ModelVersion) -> None:
    """Make room for changed files of a version that has made no result yet."""
    try:
        version.delete()
    except ProtectedError as error:
        raise ModelVersionChanged(str(version)) from error
