"""Limits what an upload may write to disk while it still arrives."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import TemporaryUploadedFile
from django.core.files.uploadhandler import TemporaryFileUploadHandler


class CappedFileUploadHandler(TemporaryFileUploadHandler):
    """Spools a file to disk up to the limit of one image; drops what comes beyond it.

    The file's `size` still tells how much was sent, so the service can refuse it in a sentence
    while the other files of the same upload go on.
    """

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        """Write a piece unless the limit is reached."""
        if start <= settings.MAX_IMAGE_BYTES:
            super().receive_data_chunk(raw_data, start)
        return None


class ArchiveUploadHandler(TemporaryFileUploadHandler):
    """Spools an archive of pictures to disk up to its limit; drops what comes beyond it.

    For the doorways that take archives; whoever sends there is known to be allowed already.
    """

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        """Write a piece unless the limit is reached."""
        if start <= settings.MAX_DATASET_BYTES:
            super().receive_data_chunk(raw_data, start)
        return None


class DatasetUploadHandler(ArchiveUploadHandler):
    """Streams an archive into the registry's folder, where it stays."""

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """Open a file in the folder in which the archive stays."""
        super(TemporaryFileUploadHandler, self).new_file(*args, **kwargs)
        self.file = _IncomingFile(
            self.file_name or "",
            self.content_type or "",
            0,
            self.charset or "",
            self.content_type_extra,
        )


class _IncomingFile(TemporaryUploadedFile):
    """A temporary file beside the archives; it goes when the request ends."""

    def __init__(self, name: str, content_type: str, size: int, charset: str, extra: Any) -> None:
        folder = Path(settings.REGISTRY_DIR) / "incoming"
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        # It is closed, and goes, with the upload.
        file = tempfile.NamedTemporaryFile(suffix=".upload", dir=folder)  # noqa: SIM115
        super(TemporaryUploadedFile, self).__init__(file, name, content_type, size, charset, extra)
