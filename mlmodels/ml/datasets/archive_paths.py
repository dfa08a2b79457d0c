"""The names of an archive's entries: how they are spelt, in which one form, and which are let in.

It reads no bytes of a file. What an entry is called, its archive says in one of several ways.
"""

from __future__ import annotations

import re
import struct
import unicodedata
import zipfile
import zlib
from pathlib import PurePosixPath

from mlmodels.ml.names import of_one_look, plain_name

LONGEST_PATH = 200
_UTF_8_FLAG = 0x800
_UNICODE_PATH = 0x7075
_DRIVE = re.compile(r"^[A-Za-z]:")
# Control characters, halves of characters, and what no Unicode known here draws. Format
# characters are not among them: they are left out, or belong to a script's spelling.
_UNSHOWN = ("Cc", "Cs", "Co", "Cn")
# What operating systems and tools leave in folders, and the papers of a set: no pictures.
_PASSED_OVER = re.compile(
    r"(^|/)(__MACOSX|\.git|\.svn|\.ipynb_checkpoints|\.Trash[^/]*|\.Spotlight-V100|\.fseventsd"
    r"|\$RECYCLE\.BIN|System Volume Information|@eaDir)/"
    r"|(^|/)(\._[^/]*|\.DS_Store|\.git[^/]+|\.nomedia|\.directory|Icon|Thumbs\.db|ehthumbs[^/]*\.db"
    r"|desktop\.ini)$"
    r"|(^|/)(readme|licen[cs]e|notice|citation)[^/.]{0,40}(\.(txt|md|rst|pdf|cff|html?|docx?))?$",
    re.IGNORECASE,
)


def written_name(entry: zipfile.ZipInfo) -> str:
    """The name of an entry as whoever packed it wrote it.

    An archive says so in UTF-8, in an extra field that repeats the name in UTF-8, or in bytes of
    no stated encoding: those are UTF-8 where they can be (macOS writes so), else code page 437.

    Args:
        entry: as `zipfile` read it.

    Source: APPNOTE.TXT 6.3.10, sections 4.6.9 and D.
    """
    if entry.flag_bits & _UTF_8_FLAG:
        return entry.orig_filename
    try:
        raw = entry.orig_filename.encode("cp437")
    except UnicodeEncodeError:
        return entry.orig_filename
    repeated = _unicode_path(entry.extra, zlib.crc32(raw))
    if repeated:
        return repeated
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return entry.orig_filename


def normal_path(written: str) -> str:
    """A path in the one form in which it is kept and compared.

    Args:
        written: of an entry, or of a row of a table; with either slash.

    Returns:
        Each part as `plain_name` has it, parted by "/", without "." and empty parts. A slash at
        the beginning stays, for it says that the path is absolute, and one at the end.
    """
    path = of_one_look(written).replace("\\", "/")
    parts = [plain_name(part) for part in path.split("/")]
    whole = "/".join(part for part in parts if part not in ("", "."))
    begin = "/" if path.startswith("/") else ""
    end = "/" if whole and parts[-1] in ("", ".") and len(parts) > 1 else ""
    return f"{begin}{whole}{end}"


def refusal_of_path(written: str) -> str:
    """Why a path may not be unpacked, as a sentence; empty where it may."""
    path = normal_path(written)
    if path.startswith("/") or _DRIVE.match(path):
        return "The path is absolute. Pack the folder itself, with relative paths."
    if ".." in PurePosixPath(path).parts:
        return "The path leads out of the archive (..). Pack the folder itself."
    if any(unicodedata.category(character) in _UNSHOWN for character in written):
        return "The path has a character that cannot be shown. Rename the file."
    if not path.strip("/"):
        return "The path is empty. Give the file a name."
    if len(path) > LONGEST_PATH or any(len(part.encode()) > 200 for part in path.split("/")):
        return f"The path is longer than {LONGEST_PATH} characters. Shorten it."
    return ""


def is_passed_over(path: str) -> bool:
    """Whether a path, in its one form, is what systems leave in folders, or a set's papers."""
    return _PASSED_OVER.search(path) is not None


def shown(path: str) -> str:
    """A path as a report may show it: printable, and not too long."""
    printable = "".join(
        "\N{REPLACEMENT CHARACTER}" if unicodedata.category(c) in _UNSHOWN else c for c in path
    )
    return printable if len(printable) <= 300 else printable[:299] + "…"


def _unicode_path(extra: bytes, crc: int) -> str:
    """The name in an Info-ZIP Unicode Path field that was made for this very name; else empty."""
    while len(extra) >= 4:
        kind, length = struct.unpack_from("<HH", extra)
        field, extra = extra[4 : 4 + length], extra[4 + length :]
        if kind == _UNICODE_PATH and len(field) > 5 and field[0] == 1:
            if struct.unpack_from("<L", field, 1)[0] != crc:
                continue
            try:
                return field[5:].decode("utf-8")
            except UnicodeDecodeError:
                return ""
    return ""
