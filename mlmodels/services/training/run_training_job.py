"""The work of one training run, from claim to candidate: starts a child process and watches it.

The child computes; this process holds the run, tells of it, and ends the child when somebody
cancels, when the run is no longer ours, or when the worker itself is told to end.
"""

from __future__ import annotations

import csv
import json
import logging
import mmap
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import Error as DatabaseError
from django.db import connection

from hematovision.errors import DomainError
from mlmodels import artifacts
from mlmodels.ml.errors import EngineError
from mlmodels.ml.training.progress import FAILURE, PROGRESS, read_progress
from mlmodels.models import ModelVersion, TrainingRun
from mlmodels.services.training import claims
from mlmodels.services.training.claims import Claim
from mlmodels.services.versions.registration import register_candidate

logger = logging.getLogger(__name__)

_POLL_S = 0.5
_TELL_EVERY_S = 1.0
# Long enough to leave Python in order; a cancelled training has to end within seconds.
_TERM_GRACE_S = 3.0

# One byte that the processes of a worker share: forked after this line, they see what is written.
_worker_is_ending = mmap.mmap(-1, 1)


def end_with_worker() -> None:
    """Say to every process of this worker that the worker is about to end."""
    _worker_is_ending[0] = 1


def worker_is_ending() -> bool:
    """Whether some process of this worker has said so."""
    return bool(_worker_is_ending[0])


def run_training(*, run_id: UUID) -> None:
    """Do the work of a run, if nobody else does; run twice or in parallel, it counts once."""
    held = claims.claim(run_id)
    if held is None:
        return
    try:
        _work(held)
    except DatabaseError:
        # Its lease ends by itself, and the next attempt finds all that is done in the folder.
        logger.warning("Training run %s lost the database.", run_id)
        raise
    except Exception:
        logger.exception("Training run %s failed.", run_id)
        claims.fail(held, code="unexpected", sentence=_UNEXPECTED)
        raise


_UNEXPECTED = (
    "Something failed in this training; the reason is in the log below. Resume it to try again; "
    "if it fails again, tell the operator."
)


def _work(held: Claim) -> None:
    run = held.run
    folder = artifacts.run_folder(run.pk)
    folder.mkdir(parents=True, exist_ok=True)
    # What an earlier attempt said would be taken for this one's.
    for left in (FAILURE, PROGRESS):
        (folder / left).unlink(missing_ok=True)
    try:
        command = _command(run, folder)
    except DomainError as error:
        claims.fail(held, code=error.code, sentence=error.message)
        return
    with (folder / artifacts.RUN_LOG).open("ab") as log:
        child = subprocess.Popen(
            [*command, "--parent", str(os.getpid())],
            cwd=settings.BASE_DIR,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "2"},
        )
    try:
        why = _Watch(held, folder, child).until_the_end()
    finally:
        _end_child(child)
    _conclude(held, folder, child, why)


def _command(run: TrainingRun, folder: Path) -> list[str]:
    """What the child is started with; the recipe's text and the version's name go before."""
    manage = [sys.executable, str(settings.BASE_DIR / "manage.py")]
    if run.kind == TrainingRun.Kind.ADAPTATION:
        return [*manage, "adapt_model", "--run", str(run.pk), "--output", str(folder)]
    if run.dataset is None or not artifacts.dataset_folder(run.dataset.folder).is_dir():
        raise DomainError(
            "The files of this run's dataset are missing. Ask the operator to restore them, then "
            "resume the run.",
            code="dataset_missing",
        )
    recipe = folder / "recipe.toml"
    recipe.write_text(run.recipe_text, encoding="utf-8")
    command = [
        *manage,
        "train_model",
        "--recipe",
        str(recipe),
        "--dataset",
        str(artifacts.dataset_folder(run.dataset.folder)),
        "--frozen",
        run.dataset.manifest_sha256,
        "--output",
        str(folder),
        "--cache",
        str(folder / "kept"),
        "--name",
        model_name(run)[0],
        "--model-version",
        model_name(run)[1],
        "--seed",
        str(run.seed),
        "--threads",
        str(settings.TRAINING_THREADS),
    ]
    return command if run.epochs is None else [*command, "--epochs", str(run.epochs)]


def model_name(run: TrainingRun) -> tuple[str, str]:
    """Name and version of what a run makes: the same in each of its attempts."""
    name = run.recipe or "adapted"
    return name, f"{run.created_at:%Y.%m.%d}-{run.pk.hex[:6]}"


