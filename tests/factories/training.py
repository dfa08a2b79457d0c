"""Training runs: one that failed, and one that a real training of a few seconds has finished."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from accounts.models import User
from mlmodels import artifacts
from mlmodels.ml.training.progress import read_progress
from mlmodels.ml.training.reports.names import PICTURES
from mlmodels.models import TrainingRun
from mlmodels.services.training import claims, requests
from mlmodels.services.training.claims import Claim
from mlmodels.services.training.run_training_job import model_name, read_epochs
from mlmodels.services.versions.registration import register_candidate
from tests.factories.datasets import draw_dataset, make_dataset

ROOT = Path(__file__).resolve().parent.parent.parent
RECIPE, EPOCHS, SEED = "own_cells_small", 2, 3
TRAIN, VALIDATION, TEST = 5, 2, 3


@dataclass(frozen=True)
class Trained:
    """What a real training left.

    Args:
        dataset: the folder with the pictures and their manifest.
        run: the run folder.
    """

    dataset: Path
    run: Path


def train_for_real(folder: Path) -> Trained:
    """Train on drawn cells with the very command that a worker starts, without a database."""
    dataset, run = folder / "dataset", folder / "run"
    draw_dataset(dataset, train=TRAIN, validation=VALIDATION, test=TEST)
    return train_on(dataset, run)


def train_on(dataset: Path, run: Path) -> Trained:
    """Train on a dataset's folder with the very command that a worker starts."""
    run.mkdir()
    command = [
        *(sys.executable, "manage.py", "train_model", "--recipe", RECIPE),
        *("--dataset", str(dataset), "--output", str(run), "--cache", str(run / "kept")),
        *("--name", RECIPE, "--model-version", "1", "--epochs", str(EPOCHS)),
        *("--seed", str(SEED), "--threads", "1"),
    ]
    with (run / artifacts.RUN_LOG).open("wb") as log:
        subprocess.run(
            command,
            cwd=ROOT,
            env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "2"},
            stdout=log,
            stderr=subprocess.STDOUT,
            check=True,
        )
    return Trained(dataset, run)


def make_run(admin: User, **asked: object) -> TrainingRun:
    """A queued run on a new dataset."""
    dataset = make_dataset(admin, train=TRAIN, validation=VALIDATION, test=TEST)
    values = {"recipe": RECIPE, "epochs": EPOCHS, "seed": SEED, **asked}
    return requests.request_training(actor=admin, dataset_id=dataset.pk, **values)  # type: ignore[arg-type]


def claimed(run: TrainingRun) -> Claim:
    """The hold of this process on a run that is to be had."""
    held = claims.claim(run.pk)
    assert held is not None
    return held


def make_failed_run(admin: User) -> TrainingRun:
    """A run that failed after it had drawn its pictures."""
    run = make_run(admin)
    held = claimed(run)
    pictures = artifacts.run_folder(run.pk) / PICTURES
    pictures.mkdir(parents=True)
    cv2.imwrite(str(pictures / "samples-0.jpg"), np.zeros((8, 8, 3), np.uint8))
    assert claims.fail(held, code="training_failed", sentence="No cell was found.")
    run.refresh_from_db()
    return run


def make_finished_run(admin: User, trained: Trained) -> TrainingRun:
    """A run that ended as its worker would have ended it."""
    run = make_run(admin)
    held = claimed(run)
    folder = artifacts.run_folder(run.pk)
    shutil.copytree(trained.run, folder)
    assert claims.add_epochs(held, read_epochs(folder))
    made_with = read_progress(folder / artifacts.RUN_PROVENANCE)
    assert claims.tell(held, provenance={**run.provenance, **made_with})
    name, version = model_name(run)
    candidate = register_candidate(
        laboratory=run.laboratory, folder=folder / "version", name=name, version=version
    )
    assert claims.succeed(held, candidate)
    run.refresh_from_db()
    return run
