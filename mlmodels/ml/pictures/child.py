"""The process that decodes for another one: what a native decoder breaks, breaks here.

Started by `apart`, as `python -m mlmodels.ml.pictures.child SOCKET PARENT`.
"""

from __future__ import annotations

import mmap
import os
import resource
import socket
import sys
import tempfile
import traceback
from contextlib import suppress
from functools import cache
from typing import Any

import numpy as np

from mlmodels.ml.children import watch_parent
from mlmodels.ml.errors import RejectedImage
from mlmodels.ml.pictures.messages import PeerGone, receive, send
from mlmodels.ml.pictures.picture import ImageLimits
from mlmodels.ml.pictures.reading import read_picture
from mlmodels.ml.pictures.refusals import damaged, too_much_memory


class SharedPixels:
    """An array in a file without a name, that another process can map as well."""

    def __init__(self) -> None:
        self.file: int | None = None

    def allocate(self, shape: tuple[int, int, int]) -> np.ndarray:
        """A uint8 array of a shape; of one picture there is one."""
        size = int(np.prod(shape))
        self.close()
        self.file = _nameless_file()
        os.ftruncate(self.file, size)
        return np.frombuffer(mmap.mmap(self.file, size), np.uint8).reshape(shape)

    def close(self) -> None:
        """Let go of the file; whoever mapped it keeps it."""
        if self.file is not None:
            os.close(self.file)
            self.file = None


def serve(channel: socket.socket) -> None:
    """Answer one request after the other, until nobody asks any more."""
    with suppress(PeerGone, OSError):
        while True:
            asked, data, _ = receive(channel)
            pixels = SharedPixels()
            answer = _answer(asked, data, pixels)
            files = [pixels.file] if "shape" in answer and pixels.file is not None else []
            send(channel, answer, files=files)
            pixels.close()


def _answer(asked: dict[str, Any], data: bytes, pixels: SharedPixels) -> dict[str, Any]:
    _limit_memory(asked["memory_bytes"])
    limits = ImageLimits(asked["max_bytes"], asked["max_megapixels"])
    try:
        picture = read_picture(
            data, limits, may_reduce=asked["may_reduce"], allocate=pixels.allocate
        )
    except RejectedImage as error:
        return {"refused": error.message}
    except MemoryError:
        return {"refused": too_much_memory().message}
    # The edge of the process: whatever a decoder did, the next file is read.
    except Exception:
        traceback.print_exc()
        return {"refused": damaged().message}
    return {
        "shape": picture.rgb.shape,
        "media_type": picture.media_type,
        "reduced_by": picture.reduced_by,
        "size_px": picture.size_px,
        "conversions": picture.conversions,
    }


def _nameless_file() -> int:
    if hasattr(os, "memfd_create"):
        return os.memfd_create("pixels")
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())


def _limit_memory(more_bytes: int) -> None:
    """Let this process map no more than so many bytes beyond what it had for its first file."""
    # Not Linux: there the time limit alone holds.
    with suppress(OSError, ValueError):
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (_mapped_at_first() + more_bytes, hard))


@cache
def _mapped_at_first() -> int:
    """Bytes that this process maps: what a file leaves behind is no further room for the next."""
    with open("/proc/self/statm") as told:
        return int(told.read().split()[0]) * resource.getpagesize()


def main() -> None:
    """Begin: the descriptor of the socket and the parent's id are told by the command line."""
    channel = socket.socket(fileno=int(sys.argv[1]))
    watch_parent(int(sys.argv[2]))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    serve(channel)


if __name__ == "__main__":
    main()
