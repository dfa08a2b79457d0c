"""Sends broken files to an installation as programs do, and tells what did not go as it must.

Every file is answered by a status below 500 and, where it is refused, by a sentence; nothing that
serves or works dies of one; and what all of it holds in memory stays within two decodes and a bit.
"""

from __future__ import annotations

import sqlite3
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field

import requests

from mlmodels.ml.pictures.apart import BYTES_A_PIXEL, BYTES_BESIDE
from mlmodels.ml.pictures.picture import ImageLimits
from tests.drawn_cells import draw_smear_png
from tests.journeys.installation import Installation
from tests.journeys.visitors import Program
from tests.mutations.changes import Mutated, mutated
from tests.mutations.memory import Watched, groups_of, watching

# What a web process, or the workers of one kind, may rise to: two decodes, each up to what its
# child may fill beside itself for 50 megapixels, and what is asked for besides.
TWO_DECODES_MB = 2 * (BYTES_A_PIXEL * ImageLimits().max_megapixels * 1e6 + BYTES_BESIDE) / 2**20
MORE_MB = 150
# So many files in one request, and so many who send: more than decode at once.
TOGETHER, SENDERS = 20, 4
AT_MOST_S = 1800
UNFINISHED = "SELECT count(*) FROM {} WHERE status IN ('queued', 'running')"
TIRED = "SELECT count(*) FROM {} WHERE attempts > 1"
ENDED = "SELECT status, error FROM {} WHERE status IN ('succeeded', 'failed')"
TABLES = ("predictions_classificationjob", "predictions_imagearchive")


@dataclass
class Trial:
    """What became of all files.

    Args:
        outcomes: how many were taken, were refused, and ended in which way.
        complaints: a sentence for each that was not answered as it must be.
        memory: what web process and workers held, and whether they lived.
        seconds: from the first file to the last result.
    """

    outcomes: Counter[str] = field(default_factory=Counter)
    complaints: list[str] = field(default_factory=list)
    memory: list[Watched] = field(default_factory=list)
    seconds: float = 0

    def lines(self) -> Iterator[str]:
        """For a person, and for the page about files."""
        yield f"{self.outcomes.total()} outcomes in {self.seconds:.0f} s"
        yield from (f"  {count:6} {what}" for what, count in sorted(self.outcomes.items()))
        for each in self.memory:
            yield (
                f"  {each.group.name}: {each.rest_mb:.0f} MB at rest, at most {each.most_mb:.0f}, "
                f"a rise of {each.rise_mb:.0f} MB; {len(each.died)} of {len(each.lasting)} died"
            )
        yield from (f"  WRONG: {complaint}" for complaint in self.complaints)


def try_files(installation: Installation, *, count: int, seed: int, first: int = 0) -> Trial:
    """Send so many mutated files from the number `first` on, and wait for all results."""
    trial = Trial()
    warm_up(installation)
    began = time.monotonic()
    with watching(groups_of(installation)) as trial.memory:
        with ThreadPoolExecutor(SENDERS) as senders:
            numbers = range(first, first + count)
            batches = [numbers[at : at + TOGETHER] for at in range(0, count, TOGETHER)]
            tellers = [Program(installation) for _ in range(SENDERS)]
            samples = [teller.create_sample() for teller in tellers]
            work = [
                (tellers[n % SENDERS], samples[n % SENDERS], batch, seed)
                for n, batch in enumerate(batches)
            ]
            for outcomes, complaints in senders.map(lambda args: _send(*args), work):
                trial.outcomes += outcomes
                trial.complaints += complaints
        _wait(installation)
    trial.seconds = time.monotonic() - began
    _look_at_rows(installation, trial)
    for each in trial.memory:
        if each.died:
            trial.complaints.append(f"of {each.group.name}, {len(each.died)} processes died")
        if each.rise_mb > TWO_DECODES_MB + MORE_MB:
            trial.complaints.append(f"{each.group.name} rose by {each.rise_mb:.0f} MB")
    if not installation.is_ready():
        trial.complaints.append("/readyz does not answer any more")
    return trial


def warm_up(installation: Installation) -> None:
    """Let every process have read a whole picture: what they load for good is no rise."""
    program = Program(installation)
    pictures = [(f"{n}.png", draw_smear_png(seed=n)) for n in range(8)]
    for sent in program.upload(program.create_sample(), *pictures):
        program.result(sent["id"], within_s=180)


