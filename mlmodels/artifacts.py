"""Where the files of model versions stand, and whether they are the registered ones.

Opens no model: the engine does, after checking each file against the folder's checksums.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from uuid import UUID, uuid4

from django.conf import settings

from mlmodels.ml.errors import ArtifactDamaged
from mlmodels.ml.inference.version_files import CHECKSUMS, checksums_of, file_of

CARD = "card.json"
RUN_LOG = "log.txt"
RUN_PROVENANCE = "provenance.json"

Fingerprint = tuple[tuple[str, int, int], ...]


class Stored(Protocol):
    """A row that says where its files are: a `ModelVersion`."""

    laboratory_id: Any
    folder: str


def shipped_folders() -> list[Path]:
    """The folders of the models that come with the program, by name."""
    root = Path(settings.SHIPPED_MODELS_DIR)
    return sorted(card.parent for card in root.glob(f"*/{CARD}"))


def model_folder(version: Stored) -> Path:
    """The folder of a version: among the shipped ones, or in the registry."""
    if version.laboratory_id is None:
        return Path(settings.SHIPPED_MODELS_DIR) / version.folder
    return _registered_models() / version.folder


def keep_folder(source: Path, sums: Mapping[str, str]) -> str:
    """Copy a finished version into the registry, under a name that no other has.

    What arrives is hashed and flushed to the disk before the folder gets its name.

    Args:
        source: the version's folder.
        sums: SHA-256 of each of its files by name, from its `SHA256SUMS`; no others are taken.

    Returns:
        The folder's name in the registry.

    Raises:
        ArtifactDamaged: a file is not what the checksums say, or lies outside the folder.
    """
    if any(Path(name).name != name for name in sums):
        raise ArtifactDamaged(f"{CHECKSUMS} of {source.name} names a file outside the folder.")
    kept = _registered_models() / uuid4().hex
    part = kept.with_name(kept.name + ".part")
    part.mkdir(parents=True)
    try:
        _copy_durably(source / CHECKSUMS, part / CHECKSUMS)
        for name, digest in sums.items():
            if _copy_durably(file_of(source, name), part / name) != digest:
                raise ArtifactDamaged(
                    f"The file {name} of {source.name} changed while it was registered. Try again."
                )
        part.rename(kept)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise
    return kept.name


def remove_folder(version: Stored) -> None:
    """Take the folder of a version that came to no row out of the registry."""
    if version.laboratory_id is not None:
        shutil.rmtree(_registered_models() / version.folder, ignore_errors=True)


def dataset_folder(name: str) -> Path:
    """The folder of a dataset, by the name that its row keeps: pictures and `manifest.csv`."""
    return Path(settings.REGISTRY_DIR) / "datasets" / name


def thumbnails_folder(name: str) -> Path:
    """Where our own small pictures of a dataset are kept: not among its own, which never change."""
    return Path(settings.REGISTRY_DIR) / "thumbnails" / name


def examples_folder(name: str) -> Path:
    """Where small pictures lie of what an archive holds, while nobody has said what they are."""
    return thumbnails_folder(name) / "examples"


def run_folder(run_id: UUID) -> Path:
    """Where a training run keeps its progress, log, checkpoint, figures and version."""
    return Path(settings.REGISTRY_DIR) / "runs" / str(run_id)


def remove_kept_crops(run_id: UUID) -> None:
    """Give back the room of a run's cut crops; a run that goes on cuts them again."""
    shutil.rmtree(run_folder(run_id) / "kept", ignore_errors=True)


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


def sums_of(folder: Path) -> dict[str, str]:
    """SHA-256 of each file of a version by name, as its `SHA256SUMS` says; empty without one."""
    try:
        return checksums_of(folder)
    except ArtifactDamaged:
        return {}


def file_size(file: Path) -> int | None:
    """In bytes; none where it is missing."""
    try:
        return file.stat().st_size
    except OSError:
        return None


def refuse_damaged(version: Stored, registered_sha256: str) -> None:
    """Let pass only a version all of whose files are the registered ones; reads them all.

    Raises:
        ArtifactDamaged: a file is missing, or is not what was registered.
    """
    folder = model_folder(version)
    refuse_other_files(folder, registered_sha256)
    for name in sums_of(folder):
        read_registered(version, name, registered_sha256)


