"""How far a training is, told in one small file that another process reads.

The file is replaced in one step, at most once a second; a new phase is told at once. A second
file says why a training failed, where a sentence for a person is known.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from mlmodels.ml.whole_files import write_text_whole

PROGRESS = "progress.json"
FAILURE = "failure.json"
EVERY_S = 1.0
PREPARING, TRAINING, CALIBRATING, MEASURING = "preparing", "training", "calibrating", "measuring"


@dataclass(frozen=True)
class Progress:
    """How far a training is.

    Args:
        phase: "preparing", "training", "calibrating" or "measuring".
        stage: its name, empty outside training.
        stage_number, stages: which one of how many, from 1.
        epoch, epochs: of the stage, from 1.
        step, steps: of the epoch, done and in all.
        loss: mean of the epoch so far; none before its first step.
        accuracy: of the epoch's crops so far, 0 to 1; none before its first step.
        seconds_left: of all training that is still to do, as the steps so far took; none before
            the first.
    """

    phase: str
    stage: str = ""
    stage_number: int = 0
    stages: int = 0
    epoch: int = 0
    epochs: int = 0
    step: int = 0
    steps: int = 0
    loss: float | None = None
    accuracy: float | None = None
    seconds_left: float | None = None


Tell = Callable[[Progress], None]


def tell_nobody(progress: Progress) -> None:
    """For who trains by hand and reads the lines that are logged."""


class ProgressFile:
    """Writes progress into a file.

    Args:
        file: is replaced in one step.
        clock: seconds; another one for tests.
    """

    def __init__(self, file: Path, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._file = file
        self._clock = clock
        self._last: tuple[str, float] | None = None

    def __call__(self, progress: Progress) -> None:
        """Write, unless the same phase was written within the last second."""
        now = self._clock()
        if self._last is not None:
            phase, at = self._last
            if phase == progress.phase and now - at < EVERY_S:
                return
        self._last = (progress.phase, now)
        write_text_whole(self._file, json.dumps(asdict(progress)))


def write_failure(folder: Path, *, code: str, sentence: str) -> None:
    """Leave word of why a training ended, for the process that started it."""
    text = json.dumps({"code": code, "sentence": sentence})
    write_text_whole(folder / FAILURE, text)


def read_progress(file: Path) -> dict[str, object]:
    """What the file says now; empty where there is none yet."""
    try:
        said = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return said if isinstance(said, dict) else {}
