"""A broken archive is refused as broken, however it is broken; a disk that fails is another thing.

The difference counts: what the disk refused is tried again, and again.
"""

import errno
import io
import struct
import zipfile

import pytest

from mlmodels.ml.datasets.archive import ArchiveLimits, ArchiveReader, EntryRefused
from tests.factories.archives import drawn_picture

PACKINGS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)


class FailingDisk(io.FileIO):
    """A file whose bytes cannot be had any more."""

    fails = False

    def read(self, size: int | None = -1) -> bytes:
        if self.fails:
            raise OSError(errno.EIO, "Input/output error")
        return super().read(size)


def packed(how: int) -> bytearray:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", how) as archive:
        archive.writestr("neutrophil/0.png", drawn_picture(1))
    return bytearray(buffer.getvalue())


@pytest.fixture
def file(tmp_path):
    return tmp_path / "archive.zip"


@pytest.mark.parametrize("how", PACKINGS)
def test_a_file_that_was_hurt_is_damaged_however_it_was_packed(file, how):
    data = packed(how)
    data[400:600] = bytes(200)
    file.write_bytes(data)
    with file.open("rb") as stream:
        reader = ArchiveReader(stream, ArchiveLimits())
        with pytest.raises(EntryRefused, match="damaged in the archive"):
            reader.copy(reader.entries()[0], io.BytesIO())


def test_a_file_that_lies_before_the_begin_of_the_archive_is_damaged(file):
    data = packed(zipfile.ZIP_DEFLATED)
    table = data.index(b"PK\x01\x02")
    end = data.index(b"PK\x05\x06")
    # The table is said to begin later than it does, so that every place moves to before zero.
    struct.pack_into("<L", data, end + 16, table + 100)
    file.write_bytes(data)
    with file.open("rb") as stream:
        reader = ArchiveReader(stream, ArchiveLimits())
        with pytest.raises(EntryRefused, match="damaged in the archive"):
            reader.copy(reader.entries()[0], io.BytesIO())


def test_a_disk_that_fails_is_not_called_a_damaged_archive(file):
    file.write_bytes(packed(zipfile.ZIP_DEFLATED))
    with FailingDisk(file, "rb") as stream:
        reader = ArchiveReader(stream, ArchiveLimits())
        [entry] = reader.entries()
        stream.fails = True
        with pytest.raises(OSError, match="Input/output error"):
            reader.copy(entry, io.BytesIO())
