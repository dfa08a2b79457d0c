"""A ZIP that grows slice by slice, as a file on the disk. Pure: it knows no cell.

Its entries have no time: a date of its own would say when a sample was worked on.
"""

from __future__ import annotations

import errno
import hashlib
import os
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# What a ZIP can say at the least; it means "no date".
_NO_TIME = (1980, 1, 1, 0, 0, 0)
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class ZipPart:
    """An open part, to which entries are added."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive

    def add(self, name: str, data: bytes, *, shrink: bool = False) -> None:
        """Add an entry.

        Args:
            name: its path in the ZIP.
            data: all of it.
            shrink: compress it; pictures are compressed already.
        """
        entry = zipfile.ZipInfo(name, date_time=_NO_TIME)
        entry.external_attr = 0o644 << 16
        method = zipfile.ZIP_DEFLATED if shrink else zipfile.ZIP_STORED
        self._archive.writestr(entry, data, compress_type=method)


@contextmanager
def grown(file: Path) -> Iterator[ZipPart]:
    """Open a part to add to it; afterwards it is a whole ZIP, and on the disk.

    Raises:
        OSError: it cannot be written; what is in the file then is of no use.
    """
    with file.open("r+b" if file.exists() else "x+b") as stream:
        with zipfile.ZipFile(stream, "a", allowZip64=True) as archive:
            yield ZipPart(archive)
        stream.flush()
        os.fsync(stream.fileno())


def sha256_of(file: Path) -> str:
    """SHA-256 of a file's bytes, read piece by piece."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def is_disk_full(error: BaseException | None) -> bool:
    """Whether something failed, at its root, because there is no room."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in _FULL:
            return True
        error = error.__cause__
    return False
