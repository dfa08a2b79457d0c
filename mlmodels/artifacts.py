"""Where the files of model versions stand, and whether they are the registered ones.

Opens no model: the engine does, after checking each file against the folder's checksums.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from django.conf import settings

from mlmodels.ml.errors import ArtifactDamaged

CHECKSUMS = "SHA256SUMS"
CARD = "card.json"

Fingerprint = tuple[tuple[str, int, int], ...]


def shipped_folders() -> list[Path]:
    """The folders of the models that come with the program, by name."""
    root = Path(settings.SHIPPED_MODELS_DIR)
    return sorted(card.parent for card in root.glob(f"*/{CARD}"))


def model_folder(name: str) -> Path:
    """The folder of a version, by the name that its row keeps."""
    return Path(settings.SHIPPED_MODELS_DIR) / name


def checksums_sha256(folder: Path) -> str:
    """SHA-256 of the folder's `SHA256SUMS`, which names every other file's.

    Raises:
        ArtifactDamaged: there is no such file.
    """
    try:
        return hashlib.sha256((folder / CHECKSUMS).read_bytes()).hexdigest()
    except OSError as error:
        raise ArtifactDamaged(
            f"The model folder {folder.name} or its {CHECKSUMS} is missing. Restore it."
        ) from error


def refuse_other_files(folder: Path, registered_sha256: str) -> None:
    """Let pass only the folder that was registered.

    Raises:
        ArtifactDamaged: its checksums are missing or are not the registered ones.
    """
    if checksums_sha256(folder) != registered_sha256:
        raise ArtifactDamaged(
            f"The model folder {folder.name} is not the one that was registered. Restore it."
        )


def fingerprint(folder: Path) -> Fingerprint:
    """Name, size and time of each file: changes when the folder does, and costs no reading."""
    try:
        files = sorted(path for path in folder.iterdir() if path.is_file())
        return tuple((p.name, p.stat().st_size, p.stat().st_mtime_ns) for p in files)
    except OSError:
        return ()


def is_registered_folder(folder: Path, registered_sha256: str) -> bool:
    """Whether the folder carries the registered checksums and every file that they name."""
    try:
        refuse_other_files(folder, registered_sha256)
        lines = (folder / CHECKSUMS).read_text(encoding="utf-8").splitlines()
    except (ArtifactDamaged, OSError):
        return False
    return all((folder / line.partition("  ")[2]).is_file() for line in lines if line)
