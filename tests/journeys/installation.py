"""A whole installation for a test: `make run` itself, with a folder, database and port of its own.

Tests speak to it as people and programs do, over HTTP. It ends as it ends for a person: Ctrl-C.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

ROOT = Path(__file__).resolve().parent.parent.parent
# What a bare terminal has; nothing of the test run's own settings.
KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TZ")


def free_port() -> int:
    """A port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Installation:
    """The processes of one `make run`."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.var_dir = folder / "var"
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = folder / "run.log"
        bare = {name: os.environ[name] for name in KEPT if name in os.environ}
        self.environment = {
            **bare,
            "VAR_DIR": str(self.var_dir),
            "PORT": str(self.port),
            "SECRET_KEY": "a-key-for-tests-only-with-more-than-fifty-characters-in-it",
            "DEBUG": "true",
            "API_RATE_USER": "100000/min",
            "API_RATE_ANONYMOUS": "100000/min",
            **environment,
        }
        self._make: subprocess.Popen[bytes] | None = None

    def set_up(self) -> str:
        """Run `make setup`; return what it printed."""
        return subprocess.run(
            ["make", "setup"],
            cwd=ROOT,
            env=self.environment,
            check=True,
            capture_output=True,
            text=True,
        ).stdout

    def start(self, *, within_s: float = 120) -> float:
        """Run `make run` and wait for /readyz; return the seconds that took."""
        began = time.monotonic()
        with open(self.log, "ab") as log:
            self._make = subprocess.Popen(
                ["make", "run"],
                cwd=ROOT,
                env=self.environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        while not self.is_ready():
            if self._make.poll() is not None or time.monotonic() - began > within_s:
                raise AssertionError(f"`make run` did not become ready:\n{self.log_tail()}")
            time.sleep(0.1)
        return time.monotonic() - began

    def stop(self, by: signal.Signals = signal.SIGINT, *, within_s: float = 30) -> None:
        """Press Ctrl-C (or close the terminal, by SIGHUP), as the terminal does it: to make and
        all that runs in its foreground."""
        if self._make is None:
            return
        os.killpg(self._make.pid, by)
        try:
            self._make.wait(timeout=within_s)
        except subprocess.TimeoutExpired:
            for pid in self.processes():
                os.kill(pid, signal.SIGKILL)
            raise
        finally:
            self._make = None

    def verify_summaries(self) -> None:
        """Whatever a journey did: what lists show is what the rows behind it say."""
        self.manage("verify_summaries")

    def manage(self, *arguments: str, **environment: str) -> str:
        """What an operator's command prints; it has to succeed."""
        done = subprocess.run(
            [ROOT / ".venv" / "bin" / "python", "manage.py", *arguments],
            cwd=ROOT,
            env={**self.environment, **environment},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def is_ready(self) -> bool:
        """Whether /readyz answers 200."""
        try:
            return requests.get(f"{self.url}/readyz", timeout=5).status_code == 200
        except requests.RequestException:
            return False

    def is_running(self) -> bool:
        """Whether `make run` has not ended."""
        return self._make is not None and self._make.poll() is None

    def processes(self) -> list[int]:
        """The pids of every process that was started with this installation's folder."""
        mark = f"VAR_DIR={self.var_dir}\0".encode()
        found = []
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                if mark in (entry / "environ").read_bytes():
                    found.append(int(entry.name))
            except OSError:
                continue
        return found

    def trainers(self) -> list[int]:
        """The processes that train."""
        found = []
        for pid in self.processes():
            try:
                command = Path(f"/proc/{pid}/cmdline").read_text()
            except OSError:
                continue
            if "train_model" in command:
                found.append(pid)
        return found

    def stop_trainers_after_an_epoch(self, run: str, *, within_s: float = 300) -> None:
        """Stop the processes that train once the run has an epoch: a quick machine soon has all."""
        metrics = self.var_dir / "registry" / "runs" / run / "metrics.csv"
        end = time.monotonic() + within_s
        # The head and a whole row: a stopped process writes no rest.
        while not (metrics.is_file() and metrics.read_text().count("\n") >= 2):
            assert time.monotonic() < end, f"no epoch of the run {run} is done"
            time.sleep(0.005)
        for pid in self.trainers():
            os.kill(pid, signal.SIGSTOP)

    def password_of(self, role: str) -> tuple[str, str]:
        """User name and password of a demo user, as `make setup` wrote them down."""
        for line in (self.var_dir / "demo-credentials.txt").read_text().splitlines():
            if line.split()[0] == role:
                _, username, password = line.split()
                return username, password
        raise AssertionError(f"no demo {role}")

    def log_tail(self, lines: int = 60) -> str:
        """The last lines that the processes printed."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])


@contextmanager
def running(folder: Path, **environment: str) -> Iterator[Installation]:
    """An installation that is ready, and gone afterwards."""
    installation = Installation(folder, **environment)
    try:
        installation.start()
        yield installation
    except BaseException:
        print(installation.log_tail())
        raise
    finally:
        installation.stop()
    installation.verify_summaries()
