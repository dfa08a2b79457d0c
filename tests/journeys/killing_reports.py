"""Killing the process that makes the file of a report, while it makes it, and nothing else.

It looks at the file's row as an operator would (read only), acts on the operating system, and
asks for everything else over HTTP.
"""

from __future__ import annotations

import hashlib
import random
import re
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from tests.drawn_cells import draw_smear_jpeg
from tests.journeys.a_case import Case
from tests.journeys.installation import Installation
from tests.journeys.killing import KILLS, Watcher, killed_while

# A random moment of a kill lies up to this many seconds after the file was seen in work.
MOMENT_S = 0.8
# So many files wait or are made at any time; one is killed under so often that attempts are left.
IN_WORK = 3
MOST_A_FILE = 2
FIELDS, CELLS_A_FIELD = 8, 20

_RUNNING = "SELECT report_id, worker, attempts FROM predictions_reportfile WHERE status = 'running'"
_UNFINISHED = "SELECT count(*) FROM predictions_reportfile WHERE status IN ('queued', 'running')"
_STORED = "SELECT report_id, status, name, sha256, size_bytes FROM predictions_reportfile"
_MADE = "SELECT object_id FROM accounts_auditevent WHERE action = 'report_made'"
# Where the sweep looks for files that no row names, whole ones and parts.
_SWEPT = re.compile(r"reports/\d{4}/\d\d/\d\d/[^/]+")


@dataclass(frozen=True)
class Making:
    """A file that a process makes, as its row tells."""

    report_id: str
    pid: int
    attempts: int

    def __str__(self) -> str:
        return f"pid {self.pid} in attempt {self.attempts}"


def assert_reports_survive(installation: Installation, tell: Callable[[str], None]) -> None:
    """Kill twenty makers; then every report has one file, whole, and it verifies."""
    case = _case_to_sign(installation)
    watcher = Watcher(installation)
    kills = _kill_makers(watcher, case, tell, within_s=400)

    pdfs = {report["id"]: case.pdf_of(report, within_s=120) for report in case.reports}
    stored = {_uuid(row[0]): tuple(row[1:]) for row in watcher.read(_STORED)}
    made = Counter(_uuid(row[0]) for row in watcher.read(_MADE))
    for report_id, pdf in pdfs.items():
        status, _, sha256, size_bytes = stored[report_id]
        assert status == "succeeded"
        assert (hashlib.sha256(pdf).hexdigest(), len(pdf)) == (sha256, size_bytes)
        assert pdf.rstrip().endswith(b"%%EOF")
        verdict = case.verify(pdf)
        assert (verdict["genuine"], verdict["report"]["id"]) == (True, report_id)
        assert made[report_id] == 1
    left = _files(installation) - {name for _, name, _, _ in stored.values()}
    # What a kill left between the bytes and the row that would have named them; the sweep finds
    # it by the day in its path.
    assert len(left) <= len(kills)
    assert all(_SWEPT.fullmatch(name) for name in left), left
    assert installation.is_running()
    tell(
        f"{len(kills)} kills, {len(pdfs)} reports, each with one whole file that verifies; "
        f"left for the sweep: {len(left)} files"
    )


def _case_to_sign(installation: Installation) -> Case:
    """A case of a few fields that waits for the doctor."""
    pictures = [
        (f"field-{n}.jpg", draw_smear_jpeg(seed=n, cells=CELLS_A_FIELD)) for n in range(FIELDS)
    ]
    case = Case(installation, pictures)
    case.arrive()
    case.wait_until_read()
    case.review_what_asks()
    case.send_on()
    return case


def _kill_makers(
    watcher: Watcher, case: Case, tell: Callable[[str], None], *, within_s: float
) -> list[Making]:
    """Kill who makes a file twenty times, at random moments; there is always a file to make."""
    done: list[Making] = []
    enough = threading.Event()
    feeder = threading.Thread(target=_keep_fed, args=(case, enough))
    feeder.start()
    rng = random.Random(16)
    end = time.monotonic() + within_s
    try:
        while len(done) < KILLS:
            if time.monotonic() > end:
                raise AssertionError(f"only {len(done)} kills in {within_s} s")
            making = _next_victim(_running(watcher), done)
            if making is None:
                time.sleep(0.002)
                continue
            moment_s = rng.uniform(0, MOMENT_S)
            time.sleep(moment_s)
            if killed_while(making.pid, partial(_holds, watcher, making)):
                done.append(making)
                tell(f"kill {len(done):2d}: {making}, {moment_s:.2f} s after it was seen")
    finally:
        enough.set()
        feeder.join()
    return done


def _keep_fed(case: Case, enough: threading.Event) -> None:
    """Sign the next version of the report whenever few files are left to make."""
    watcher = Watcher(case.installation)
    while not enough.wait(0.05):
        [[unfinished]] = watcher.read(_UNFINISHED)
        if unfinished < IN_WORK:
            if case.reports:
                body = {"reason": "Something to add."}
                case.doctor.post(f"/samples/{case.sample}/amend/", body, status=200)
            case.sign(f"Version {len(case.reports) + 1}.")


def _next_victim(running: list[Making], done: list[Making]) -> Making | None:
    """A file whose maker lives, and that has attempts left."""
    gone = {making.pid for making in done}
    counts = Counter(making.report_id for making in done)
    for making in running:
        if making.pid not in gone and counts[making.report_id] < MOST_A_FILE:
            return making
    return None


def _holds(watcher: Watcher, making: Making) -> bool:
    return making in _running(watcher)


def _running(watcher: Watcher) -> list[Making]:
    return [
        Making(_uuid(report_id), int(worker.rpartition(":")[2]), attempts)
        for report_id, worker, attempts in watcher.read(_RUNNING)
    ]


def _files(installation: Installation) -> set[str]:
    """The names of everything that is stored of reports."""
    media = installation.var_dir / "media"
    return {
        str(path.relative_to(media)) for path in (media / "reports").rglob("*") if path.is_file()
    }


def _uuid(value: object) -> str:
    """The usual writing of a UUID; SQLite keeps it without hyphens."""
    return str(uuid.UUID(str(value)))
