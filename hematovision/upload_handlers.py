"""Has every part of a form read, and limits what its files may write to disk while they arrive."""

from __future__ import annotations

import tempfile
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import TemporaryUploadedFile
from django.core.files.uploadhandler import TemporaryFileUploadHandler
from django.http import QueryDict

from hematovision.multipart import FormReader, SentFiles


class _SpoolingHandler(TemporaryFileUploadHandler, ABC):
    """Has the form read by our parser, and spools its files to disk up to a limit.

    What comes beyond the limit is dropped. The file's `size` still tells how much was sent, so the
    service can refuse it in a sentence while the other files of the same upload go on.
    """

    def handle_raw_input(  # type: ignore[override]
        self,
        input_data: Any,
        meta: dict[str, Any],
        content_length: int,
        boundary: bytes,
        encoding: str | None = None,
    ) -> tuple[QueryDict, SentFiles]:
        """Read the whole form, into the handlers of the request."""
        return FormReader(
            input_data,
            boundary=boundary,
            handlers=self.request.upload_handlers,  # type: ignore[union-attr]
            encoding=encoding or settings.DEFAULT_CHARSET,
        ).read()

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """Open a file on disk."""
        super(TemporaryFileUploadHandler, self).new_file(*args, **kwargs)
        self.file = _SpooledFile(
            self.folder(),
            self.file_name or "",
            self.content_type or "",
            self.charset or "",
            self.content_type_extra,
        )

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        """Write a piece unless the limit is reached."""
        if start <= self.most_bytes():
            super().receive_data_chunk(raw_data, start)
        return None

    def folder(self) -> Path | str | None:
        """Where the file is written; where temporary files are, unless said otherwise."""
        return settings.FILE_UPLOAD_TEMP_DIR

    @abstractmethod
    def most_bytes(self) -> int:
        """The limit."""


class CappedFileUploadHandler(_SpoolingHandler):
    """For pictures: the limit is that of one image."""

    def most_bytes(self) -> int:
        """Of an image."""
        return settings.MAX_IMAGE_BYTES


class ArchiveUploadHandler(_SpoolingHandler):
    """For the doorways that take archives; whoever sends there is known to be allowed already."""

    def most_bytes(self) -> int:
        """Of an archive."""
        return settings.MAX_DATASET_BYTES


class DatasetUploadHandler(ArchiveUploadHandler):
    """Streams an archive into the registry's folder, where it stays."""

    def folder(self) -> Path:
        """The folder in which the archive stays."""
        folder = Path(settings.REGISTRY_DIR) / "incoming"
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return folder


class _SpooledFile(TemporaryUploadedFile):
    """A temporary file that goes when the request ends.

    Its name on disk has nothing of what it was called, which may be longer than a disk takes.
    """

    def __init__(
        self, folder: Path | str | None, name: str, content_type: str, charset: str, extra: Any
    ) -> None:
        # It is closed, and goes, with the upload.
        file = tempfile.NamedTemporaryFile(suffix=".upload", dir=folder)  # noqa: SIM115
        super(TemporaryUploadedFile, self).__init__(file, name, content_type, 0, charset, extra)
