"""Model versions of a laboratory: real folders, made from the newest shipped one."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

from accounts.models import Laboratory, User
from mlmodels import artifacts
from mlmodels.artifacts import model_directory
from mlmodels.ml.inference.engine import CARD
from mlmodels.ml.inference.version_files import CHECKSUMS, copy_version
from mlmodels.models import Dataset, GateCheck, ImagingProfile, ModelVersion, Promotion
from mlmodels.services.versions import gates
from mlmodels.services.versions.promotions import promote
from mlmodels.services.versions.registration import register_candidate
from tests.factories.datasets import make_dataset

Change = Callable[[dict[str, Any]], None]
_numbers = count(1)


def unchanged(card: dict[str, Any]) -> None:
    """A version that says just what the shipped one says."""


def mixed_up(card: dict[str, Any]) -> None:
    """A version that calls each class by the name of the one after the next: as wrong as can be.

    By the next one's an erythroblast would be a platelet, and cells that large are never called so.
    """
    classes = card["engine"]["classes"]
    card["engine"]["classes"] = [*classes[2:], *classes[:2]]


def neutrophils_only(card: dict[str, Any]) -> None:
    """A version that has only neutrophils in common with the shipped one.

    They are what the shipped network takes drawn cells with lobes for.
    """
    classes = card["engine"]["classes"]
    card["engine"]["classes"] = [c if c == "neutrophil" else f"own_{c}" for c in classes]


def seal(folder: Path) -> None:
    """Write the checksums of a folder whose files were changed."""
    file = folder / CHECKSUMS
    names = [line.partition("  ")[2] for line in file.read_text().splitlines()]
    lines = [f"{hashlib.sha256((folder / n).read_bytes()).hexdigest()}  {n}\n" for n in names if n]
    file.write_text("".join(lines))


def make_version_folder(folder: Path, change: Change = unchanged) -> Path:
    """A whole version, its checksums right, with something else on its card."""
    copy_version(model_directory(None), folder)
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


def make_paper_version(laboratory: Laboratory) -> ModelVersion:
    """A candidate whose folder holds its card alone: enough for pages, and nothing to open."""
    number = next(_numbers)
    row = ModelVersion(
        laboratory=laboratory,
        name="paper",
        version=str(number),
        status=ModelVersion.Status.CANDIDATE,
        folder=f"paper-{number}",
        card=json.loads((model_directory(None) / CARD).read_text()),
    )
    row.classes = row.card["engine"]["classes"]
    folder = artifacts.model_folder(row)
    folder.mkdir(parents=True)
    (folder / CARD).write_text(json.dumps(row.card))
    (folder / CHECKSUMS).write_text(f"{'0' * 64}  {CARD}\n")
    seal(folder)
    row.checksums_sha256 = artifacts.checksums_sha256(folder)
    row.save()
    return row


def make_reference(admin: User, *, test: int = 60) -> Dataset:
    """A frozen dataset of drawn cells on which the gate compares; enough for every rule."""
    dataset = make_dataset(
        admin, classes=("neutrophil",), train=1, validation=1, test=test, lobed=True
    )
    Dataset.objects.filter(pk=dataset.pk).update(is_reference=True)
    dataset.refresh_from_db()
    return dataset


def make_gate(
    admin: User,
    version: ModelVersion,
    *,
    passed: bool = True,
    profile: ImagingProfile | None = None,
) -> GateCheck:
    """A finished check of a version against the one that is active now."""
    asked = gates.request_gate(
        actor=admin, version_id=version.pk, profile_id=profile.pk if profile else None
    )
    held = gates.claim(asked.pk)
    assert held is not None
    row = {
        "rule": "balanced_accuracy",
        "title": "Balanced accuracy",
        "set": "drawn",
        "wanted": "at most 1 point lost",
        "measured": "none lost" if passed else "40.0 points lost",
        "holds": passed,
        "n": 60,
    }
    assert gates.finish(held, passed=passed, result={"rows": [row], "sets": []})
    asked.refresh_from_db()
    return asked


def make_active(
    admin: User, version: ModelVersion, *, profile: ImagingProfile | None = None
) -> Promotion:
    """Promote a version that passed its gate."""
    make_gate(admin, version, profile=profile)
    return promote(actor=admin, version_id=version.pk, profile_id=profile.pk if profile else None)
