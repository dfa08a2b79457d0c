"""ZIP archives of drawn cells, whole ones and such as nobody should send."""

from __future__ import annotations

import io
import stat
import zipfile
from collections.abc import Mapping
from functools import lru_cache

from tests.drawn_cells import draw_smear_png

SIZE_PX = (160, 120)


@lru_cache(maxsize=256)
def drawn_picture(seed: int) -> bytes:
    """A small PNG of a drawn cell; the same seed, the same bytes."""
    return draw_smear_png(seed=seed, width=SIZE_PX[0], height=SIZE_PX[1])


def zip_of(files: Mapping[str, bytes | str], *, links: Mapping[str, str] | None = None) -> bytes:
    """The bytes of a ZIP with these files by path, and these links."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, data in files.items():
            entry = zipfile.ZipInfo(path)
            # The constructor turns what it finds odd into something else.
            entry.filename = path
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, data)
        for path, leads_to in (links or {}).items():
            entry = zipfile.ZipInfo(path)
            entry.external_attr = (stat.S_IFLNK | 0o777) << 16
            archive.writestr(entry, leads_to)
    return buffer.getvalue()


def class_folders(
    *, classes: tuple[str, ...] = ("neutrophil", "lymphocyte"), each: int = 4
) -> dict[str, bytes]:
    """Pictures in class folders, no two alike."""
    return {
        f"{name}/{number:03}.png": drawn_picture(100 * place + number)
        for place, name in enumerate(classes)
        for number in range(each)
    }


def encrypted(data: bytes) -> bytes:
    """The same ZIP, whose headers say that every entry is encrypted."""
    changed = bytearray(data)
    for start, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = changed.find(start)
        while place >= 0:
            changed[place + flags] |= 0x1
            place = changed.find(start, place + 4)
    return bytes(changed)