class _Watch:
    """Looks at the child and at the row twice a second until one of them says it is over."""

    def __init__(self, held: Claim, folder: Path, child: subprocess.Popen[bytes]) -> None:
        self._held = held
        self._folder = folder
        self._child = child
        self._said: dict[str, Any] = {}
        self._epochs = 0
        self._told_at = self._sure_at = self._began = time.monotonic()

    def until_the_end(self) -> str:
        """Why it is over: "ended" by itself, "cancelled", "lost", "worker" or "too_long"."""
        while self._child.poll() is None:
            why = self._reason_to_stop()
            if why:
                return why
            time.sleep(_POLL_S)
        self._tell()
        return "ended"

    def _reason_to_stop(self) -> str:
        if worker_is_ending():
            return "worker"
        if time.monotonic() - self._began > settings.TRAINING_AT_MOST_H * 3600:
            return "too_long"
        try:
            cancelled = claims.is_to_be_cancelled(self._held)
            if cancelled is None:
                return "lost"
            if cancelled:
                return "cancelled"
            if time.monotonic() - self._told_at >= _TELL_EVERY_S and not self._tell():
                return "lost"
            self._sure_at = time.monotonic()
        except DatabaseError:
            logger.warning("Run %s cannot be told of; trying again.", self._held.run.pk)
            connection.close()
            # Without the database the lease ends, and somebody else may begin.
            if time.monotonic() - self._sure_at > settings.JOB_LEASE_S:
                return "lost"
        return ""

    def _tell(self) -> bool:
        """Copy what is new to the rows; false when the run is no longer ours."""
        self._told_at = time.monotonic()
        epochs = read_epochs(self._folder)
        if len(epochs) > self._epochs:
            if not claims.add_epochs(self._held, epochs[self._epochs :]):
                return False
            self._epochs = len(epochs)
        said: dict[str, Any] = {"progress": read_progress(self._folder / PROGRESS)}
        made_with = read_progress(self._folder / artifacts.RUN_PROVENANCE)
        if made_with:
            said["provenance"] = {**self._held.run.provenance, **made_with}
        # Nothing new to tell, but the lease has to be kept.
        if said == self._said:
            return claims.renew(self._held)
        self._said = said
        return claims.tell(self._held, **said)


def read_epochs(folder: Path) -> list[dict[str, Any]]:
    """The whole epochs of a run folder's `metrics.csv`, as `TrainingEpoch` has them."""
    try:
        with (folder / "metrics.csv").open(newline="", encoding="utf-8") as stream:
            rows = list(csv.DictReader(stream))
    except OSError:
        return []
    return [_epoch(position, row) for position, row in enumerate(rows, 1) if row.get("seconds")]


def _epoch(position: int, row: dict[str, str]) -> dict[str, Any]:
    def number(name: str) -> float | None:
        return float(row[name]) if row.get(name) else None

    return {
        "position": position,
        "stage": row["stage"],
        "epoch": int(row["epoch"]),
        "loss": float(row["loss"]),
        "accuracy": float(row["accuracy"]),
        "validation_loss": number("inner_loss"),
        "validation_accuracy": number("inner_accuracy"),
        "seconds": float(row["seconds"]),
    }


def _end_child(child: subprocess.Popen[bytes]) -> None:
    """Let the child end, and end it by force where it does not within seconds."""
    if child.poll() is not None:
        return
    child.terminate()
    try:
        child.wait(_TERM_GRACE_S)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def _conclude(held: Claim, folder: Path, child: subprocess.Popen[bytes], why: str) -> None:
    """Write down how it ended; nothing where the run is no longer ours."""
    if why == "cancelled":
        claims.end_cancelled(held)
    # Whoever ends the whole group of processes may reach the child before this one.
    elif why == "worker" or (child.returncode == -signal.SIGTERM and why == "ended"):
        claims.release(held, counts=False)
    elif why == "too_long":
        sentence = (
            f"The training took longer than {settings.TRAINING_AT_MOST_H} hours and was ended. "
            "Resume it to go on after its last epoch, or ask for fewer epochs."
        )
        claims.fail(held, code="too_long", sentence=sentence)
    elif why == "ended" and child.returncode == 0:
        _register(held, folder)
    elif why == "ended" and child.returncode < 0:
        # Killed from outside, often for its memory: another attempt may have more luck.
        claims.release(held, counts=True)
    elif why == "ended":
        claims.fail(held, **_failure(folder))


def _register(held: Claim, folder: Path) -> None:
    """Make a candidate of the version that the child wrote, once."""
    run = held.run
    name, version = model_name(run)
    # An attempt before this one may have registered it and been killed before it said so.
    made = ModelVersion.objects.filter(
        laboratory=run.laboratory, name=name, version=version
    ).first()
    try:
        candidate = made or register_candidate(
            laboratory=run.laboratory,
            folder=folder / "version",
            name=name,
            version=version,
            profile=run.profile,
        )
    except (DomainError, EngineError) as error:
        claims.fail(held, code="not_registered", sentence=error.message)
        return
    if claims.succeed(held, candidate):
        artifacts.remove_kept_crops(run.pk)


def _failure(folder: Path) -> dict[str, str]:
    """Why the child ended, in its own sentence where it left one."""
    try:
        said = json.loads((folder / FAILURE).read_text(encoding="utf-8"))
        return {"code": str(said["code"]), "sentence": str(said["sentence"])}
    except (OSError, ValueError, KeyError):
        return {"code": "unexpected", "sentence": _UNEXPECTED}
