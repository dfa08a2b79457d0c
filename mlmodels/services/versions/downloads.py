"""What is handed out of the registry, and written down."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from accounts.models import AuditAction, User
from accounts.policy import Action, require
from accounts.services.audit import record_read
from mlmodels import artifacts
from mlmodels.errors import ModelDamaged, ModelFileNotFound
from mlmodels.ml.errors import ArtifactDamaged
from mlmodels.selectors.versions.active import version_for_viewer


@dataclass(frozen=True)
class ModelDownload:
    """A file of a version, to hand out."""

    name: str
    data: bytes


def download_model_file(*, actor: User, version_id: UUID, name: str) -> ModelDownload:
    """One file of a version, verified, and the entry that it was taken.

    Raises:
        ModelVersionNotFound: there is no such version, shipped or in the actor's laboratory.
        ModelFileNotFound: it has no such file.
        ModelDamaged: the file is missing, or is not the one that was registered.
    """
    require(actor, Action.MANAGE_MODELS)
    version = version_for_viewer(actor, version_id)
    if name not in artifacts.sums_of(artifacts.model_folder(version)):
        raise ModelFileNotFound()
    try:
        data = artifacts.read_registered(version, name, version.checksums_sha256)
    except ArtifactDamaged as error:
        raise ModelDamaged(
            "This file is not the one that was registered, so it is not handed out. "
            "Ask the operator to restore it."
        ) from error
    record_read(
        action=AuditAction.MODEL_DOWNLOADED,
        actor=actor,
        laboratory=actor.laboratory,
        obj=version,
        changes={"file": [None, name]},
    )
    return ModelDownload(f"{version.name}-{version.version}-{name}", data)
