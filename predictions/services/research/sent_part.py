"""A written archive in the form in which a browser's archive arrives."""

from __future__ import annotations

from pathlib import Path

from django.core.files.base import File
from django.core.files.uploadedfile import UploadedFile


class SentPart(UploadedFile):
    """An archive that lies on the disk already, so that nothing is copied when it is kept."""

    def __init__(self, path: Path) -> None:
        self._path = path
        # Never read through: who keeps it gives the file a second name.
        super().__init__(File(None, path.name), path.name, "application/zip", path.stat().st_size)

    def temporary_file_path(self) -> str:
        """Where it lies."""
        return str(self._path)
