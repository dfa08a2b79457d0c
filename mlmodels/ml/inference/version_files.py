"""The files of a version's folder: what they must hash to, and where each one lies.

Weights that several versions share are kept once, beside their folders, under their hash: a
folder may lack a file that its `SHA256SUMS` names where `weights/<SHA-256><suffix>` holds it.
Whoever opens, verifies or copies a version asks here. Opens no model.
"""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

from mlmodels.ml.errors import ArtifactDamaged

CHECKSUMS = "SHA256SUMS"
WEIGHTS = "weights"


def checksums_of(directory: Path) -> dict[str, str]:
    """SHA-256 in hexadecimal of each file of a version by name, as its `SHA256SUMS` says.

    Raises:
        ArtifactDamaged: there is no such file.
    """
    try:
        lines = (directory / CHECKSUMS).read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise ArtifactDamaged(
            f"The model folder {directory.name} or its {CHECKSUMS} is missing. Restore it."
        ) from error
    return {name: digest for digest, _, name in (line.partition("  ") for line in lines) if name}


def file_of(directory: Path, name: str) -> Path:
    """Where a file of a version lies: in its folder, else among the weights that are shared.

    A file that lies nowhere is named where it would lie in the folder.
    """
    own = directory / name
    if own.exists() or not (directory / CHECKSUMS).is_file():
        return own
    digest = checksums_of(directory).get(name)
    shared = shared_weights(directory, f"{digest}{own.suffix}")
    return shared if digest and shared.is_file() else own


def shared_weights(directory: Path, name: str) -> Path:
    """Where a version's folder looks for weights that it does not hold itself."""
    return directory.parent / WEIGHTS / name


def share_weights(directory: Path, names: tuple[str, ...]) -> None:
    """Move weights out of a version's folder to where versions share them."""
    sums = checksums_of(directory)
    for name in names:
        shared = shared_weights(directory, f"{sums[name]}{Path(name).suffix}")
        shared.parent.mkdir(exist_ok=True)
        (directory / name).replace(shared)


def copy_version(directory: Path, target: Path) -> Path:
    """Copy a version's folder, with the weights that it shares, to where it stands alone."""
    shutil.copytree(directory, target)
    for name in checksums_of(directory) if (directory / CHECKSUMS).is_file() else ():
        shared = file_of(directory, name)
        if shared.parent != directory:
            shutil.copy2(shared, target / name)
    return target


def file_sha256(file: Path) -> str:
    """SHA-256 of a file in hexadecimal; empty where it cannot be read."""
    try:
        with file.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError:
        return ""
