"""Adapts versions to imaging profiles. Loads TensorFlow."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

from mlmodels import artifacts, policy
from mlmodels.errors import TrainingRefused
from mlmodels.ml.adaptation.adapted_version import adapt_version
from mlmodels.ml.adaptation.reviewed_cells import read_reviewed
from mlmodels.ml.training.progress import (
    PREPARING,
    PROGRESS,
    Progress,
    ProgressFile,
    Tell,
    tell_nobody,
)
from mlmodels.ml.training.provenance import git_revision
from mlmodels.models import TrainingRun
from mlmodels.services.training.run_training_job import model_name

CELLS = "cells"
MANIFEST = "manifest.csv"


def adapt_for_run(*, run_id: UUID, output: Path) -> dict[str, Any]:
    """Do what an adaptation's row asks for, into `output/version`.

    Raises:
        TrainingRefused: there is no such run, or its base version is gone or retired.
        ArtifactDamaged: its base version's files are not the registered ones.
        ManifestInvalid: as `adapt_version`.
    """
    run = (
        TrainingRun.objects.select_related("base_version", "profile")
        .filter(pk=run_id, kind=TrainingRun.Kind.ADAPTATION)
        .first()
    )
    if run is None or run.base_version is None:
        raise TrainingRefused("", "There is no adaptation of this id.")
    if run.base_version.is_retired:
        raise TrainingRefused("", policy.retired_base_in_words(run.base_version))
    base = artifacts.model_folder(run.base_version)
    artifacts.refuse_other_files(base, run.base_version.checksums_sha256)
    name, version = model_name(run)
    tell = ProgressFile(output / PROGRESS)
    tell(Progress(PREPARING))
    return adapt_folder(
        base=base,
        cells=output / CELLS,
        output=output / "version",
        name=name,
        version=version,
        profile=run.profile.name if run.profile else "",
        classes=run.classes,
        tell=tell,
    )


def adapt_folder(
    *,
    base: Path,
    cells: Path,
    output: Path,
    name: str,
    version: str,
    profile: str = "",
    classes: Sequence[str] | None = None,
    tell: Tell = tell_nobody,
) -> dict[str, Any]:
    """Adapt a version's folder to the reviewed cells of a folder with `manifest.csv`.

    Args:
        classes: that occur where the cells come from; none where every class may.
    """
    return adapt_version(
        base,
        read_reviewed(cells / MANIFEST),
        cells,
        output,
        name=name,
        version=version,
        profile=profile,
        classes=classes,
        git_revision=git_revision(),
        tell=tell,
    )
