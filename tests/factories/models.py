"""Model versions of a laboratory: real folders, made from the newest shipped one."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

from accounts.models import Laboratory
from mlmodels.ml.engine import CARD, CHECKSUMS
from mlmodels.models import ImagingProfile, ModelVersion
from mlmodels.services.run_evaluation import model_directory
from mlmodels.services.versions import register_candidate

Change = Callable[[dict[str, Any]], None]
_numbers = count(1)


def unchanged(card: dict[str, Any]) -> None:
    """A version that says just what the shipped one says."""


def mixed_up(card: dict[str, Any]) -> None:
    """A version that calls each class by the next one's name: as wrong as can be."""
    classes = card["engine"]["classes"]
    card["engine"]["classes"] = [*classes[1:], classes[0]]


def seal(folder: Path) -> None:
    """Write the checksums of a folder whose files were changed."""
    file = folder / CHECKSUMS
    names = [line.partition("  ")[2] for line in file.read_text().splitlines()]
    lines = [f"{hashlib.sha256((folder / n).read_bytes()).hexdigest()}  {n}\n" for n in names if n]
    file.write_text("".join(lines))


def make_version_folder(folder: Path, change: Change = unchanged) -> Path:
    """A whole version, its checksums right, with something else on its card."""
    shutil.copytree(model_directory(None), folder)
    card = json.loads((folder / CARD).read_text())
    change(card)
    (folder / CARD).write_text(json.dumps(card))
    # Nothing of a test's pictures was trained on; the shipped list is long.
    (folder / "trained_on.csv").write_text("sha256,source\n")
    seal(folder)
    return folder


def make_candidate(
    laboratory: Laboratory,
    change: Change = unchanged,
    *,
    version: str = "",
    profile: ImagingProfile | None = None,
) -> ModelVersion:
    """A candidate of a laboratory, registered as a training run registers it."""
    with tempfile.TemporaryDirectory() as folder:
        return register_candidate(
            laboratory=laboratory,
            folder=make_version_folder(Path(folder) / "version", change),
            name="ours",
            version=version or f"0.{next(_numbers)}.0",
            profile=profile,
        )
