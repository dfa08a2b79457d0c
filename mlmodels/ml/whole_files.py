"""Files that appear, or change, in one step: a kill leaves the old one or the new one whole."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


@contextmanager
def written_whole(file: Path) -> Iterator[BinaryIO]:
    """Give a stream whose bytes become `file` once all of them are on the disk.

    Where the block raises, what was there before stays. The folder is made. One process at a
    time writes a file.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_name(f"{file.name}.part")
    try:
        with part.open("wb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        part.replace(file)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def write_text_whole(file: Path, text: str) -> None:
    """Write text as UTF-8, as it stands, into a file that appears or changes in one step."""
    with written_whole(file) as stream:
        stream.write(text.encode("utf-8"))
