"""Where the odd files of the real world are tried: one installation, and who stands at it.

What `cases.csv` says of a row's "how to run" is run as it stands there, in a shell whose variables
are those of `RUN.txt`, so that the case is what its reporter saw and no translation of it.
"""

from __future__ import annotations

import csv
import json
import os
import subprocess
import uuid
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from tests.journeys.installation import Installation
from tests.journeys.visitors import Person, Program

# Whoever runs `curl` by hand reads its body; the last line tells the status.
_CURLRC = 'silent\nmax-time = 60\nwrite-out = "\\n%{http_code}"\n'


@dataclass(frozen=True)
class Case:
    """One row of `cases.csv`."""

    name: str
    how: str
    expected: str

    @property
    def is_a_command(self) -> bool:
        """Whether a shell can run it."""
        return self.how.startswith(("curl ", "sh "))


@dataclass(frozen=True)
class Answer:
    """What the web process said."""

    status: int
    text: str

    @cached_property
    def body(self) -> Any:
        return json.loads(self.text)

    @property
    def message(self) -> str:
        """The sentence of a refusal."""
        return str(self.body["message"])

    def __str__(self) -> str:
        return f"{self.status} {self.text[:600]}"


def cases_of(folder: Path) -> list[Case]:
    """The rows of a folder's `cases.csv`, in their order."""
    with open(folder / "cases.csv", encoding="utf-8", newline="") as table:
        return [
            Case(row["name"], row["how to run"], row["expected"]) for row in csv.DictReader(table)
        ]


class Desk:
    """One installation, a technician's program, an admin's browser, and the folder of cases."""

    def __init__(self, installation: Installation, folder: Path) -> None:
        self.installation = installation
        self.folder = folder
        self.program = Program(installation)
        installation.var_dir.joinpath(".curlrc").write_text(_CURLRC)

    @cached_property
    def admin(self) -> Person:
        return Person(self.installation, "admin")

    @cached_property
    def sample(self) -> str:
        """A sample that takes images: what RUN.txt calls S."""
        return self.program.create_sample()

    def run(self, case: Case) -> Answer:
        """What the server answers to the command of a row, run in the folder of cases."""
        done = subprocess.run(
            ["sh", "-c", case.how],
            cwd=self.folder,
            env={
                **os.environ,
                "CURL_HOME": str(self.installation.var_dir),
                "B": self.program.url,
                "S": self.sample,
                "T": self.program.token(),
            },
            capture_output=True,
            text=True,
        )
        body, _, status = done.stdout.rpartition("\n")
        assert status.isdigit(), f"curl is needed, and says: {done.stdout}{done.stderr}"
        return Answer(int(status), body)

    def post(self, path: str, body: Any) -> Answer:
        """What the API answers to JSON."""
        answer = self.program.ask("POST", path, json=body)
        return Answer(answer.status_code, answer.text)

    def bodies(self, name: str) -> list[dict[str, str]]:
        """The JSON of a file of the folder, one or many, its # a number not used yet."""
        text = (self.folder / name).read_text(encoding="utf-8")
        told = json.loads(text.replace("#", uuid.uuid4().hex[:8]))
        return told if isinstance(told, list) else [told]
