"""Limits what an upload may write to disk while it still arrives."""

from __future__ import annotations

from django.conf import settings
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
