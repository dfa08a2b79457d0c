"""Hands the reviewed cells of a profile to an adaptation.

The models know nothing of samples and reviews. So the cells go to them as files: a manifest and
copies of the pictures in the run's own folder, written before the row of the run is committed.
What a run was made of stays with it, whatever happens to the images later.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from tempfile import mkdtemp
from uuid import UUID

from django.conf import settings
from django.db import transaction

from accounts.models import User
from accounts.policy import Action, require
from mlmodels import artifacts
from mlmodels.ml.adaptation.reviewed_cells import ReviewedCell, write_reviewed
from mlmodels.ml.classes import class_among
from mlmodels.ml.inference.crops import Box
from mlmodels.models import TrainingRun
from mlmodels.selectors.profiles import profile_for_viewer
from mlmodels.selectors.versions.active import active_version
from mlmodels.services.training import requests
from predictions import storage
from predictions.errors import OnboardingRefused, OriginalMissing
from predictions.models import Cell
from predictions.selectors.models.onboarding import (
    classes_to_adapt,
    reviewed_cells,
    usable_cells,
    what_is_missing,
)

# As `adapt_model` looks for them in a run's folder.
CELLS, MANIFEST = "cells", "manifest.csv"


def request_adaptation(*, actor: User, profile_id: UUID) -> TrainingRun:
    """Ask for the adaptation of a profile's active version to its reviewed cells.

    Raises:
        ProfileNotFound: there is no such profile in the actor's laboratory.
        OnboardingRefused: too few cells can be used.
        TrainingRefused: the profile is being adapted already, or no model is active.
    """
    require(actor, Action.TRAIN_MODELS)
    profile = profile_for_viewer(actor, profile_id)
    version = active_version(actor.laboratory, profile)
    classes = classes_to_adapt(version, profile)
    cells = usable_cells(reviewed_cells(actor, profile), classes)
    _refuse_too_little(cells)
    runs = Path(settings.REGISTRY_DIR) / "runs"
    runs.mkdir(parents=True, exist_ok=True)
    part = Path(mkdtemp(prefix="cells-", dir=runs))
    try:
        # Counted once more: pictures may be gone from storage.
        kept = _write_cells(cells, classes, part)
        _refuse_too_little(kept)
        with transaction.atomic():
            run = requests.request_adaptation(actor=actor, profile_id=profile_id)
            folder = artifacts.run_folder(run.pk)
            folder.mkdir(parents=True, exist_ok=True)
            # Before the commit, in one step: a worker that hears of the run finds all its cells.
            part.rename(folder / CELLS)
    # Also where the process is told to end: copies of pictures must not be left lying about.
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise
    return run


def _refuse_too_little(cells: list[Cell]) -> None:
    missing = what_is_missing(len(cells), len({cell.image.sample_id for cell in cells}))
    if missing:
        raise OnboardingRefused(missing)


def _write_cells(cells: list[Cell], classes: list[str], folder: Path) -> list[Cell]:
    """Copy each picture once and name the cells in it; those whose picture is gone are left."""
    (folder / "images").mkdir()
    written: dict[UUID, str] = {}
    kept: list[Cell] = []
    rows: list[ReviewedCell] = []
    for cell in cells:
        image = cell.image
        if image.pk not in written:
            try:
                data = storage.read_original(image.original, sha256=image.sha256)
            except OriginalMissing:
                continue
            written[image.pk] = f"images/{image.sha256}"
            (folder / written[image.pk]).write_bytes(data)
        kept.append(cell)
        rows.append(
            ReviewedCell(
                path=written[image.pk],
                label=class_among(cell.present_label, classes),
                source=str(image.sample_id),
                box=Box(cell.x_px, cell.y_px, cell.width_px, cell.height_px),
            )
        )
    write_reviewed(rows, folder / MANIFEST)
    return kept