def _send(
    program: Program, sample: str, numbers: Sequence[int], seed: int
) -> tuple[Counter[str], list[str]]:
    """Send one batch: its pictures in one request, its archives each in one of their own."""
    files = [mutated(number, seed) for number in numbers]
    outcomes: Counter[str] = Counter()
    complaints: list[str] = []
    pictures = [file for file in files if not file.is_archive]
    try:
        _judge_pictures(_post_pictures(program, sample, pictures), pictures, outcomes, complaints)
        for archive in (file for file in files if file.is_archive):
            answer = program.ask(
                "POST",
                f"/samples/{sample}/archives/",
                files={"archive": (archive.name, archive.data)},
            )
            _judge_archive(answer, archive, outcomes, complaints)
    except requests.RequestException as error:
        complaints.append(f"files {numbers[0]} to {numbers[-1]} had no answer: {error!r}")
    return outcomes, complaints


def _post_pictures(program: Program, sample: str, pictures: Sequence[Mutated]) -> requests.Response:
    files = [("files", (picture.name, picture.data)) for picture in pictures]
    return program.ask("POST", f"/samples/{sample}/images/", files=files)


def _post_archive(program: Program, sample: str, archive: Mutated) -> requests.Response:
    file = {"archive": (archive.name, archive.data)}
    return program.ask("POST", f"/samples/{sample}/archives/", files=file)


def _judge_pictures(
    answer: requests.Response,
    pictures: Sequence[Mutated],
    outcomes: Counter[str],
    complaints: list[str],
) -> None:
    """Every file has its line, in order, by its name; a refused one has its sentence."""
    named = f"{pictures[0]} to {pictures[-1]}"
    if answer.status_code not in (202, 400, 413):
        complaints.append(f"{answer.status_code} for {named}: {answer.text[:200]}")
        return
    lines = answer.json().get("images", [])
    if [line["name"] for line in lines] != [picture.name for picture in pictures]:
        complaints.append(f"not every file has its line: {named}")
        return
    for line, picture in zip(lines, pictures, strict=True):
        if "id" in line:
            outcomes["picture taken"] += 1
        elif _is_a_sentence(line["error"]):
            outcomes["picture refused by a sentence"] += 1
        else:
            complaints.append(f"{picture}: {line}")


def _judge_archive(
    answer: requests.Response, archive: Mutated, outcomes: Counter[str], complaints: list[str]
) -> None:
    if answer.status_code == 202:
        outcomes["archive taken"] += 1
    elif answer.status_code in (400, 413) and _is_a_sentence(answer.json()["message"]):
        outcomes["archive refused by a sentence"] += 1
    else:
        complaints.append(f"{answer.status_code} for {archive}: {answer.text[:200]}")


def _is_a_sentence(text: str) -> bool:
    return len(text) > 20 and text.endswith(".") and "Error" not in text


def _wait(installation: Installation) -> None:
    """Until no image and no archive waits any more."""
    end = time.monotonic() + AT_MOST_S
    while any(_rows(installation, UNFINISHED.format(table))[0][0] for table in TABLES):
        assert time.monotonic() < end, "the results of mutated files do not come"
        time.sleep(0.5)


def _look_at_rows(installation: Installation, trial: Trial) -> None:
    """What the workers wrote: each job ended at its first attempt, well or with a sentence."""
    for table in TABLES:
        subject = "archive" if "archive" in table else "reading"
        for status, error in _rows(installation, ENDED.format(table)):
            trial.outcomes[f"{subject} {status}"] += 1
            if status == "failed" and not _is_a_sentence(error):
                trial.complaints.append(f"a {subject} failed without a sentence: {error!r}")
        [(tired,)] = _rows(installation, TIRED.format(table))
        if tired:
            trial.complaints.append(f"{tired} of {table} took more than one attempt")


def _rows(installation: Installation, query: str) -> list[tuple]:
    """Read the database as an operator would, over a connection that cannot write."""
    uri = f"file:{installation.var_dir / 'hematovision.sqlite3'}?mode=ro"
    with closing(sqlite3.connect(uri, uri=True, timeout=20)) as connection:
        return connection.execute(query).fetchall()
