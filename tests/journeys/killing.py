"""Killing the process that holds a job, at a moment of our choice, and nothing else.

It looks at the job's row as an operator would (read only), and acts on the operating system.
It calls no service of the program.
"""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import time
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import psycopg2

from tests.journeys.installation import Installation

STAGES = ("reading", "classifying", "recording")
# The random moment of a kill lies up to this many seconds after a stage was seen.
MOMENT_S = {"reading": 0.01, "classifying": 0.4, "recording": 0.002}
# So many jobs are always under way; an image is killed under so often that attempts are left.
IN_WORK = 4
MOST_AN_IMAGE = 2

_JOBS = "FROM predictions_classificationjob WHERE status"
_RUNNING = f"SELECT image_id, stage, worker, attempts {_JOBS} = 'running'"
_UNFINISHED = f"SELECT count(*) {_JOBS} IN ('queued', 'running')"
_CELLS = "SELECT image_id, count(*) FROM predictions_cell GROUP BY image_id"


@dataclass(frozen=True)
class Held:
    """A job that a process holds, as its row tells."""

    image_id: str
    stage: str
    pid: int
    attempts: int


@dataclass(frozen=True)
class Kill:
    """One `kill -9`, and what the row said at that moment."""

    number: int
    job: Held

    def __str__(self) -> str:
        job = self.job
        return f"kill {self.number:2d}: pid {job.pid} while {job.stage}, attempt {job.attempts}"


class Watcher:
    """Reads the rows of jobs and cells over a connection of its own, and writes nothing."""

    def __init__(self, installation: Installation) -> None:
        url = installation.environment.get("DATABASE_URL")
        self._connection: Any
        if url is None:
            path = installation.var_dir / "hematovision.sqlite3"
            uri = f"file:{path}?mode=ro"
            self._connection = sqlite3.connect(uri, uri=True, isolation_level=None)
        else:
            self._connection = psycopg2.connect(url)
            self._connection.set_session(readonly=True, autocommit=True)

    def running(self) -> list[Held]:
        """The jobs that some process holds."""
        return [_held(row) for row in self._read(_RUNNING)]

    def unfinished(self) -> int:
        """How many jobs are queued or running."""
        [[count]] = self._read(_UNFINISHED)
        return int(count)

    def cells_of_images(self) -> dict[str, int]:
        """How many cells each image has, of whatever job."""
        return {_uuid(image_id): count for image_id, count in self._read(_CELLS)}

    def _read(self, query: str) -> list[Any]:
        cursor = self._connection.cursor()
        cursor.execute(query)
        return list(cursor.fetchall())


def kill_holders(
    watcher: Watcher, *, upload: Callable[[], str], kills: int, seed: int, within_s: float
) -> list[Kill]:
    """Kill the holders of running jobs `kills` times, the stages in turn, at random moments.

    Args:
        upload: sends one more picture and returns its image's id; called so that work is there.
        seed: of the random moments.
    """
    rng = random.Random(seed)
    done: list[Kill] = []
    ours: set[str] = set()
    end = time.monotonic() + within_s
    while len(done) < kills:
        if time.monotonic() > end:
            raise AssertionError(f"only {len(done)} kills in {within_s} s")
        if watcher.unfinished() - len(done) < IN_WORK:
            ours.add(upload())
        stage = STAGES[len(done) % len(STAGES)]
        gone = {kill.job.pid for kill in done}
        counts = Counter(kill.job.image_id for kill in done)
        for job in watcher.running():
            if job.image_id not in ours or job.pid in gone or counts[job.image_id] == MOST_AN_IMAGE:
                continue
            if job.stage != stage:
                continue
            time.sleep(rng.uniform(0, MOMENT_S[stage]))
            if _killed_while(job, watcher):
                done.append(Kill(len(done) + 1, job))
                print(done[-1], flush=True)
                break
        else:
            time.sleep(0.001)
    return done


def _killed_while(job: Held, watcher: Watcher) -> bool:
    """Stop the process, look whether it still holds the job at that stage, and then kill it.

    Stopped, it cannot move on between the look and the blow: the stage that is told is true.
    """
    try:
        os.kill(job.pid, signal.SIGSTOP)
    except ProcessLookupError:
        return False
    holds = job in watcher.running()
    os.kill(job.pid, signal.SIGKILL if holds else signal.SIGCONT)
    return holds


def _held(row: tuple[object, str, str, int]) -> Held:
    image_id, stage, worker, attempts = row
    return Held(_uuid(image_id), stage, int(worker.rpartition(":")[2]), attempts)


def _uuid(value: object) -> str:
    """The usual writing of a UUID; SQLite keeps it without hyphens."""
    return str(uuid.UUID(str(value)))
