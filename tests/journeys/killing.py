"""Killing the process that holds a job, at a moment of our choice, and nothing else.

It looks at the job's row as an operator would (read only), and acts on the operating system.
It calls no service of the program.
"""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import cv2
import psycopg2

from tests.drawn_cells import draw_smear, encode
from tests.journeys.installation import Installation
from tests.journeys.visitors import Program

KILLS = 20
STAGES = ("reading", "classifying", "recording")
# The random moment of a kill lies up to this many seconds after a stage was seen.
MOMENT_S = {"reading": 0.01, "classifying": 0.3, "recording": 0.004}
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
    """Reads rows over a connection of its own, and writes nothing."""

    def __init__(self, installation: Installation) -> None:
        self.installation = installation
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
        return [_held(row) for row in self.read(_RUNNING)]

    def unfinished(self) -> int:
        """How many jobs are queued or running."""
        [[count]] = self.read(_UNFINISHED)
        return int(count)

    def cells_of_images(self) -> dict[str, int]:
        """How many cells each image has, of whatever job."""
        return {_uuid(image_id): count for image_id, count in self.read(_CELLS)}

    def read(self, query: str) -> list[Any]:
        """The rows that a query of ours finds now."""
        cursor = self._connection.cursor()
        cursor.execute(query)
        return list(cursor.fetchall())


def assert_results_survive(installation: Installation, tell: Callable[[str], None]) -> None:
    """Kill twenty holders; then every image, read over HTTP, is what an undisturbed one is."""
    picture = ("field.bmp", large_field())
    program = Program(installation)
    images: list[str] = []

    def upload() -> None:
        [sent] = program.upload(program.create_sample(), picture)
        images.append(sent["id"])

    upload()
    undisturbed = findings(program.result(images[0]))
    assert undisturbed
    watcher = Watcher(installation)
    before = set(installation.processes())
    kills = kill_holders(watcher, upload=upload, tell=tell, kills=KILLS, seed=7, within_s=300)

    assert {kill.job.stage for kill in kills} == set(STAGES)
    for image_id in images:
        image = program.result(image_id, within_s=90)
        assert image["status"] == "succeeded", image["error"]
        assert findings(image) == undisturbed
    stored = watcher.cells_of_images()
    assert [stored[image_id] for image_id in images] == [len(undisturbed)] * len(images)
    assert before - {kill.job.pid for kill in kills} <= set(installation.processes())
    assert installation.is_running()
    tell(f"{len(kills)} kills, {len(images)} images, each with one set of results")


def findings(image: dict[str, Any]) -> list[tuple[Any, ...]]:
    """What the API tells of an image's cells, without their ids."""
    return [(cell["box"], cell["label"], round(cell["confidence"], 3)) for cell in image["cells"]]


def large_field() -> bytes:
    """A picture of many cells and many bytes (13 MB), so that each stage takes its time."""
    field = draw_smear(seed=11, cells=24, width=1200, height=900)
    return encode(cv2.resize(field, (2400, 1800), interpolation=cv2.INTER_NEAREST), "BMP")


def kill_holders(
    watcher: Watcher,
    *,
    upload: Callable[[], object],
    tell: Callable[[str], None],
    kills: int,
    seed: int,
    within_s: float,
) -> list[Kill]:
    """Kill the holders of running jobs `kills` times, the stages in turn, at random moments.

    Args:
        upload: sends one more picture; called beside the killing so that there is always work.
        tell: is told of each kill.
        seed: of the random moments.
    """
    done: list[Kill] = []
    enough = threading.Event()
    feeder = threading.Thread(target=_keep_fed, args=(watcher.installation, upload, done, enough))
    feeder.start()
    rng = random.Random(seed)
    end = time.monotonic() + within_s
    try:
        while len(done) < kills:
            if time.monotonic() > end:
                raise AssertionError(f"only {len(done)} kills in {within_s} s")
            stage = STAGES[len(done) % len(STAGES)]
            job = _next_victim(watcher.running(), stage, done)
            if job is None:
                time.sleep(0.0005)
                continue
            time.sleep(rng.uniform(0, MOMENT_S[stage]))
            if killed_while(job.pid, partial(_holds, watcher, job)):
                done.append(Kill(len(done) + 1, job))
                tell(str(done[-1]))
    finally:
        enough.set()
        feeder.join()
    return done


def _keep_fed(
    installation: Installation,
    upload: Callable[[], object],
    done: list[Kill],
    enough: threading.Event,
) -> None:
    """Upload whenever few jobs are left; those of the killed wait for the end of their lease."""
    watcher = Watcher(installation)
    while not enough.wait(0.05):
        if watcher.unfinished() < IN_WORK + len(done) // 2:
            upload()


def _next_victim(running: list[Held], stage: str, done: list[Kill]) -> Held | None:
    """A job at that stage whose process lives, and whose image has attempts left."""
    gone = {kill.job.pid for kill in done}
    counts = Counter(kill.job.image_id for kill in done)
    for job in running:
        if job.stage == stage and job.pid not in gone and counts[job.image_id] < MOST_AN_IMAGE:
            return job
    return None


def _holds(watcher: Watcher, job: Held) -> bool:
    return job in watcher.running()


def killed_while(pid: int, holds: Callable[[], bool]) -> bool:
    """Stop the process, look whether it still holds what it held, and then kill it.

    Stopped, it cannot move on between the look and the blow: what is told of it is true.
    """
    try:
        os.kill(pid, signal.SIGSTOP)
    except ProcessLookupError:
        return False
    held = holds()
    os.kill(pid, signal.SIGKILL if held else signal.SIGCONT)
    return held


def _held(row: tuple[object, str, str, int]) -> Held:
    image_id, stage, worker, attempts = row
    return Held(_uuid(image_id), stage, int(worker.rpartition(":")[2]), attempts)


def _uuid(value: object) -> str:
    """The usual writing of a UUID; SQLite keeps it without hyphens."""
    return str(uuid.UUID(str(value)))
