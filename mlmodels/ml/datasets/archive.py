"""Reads a ZIP that somebody sent, entry by entry, trusting nothing that its headers say.

Sizes are measured while reading. It looks at names and at the first bytes of files; whether a
file is a picture is judged later.
"""

from __future__ import annotations

import errno
import lzma
import os
import stat
import struct
import zipfile
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, BinaryIO

from mlmodels.ml.datasets.archive_paths import (
    is_passed_over,
    normal_path,
    refusal_of_path,
    shown,
    written_name,
)
from mlmodels.ml.errors import ArchiveRefused
from mlmodels.ml.names import name_key

# Below this much, even a high ratio is no danger: a few drawn pictures compress a hundredfold.
HARMLESS_BYTES = 50 * 1024 * 1024
_CHUNK = 1024 * 1024
# What an entry of the table of contents may take: 46 bytes, its name, and room for extras.
_BYTES_AN_ENTRY = 1024
_END, _END_LENGTH = b"PK\x05\x06", 22
_END_64_LOCATOR, _END_64 = b"PK\x06\x07", b"PK\x06\x06"
# What the ZIP reader and the four ways of packing raise for bytes that are not what was written.
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    ValueError,
    OSError,
)
_ARCHIVES = (".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".7z", ".rar", ".zst", ".jar")
_ARCHIVE_STARTS = (
    b"PK\x03\x04",
    b"PK\x05\x06",
    b"7z\xbc\xaf\x27\x1c",
    b"Rar!\x1a\x07",
    b"\x1f\x8b",
    b"BZh",
    b"\xfd7zXZ\x00",
    b"\x28\xb5\x2f\xfd",
)


@dataclass(frozen=True)
class ArchiveLimits:
    """What is unpacked at most.

    Args:
        max_entries: files and folders.
        max_bytes: all of it, expanded.
        max_file_bytes: one file, expanded.
        max_ratio: expanded bytes for each byte of the archive.
    """

    max_entries: int = 100_000
    max_bytes: int = 20 * 1024**3
    max_file_bytes: int = 25 * 1024**2
    max_ratio: float = 200.0


@dataclass(frozen=True)
class Refusal:
    """One row of a report.

    Args:
        path: in the archive; empty where it is about the whole.
        reason: a sentence for a person.
        refuses: false where it is only told, and nothing is refused for it.
    """

    path: str
    reason: str
    refuses: bool = True


@dataclass
class Unpacked:
    """What came out.

    Args:
        files: paths that lie in the target folder, in the archive's order.
        refused: what did not come out.
    """

    files: list[str] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)


@dataclass(frozen=True)
class Entry:
    """A file that an archive says it holds.

    Args:
        path: in the archive, in its one form; as it was written where it may not be read.
        refusal: why it may not be read, as a sentence; empty where it may.
        info: where it lies.
    """

    path: str
    refusal: str
    info: zipfile.ZipInfo


