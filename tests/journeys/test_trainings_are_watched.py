"""A training goes on where `kill -9` of its worker left it, and ends within seconds of a cancel.

Seen as an admin and an operator see it: over the pages, the rows, the processes and the run folder.
"""

from __future__ import annotations

import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.journeys.installation import ROOT, Installation, running
from tests.journeys.visitors import Person

pytestmark = pytest.mark.processes

EPOCHS = 6
BRING_A_DATASET = """
import django
django.setup()
from accounts.models import User
from tests.factories.datasets import make_dataset
admin = User.objects.get(role="admin")
print(make_dataset(admin, train=6, validation=2, test=2).pk)
"""


@dataclass(frozen=True)
class Row:
    """What the row of a run says."""

    status: str
    worker: str
    attempts: int
    phase: str
    epochs: int


class Admin(Person):
    """Somebody who trains, and looks at rows and processes as the operator can."""

    def __init__(self, installation: Installation) -> None:
        super().__init__(installation, "admin")
        self.installation = installation
        path = installation.var_dir / "hematovision.sqlite3"
        self._rows = sqlite3.connect(f"file:{path}?mode=ro", uri=True, isolation_level=None)

    def train(self, dataset: str) -> str:
        """Ask for a training on the page; the run's id."""
        fields = {"dataset": dataset, "recipe": "own_cells_small", "seed": "5"}
        answer = self.submit("/training/new/", {**fields, "epochs": str(EPOCHS)})
        found = re.search(r"/training/([0-9a-f-]{36})/$", answer.url)
        assert found, answer.text
        return found.group(1)

    def ask_to(self, do: str, run: str) -> None:
        """Press the button that cancels or resumes, on the run's page."""
        assert self.press(f"/training/{run}/{do}/", on=f"/training/{run}/").status_code == 200

    def row(self, run: str) -> Row:
        """What the row says now."""
        query = """SELECT status, worker, attempts, coalesce(json_extract(progress, '$.phase'), ''),
            (SELECT count(*) FROM mlmodels_trainingepoch WHERE run_id = r.id)
            FROM mlmodels_trainingrun r WHERE id = ?"""
        return Row(*self._rows.execute(query, (uuid.UUID(run).hex,)).fetchone())

    def wait(self, run: str, until: Callable[[Row], bool], within_s: float = 300) -> Row:
        """Look at the row until it is as wanted."""
        end = time.monotonic() + within_s
        while time.monotonic() < end:
            row = self.row(run)
            if until(row):
                return row
            time.sleep(0.05)
        raise AssertionError(f"the run is still {self.row(run)}")

    def folder(self, run: str) -> Path:
        return self.installation.var_dir / "registry" / "runs" / run


def bring_a_dataset(installation: Installation) -> str:
    """A frozen dataset of drawn cells; its id."""
    environment = {
        **installation.environment,
        "DJANGO_SETTINGS_MODULE": "hematovision.settings",
        "PYTHONPATH": str(ROOT),
    }
    command = [sys.executable, "-c", BRING_A_DATASET]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()[-1]


def gone_within(seconds: float, left: Callable[[], list[Any]]) -> float:
    """How long it took until nothing was left."""
    began = time.monotonic()
    while left():
        assert time.monotonic() - began < seconds, f"still there: {left()}"
        time.sleep(0.05)
    return time.monotonic() - began


def arrays(file: Path) -> dict[str, np.ndarray]:
    with np.load(file, allow_pickle=False) as kept:
        return {name: kept[name] for name in kept.files}


def test_a_killed_training_goes_on_and_a_cancelled_one_ends(tmp_path, tell):
    soon = {
        "JOB_LEASE_S": "4",
        "SWEEP_EVERY_S": "1",
        "INFERENCE_RUNTIME": "litert",
        "TRAINING_THREADS": "1",
        "INFERENCE_PROCESSES": "1",
    }
    with running(tmp_path, **soon) as installation:
        admin = Admin(installation)
        dataset = bring_a_dataset(installation)

        # Killed in the middle, with nothing left behind; the next attempt does the rest.
        killed, undisturbed = admin.train(dataset), admin.train(dataset)
        installation.stop_trainers_after_an_epoch(killed)
        before = admin.wait(killed, lambda row: row.epochs >= 1)
        assert (before.status, before.epochs < EPOCHS) == ("running", True)
        os.kill(int(before.worker.rpartition(":")[2]), signal.SIGKILL)
        seconds = gone_within(5, installation.trainers)
        tell(
            f"worker killed after {before.epochs} epochs; its training was gone in {seconds:.1f} s"
        )
        after = admin.wait(killed, lambda row: row.status == "succeeded")
        assert (after.attempts, after.epochs) == (2, EPOCHS)
        log = (admin.folder(killed) / "log.txt").read_text()
        ran = re.findall(r"epoch=(\d+) ", log)
        assert ran == [str(number + 1) for number in range(EPOCHS)]

        # On one thread, its weights are those of a run that nobody disturbed.
        assert admin.wait(undisturbed, lambda row: row.status == "succeeded").attempts == 1
        one, other = (arrays(admin.folder(r) / "checkpoint.npz") for r in (killed, undisturbed))
        assert one.keys() == other.keys()
        assert all(np.array_equal(one[name], other[name]) for name in one)
        said = [
            [line.split(",")[:6] for line in (admin.folder(run) / "metrics.csv").open()]
            for run in (killed, undisturbed)
        ]
        assert said[0] == said[1]

        # Cancelled while it trains: the process is gone within seconds, the log stays.
        cancelled = admin.train(dataset)
        # A quick machine may be past its epochs before the row says that it trains.
        admin.wait(cancelled, lambda row: row.phase in ("training", "calibrating", "measuring"))
        began = time.monotonic()
        admin.ask_to("cancel", cancelled)
        admin.wait(cancelled, lambda row: row.status == "cancelled", within_s=10)
        gone_within(5, installation.trainers)
        tell(f"cancelled in {time.monotonic() - began:.1f} s")
        page = admin.open(f"/training/{cancelled}/").text
        # The page shows the end of the log, whatever had been reached by then.
        assert re.search("crops train|epoch=|calibrating", page)
        assert "Resume" in page

        # Resumed, and the whole installation is ended by Ctrl-C: the run waits for its next worker.
        admin.ask_to("resume", cancelled)
        admin.wait(cancelled, lambda row: row.status == "running" and bool(installation.trainers()))
        installation.stop()
        assert installation.trainers() == []
        left = admin.row(cancelled)
        assert (left.status, left.attempts) == ("queued", 0)