@dataclass(frozen=True)
class ReadFiles:
    """What was found when all files of a version were read, before anything was locked.

    Args:
        folder: where they lie.
        registered_sha256: what the version's row said of them.
        fingerprint: of the folder, taken before the first byte was read.
        are_registered: whether each file is what was registered.
    """

    folder: Path
    registered_sha256: str
    fingerprint: Fingerprint
    are_registered: bool

    def still_prove(self, version: Stored, registered_sha256: str) -> bool:
        """Whether the version, whose row is read anew, has these very files; reads none of them."""
        return (
            self.are_registered
            and self.registered_sha256 == registered_sha256
            and self.folder == model_folder(version)
            and self.fingerprint == fingerprint(self.folder)
        )


def read_all(version: Stored, registered_sha256: str) -> ReadFiles:
    """Read and hash every file of a version: megabytes, so never while a row is locked."""
    folder = model_folder(version)
    before = fingerprint(folder)
    try:
        refuse_damaged(version, registered_sha256)
    except ArtifactDamaged:
        return ReadFiles(folder, registered_sha256, before, are_registered=False)
    return ReadFiles(folder, registered_sha256, before, are_registered=True)


def read_registered(version: Stored, name: str, registered_sha256: str) -> bytes:
    """The bytes of one file of a version, verified.

    Raises:
        ArtifactDamaged: the version has no such file, or it is not what was registered.
    """
    folder = model_folder(version)
    refuse_other_files(folder, registered_sha256)
    digest = sums_of(folder).get(name, "")
    try:
        data = file_of(folder, name).read_bytes() if digest else b""
    except OSError:
        data = b""
    if not digest or hashlib.sha256(data).hexdigest() != digest:
        raise ArtifactDamaged(
            f"The file {name} of this version is missing, or is not the one that was registered. "
            "Restore the version's folder."
        )
    return data


def fingerprint(folder: Path) -> Fingerprint:
    """Name, size and time of each file: changes when one does, and costs no reading of weights."""
    try:
        shared = {file_of(folder, name) for name in sums_of(folder)}
        files = sorted(path for path in {*folder.iterdir(), *shared} if path.is_file())
        return tuple((p.name, p.stat().st_size, p.stat().st_mtime_ns) for p in files)
    except OSError:
        return ()


def is_registered_folder(folder: Path, registered_sha256: str) -> bool:
    """Whether the folder carries the registered checksums and every file that they name."""
    try:
        refuse_other_files(folder, registered_sha256)
        return all(file_of(folder, name).is_file() for name in checksums_of(folder))
    except ArtifactDamaged:
        return False


def _registered_models() -> Path:
    return Path(settings.REGISTRY_DIR) / "models"


def _copy_durably(source: Path, target: Path) -> str:
    """Copy a file onto the disk; the SHA-256 of what was written."""
    digest = hashlib.sha256()
    with source.open("rb") as taken, target.open("xb") as kept:
        while part := taken.read(1024 * 1024):
            digest.update(part)
            kept.write(part)
        kept.flush()
        os.fsync(kept.fileno())
    return digest.hexdigest()


def model_directory(name: str | None) -> Path:
    """The folder of a shipped version, of a path, or of the newest shipped version.

    Raises:
        ArtifactDamaged: there is none of that name.
    """
    if name and Path(name).is_dir():
        return Path(name)
    root = Path(settings.SHIPPED_MODELS_DIR)
    if name:
        if (root / name).is_dir():
            return root / name
        known = ", ".join(sorted(card.parent.name for card in root.glob(f"*/{CARD}")))
        raise ArtifactDamaged(f"There is no model version {name}. Shipped are: {known}.")
    shipped = sorted(root.glob(f"*/{CARD}"), key=_version_order)
    if not shipped:
        raise ArtifactDamaged("No model version is shipped. Train one, or name a folder.")
    return shipped[-1].parent


def _version_order(card: Path) -> tuple[list[int], str]:
    number = card.parent.name.rpartition("-")[2]
    return [int(part) if part.isdigit() else -1 for part in number.split(".")], card.parent.name