class EntryRefused(Exception):
    """One entry cannot be had; the others can."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class ArchiveReader:
    """A ZIP that is read entry by entry; what comes out is measured, all entries together.

    Args:
        stream: the archive, which can be sought in.
        limits: measured while reading.

    Raises:
        ArchiveRefused: it is no ZIP, or it holds too many entries.
    """

    def __init__(self, stream: BinaryIO, limits: ArchiveLimits) -> None:
        # Before a table of contents is read that would fill the memory.
        if _contents_size(stream) > limits.max_entries * _BYTES_AN_ENTRY:
            raise _too_many(limits)
        try:
            self._archive = zipfile.ZipFile(stream)
        except _BROKEN as error:
            _let_storage_pass(error)
            raise ArchiveRefused(
                "This is not a ZIP archive, or it is damaged. Pack it again and upload it."
            ) from error
        if len(self._archive.infolist()) > limits.max_entries:
            raise _too_many(limits)
        self._limits = limits
        self._left = _most_bytes(limits, stream.seek(0, os.SEEK_END))

    def entries(self) -> list[Entry]:
        """The files, in the archive's order; folders and what systems leave in them are no files.

        Links, devices, encrypted entries, archives in the archive, and names that lead elsewhere
        or stand there twice, have a refusal.
        """
        entries, names = [], set()
        for info in self._archive.infolist():
            written = written_name(info)
            path, reason = normal_path(written), _refusal_of_entry(info, written)
            if is_passed_over(path) or (path.endswith("/") and not reason):
                continue
            if not reason and name_key(path) in names:
                reason = "The archive holds this path twice. Keep one of them."
            if not reason:
                names.add(name_key(path))
            else:
                path = written
            entries.append(Entry(path, reason, info))
        return entries

    def copy(self, entry: Entry, sink: BinaryIO) -> None:
        """Write the bytes of an entry, counting what they really are.

        Raises:
            EntryRefused: it may not be read, is too large, damaged, or an archive itself.
            ArchiveRefused: all entries together are too much: nothing more is read then.
        """
        if entry.refusal:
            raise EntryRefused(entry.refusal)
        try:
            with self._archive.open(entry.info) as source:
                self._copy(source, sink)
        except NotImplementedError as error:
            raise EntryRefused(
                "This file is compressed in a way that is not read here. Pack it as a plain ZIP."
            ) from error
        except _BROKEN as error:
            _let_storage_pass(error)
            raise EntryRefused("This file is damaged in the archive. Pack it again.") from error
        except RuntimeError as error:
            raise EntryRefused("This file is encrypted. Pack it without a password.") from error

    def _copy(self, source: IO[bytes], sink: BinaryIO) -> None:
        read = 0
        while chunk := source.read(_CHUNK):
            if read == 0 and chunk.startswith(_ARCHIVE_STARTS):
                raise EntryRefused("This is an archive in the archive. Unpack it first.")
            read += len(chunk)
            self._left -= len(chunk)
            if self._left < 0:
                raise _bomb(self._limits)
            if read > self._limits.max_file_bytes:
                raise EntryRefused(
                    f"The file is larger than {self._limits.max_file_bytes / 1024**2:.0f} MB. "
                    "Save it with stronger compression, or crop it."
                )
            sink.write(chunk)


def unpack_archive(file: Path, target: Path, limits: ArchiveLimits = ArchiveLimits()) -> Unpacked:
    """Unpack a ZIP into a new folder; each entry that may not be unpacked is named.

    Args:
        file: the archive.
        target: a folder that does not exist yet.
        limits: measured while reading.

    Returns:
        The files, and the refusals: what has one, as `ArchiveReader` says, is not written.

    Raises:
        ArchiveRefused: it is no ZIP, or it is too much as a whole: nothing more is read then.
    """
    target.mkdir(parents=True)
    out = Unpacked()
    with file.open("rb") as stream:
        archive = ArchiveReader(stream, limits)
        for entry in archive.entries():
            try:
                _write(archive, entry, target / entry.path)
            except EntryRefused as refused:
                out.refused.append(Refusal(shown(entry.path), refused.reason))
            else:
                out.files.append(entry.path)
    return out


def pack_folder(folder: Path, file: Path) -> None:
    """Put a folder of the operator's machine into a ZIP, links as links, nothing compressed.

    Args:
        folder: whose files are taken.
        file: where to; replaced.
    """
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED, strict_timestamps=False) as archive:
        for root, folders, names in os.walk(folder):
            folders.sort()
            for name in sorted([*names, *(f for f in folders if (Path(root) / f).is_symlink())]):
                path = Path(root) / name
                inside = _in_unicode(path.relative_to(folder).as_posix())
                mode = path.lstat().st_mode
                if stat.S_ISREG(mode):
                    archive.write(path, inside)
                    continue
                entry = zipfile.ZipInfo(inside)
                entry.external_attr = mode << 16
                archive.writestr(entry, b"")


def _in_unicode(path: str) -> str:
    """A path of this machine whose bytes may be of an older encoding than UTF-8."""
    try:
        path.encode("utf-8")
    except UnicodeEncodeError:
        return os.fsencode(path).decode("latin-1")
    return path


def _contents_size(stream: BinaryIO) -> int:
    """Bytes of the table of contents, as the archive's end says; 0 where there is no end.

    Source: APPNOTE.TXT 6.3.10, sections 4.3.14 to 4.3.16. The reader of the table believes the
    same field, so a false one brings it no further.
    """
    length = stream.seek(0, os.SEEK_END)
    begin = max(0, length - _END_LENGTH - 0xFFFF)
    stream.seek(begin)
    tail = stream.read()
    place = tail.rfind(_END)
    if place < 0 or len(tail) < place + _END_LENGTH:
        return 0
    size = struct.unpack_from("<L", tail, place + 12)[0]
    locator = place - 20
    if locator >= 0 and tail[locator : locator + 4] == _END_64_LOCATOR:
        stream.seek(max(0, begin + locator - 56))
        end = stream.read(56)
        if end[:4] == _END_64:
            size = max(size if size != 0xFFFFFFFF else 0, struct.unpack_from("<Q", end, 40)[0])
    return int(size)


def _let_storage_pass(error: Exception) -> None:
    """Raise an error of the disk again; bytes that lie are none: bzip2 that cannot be unpacked
    has no number, and a place before the archive's begin is an invalid argument.
    """
    if isinstance(error, OSError) and error.errno not in (None, errno.EINVAL):
        raise error


def _most_bytes(limits: ArchiveLimits, size: int) -> int:
    return min(limits.max_bytes, max(HARMLESS_BYTES, int(limits.max_ratio * size)))


def _refusal_of_entry(entry: zipfile.ZipInfo, path: str) -> str:
    mode = entry.external_attr >> 16
    reason = refusal_of_path(path)
    if reason:
        return reason
    if stat.S_ISLNK(mode):
        return "This is a link. Put the file itself into the archive."
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
        return "This is no file but a device or a pipe. Leave it out."
    if entry.flag_bits & 0x1:
        return "This file is encrypted. Pack it without a password."
    if path.lower().endswith(_ARCHIVES):
        return "This is an archive in the archive. Unpack it first."
    return ""


def _write(archive: ArchiveReader, entry: Entry, file: Path) -> None:
    """Write one entry into a folder."""
    if entry.refusal:
        # Its path may lead anywhere.
        raise EntryRefused(entry.refusal)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("xb") as sink:
            archive.copy(entry, sink)
    except (FileExistsError, NotADirectoryError, IsADirectoryError) as error:
        raise EntryRefused("A file and a folder of this path are both there.") from error
    except EntryRefused:
        file.unlink(missing_ok=True)
        raise


def _too_many(limits: ArchiveLimits) -> ArchiveRefused:
    return ArchiveRefused(
        f"The archive holds more than {limits.max_entries} entries. Split it into several."
    )


def _bomb(limits: ArchiveLimits) -> ArchiveRefused:
    return ArchiveRefused(
        f"The archive grows beyond {limits.max_bytes / 1024**3:.0f} GB, or to more than "
        f"{limits.max_ratio:.0f} times its size, when it is unpacked. It was read no further."
    )
