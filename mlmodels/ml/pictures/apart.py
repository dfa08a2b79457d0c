"""`read_picture` in a child process: no file can end, fill or hold up who asks (decision 0017)."""

from __future__ import annotations

import atexit
import mmap
import os
import socket
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from mlmodels.ml.errors import RejectedImage
from mlmodels.ml.pictures.messages import PeerGone, receive, send
from mlmodels.ml.pictures.picture import PLACES_FOR_PIXELS, ImageLimits, Picture
from mlmodels.ml.pictures.refusals import ends_the_decoder, too_many_bytes, too_slow

# What a decoder may fill beside itself: for each pixel that is read at most 16 bytes (RGB of 32
# bits, and the result), and what its tables take. docs/files.md has what was measured.
BYTES_A_PIXEL, BYTES_BESIDE = 16, 256 * 1024**2
# 50 megapixels of the slowest format take some 15 s of one core (docs/files.md).
TIME_LIMIT_S = 60.0

_ROOT = Path(__file__).resolve().parents[3]
# A decoder needs neither secrets nor settings; one arena and one thread keep its memory countable.
_ENVIRONMENT = {
    "PYTHONUNBUFFERED": "1",
    "MALLOC_ARENA_MAX": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
}
_KEPT = ("PATH", "PYTHONPATH", "LANG", "LC_ALL", "TMPDIR", "LD_LIBRARY_PATH")


class _Child:
    """A process that decodes, and the socket to it."""

    def __init__(self) -> None:
        self.channel, theirs = socket.socketpair()
        kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
        with theirs:
            number = theirs.fileno()
            command = [sys.executable, "-m", "mlmodels.ml.pictures.child"]
            self.process = subprocess.Popen(
                [*command, str(number), str(os.getpid())],
                cwd=_ROOT,
                env=kept | _ENVIRONMENT,
                stdin=subprocess.DEVNULL,
                pass_fds=[number],
            )

    def ask(self, head: dict[str, Any], data: bytes, time_limit_s: float) -> Picture:
        """What a file is to the child.

        Raises:
            RejectedImage: the child says why.
            TimeoutError, PeerGone, OSError: it says nothing.
        """
        self.channel.settimeout(time_limit_s)
        send(self.channel, head, data)
        said, _, files = receive(self.channel)
        if "refused" in said:
            raise RejectedImage(said["refused"])
        try:
            pixels = _mapped(files[0], tuple(said["shape"]))
        finally:
            for file in files:
                os.close(file)
        width, height = said["size_px"]
        conversions = tuple(said["conversions"])
        return Picture(pixels, said["media_type"], said["reduced_by"], (width, height), conversions)

    def end(self) -> None:
        """End it now, whatever it does."""
        self.channel.close()
        self.process.kill()
        self.process.wait()


def _mapped(file: int, shape: tuple[int, ...]) -> np.ndarray:
    # What lies beyond the end of a file would end whoever reads it.
    if os.fstat(file).st_size < int(np.prod(shape)):
        raise PeerGone()
    return np.frombuffer(mmap.mmap(file, int(np.prod(shape))), np.uint8).reshape(shape)


class Decoders:
    """Child processes that decode, each for one thread at a time; started when first needed.

    Args:
        at_once: how many files are decoded at once.
        time_limit_s: a file that takes longer is refused, s.
        bytes_a_pixel, bytes_beside: what one may fill, by the pixels that are read at most.
    """

    def __init__(
        self,
        at_once: int = PLACES_FOR_PIXELS,
        *,
        time_limit_s: float = TIME_LIMIT_S,
        bytes_a_pixel: int = BYTES_A_PIXEL,
        bytes_beside: int = BYTES_BESIDE,
    ) -> None:
        self.time_limit_s = time_limit_s
        self.bytes_a_pixel, self.bytes_beside = bytes_a_pixel, bytes_beside
        self._at_once = at_once
        self._begin()

    def _begin(self) -> None:
        self._places = threading.BoundedSemaphore(self._at_once)
        self._lock = threading.Lock()
        self._idle: list[_Child] = []

    def read(self, data: bytes, limits: ImageLimits, *, may_reduce: bool = False) -> Picture:
        """As `read_picture_apart`."""
        pixels = limits.max_megapixels * 1_000_000
        head = {
            "max_bytes": limits.max_bytes,
            "max_megapixels": limits.max_megapixels,
            "may_reduce": may_reduce,
            "memory_bytes": int(self.bytes_a_pixel * pixels) + self.bytes_beside,
        }
        with self._places:
            # One that ended meanwhile is no fault of this file; one that it ends twice is.
            for _ in range(2):
                with suppress(PeerGone, ConnectionError):
                    return self._ask(head, data)
        raise ends_the_decoder()

    def processes(self) -> list[int]:
        """Ids of the children that wait for a file."""
        with self._lock:
            return [child.process.pid for child in self._idle]

    def end(self) -> None:
        """End the idle children; the next file starts a new one."""
        with self._lock:
            idle, self._idle = self._idle, []
        for child in idle:
            child.end()

    def forget(self) -> None:
        """After a fork: the children are the parent's."""
        for child in self._idle:
            child.channel.close()
            # Not ours to wait for.
            child.process.returncode = 0
        self._begin()

    def _ask(self, head: dict[str, Any], data: bytes) -> Picture:
        with self._lock:
            child = self._idle.pop() if self._idle else None
        child = child or _Child()
        try:
            picture = child.ask(head, data, self.time_limit_s)
        except RejectedImage:
            self._put_back(child)
            raise
        except TimeoutError as error:
            child.end()
            raise too_slow(self.time_limit_s) from error
        except BaseException:
            child.end()
            raise
        self._put_back(child)
        return picture

    def _put_back(self, child: _Child) -> None:
        with self._lock:
            self._idle.append(child)


_decoders = Decoders()
atexit.register(_decoders.end)
os.register_at_fork(after_in_child=_decoders.forget)


def read_picture_apart(
    data: bytes, limits: ImageLimits = ImageLimits(), *, may_reduce: bool = False
) -> Picture:
    """`read_picture` in a child with limits of memory and time; two files at once, others wait.

    Args:
        data: the whole file.
        limits: bytes and megapixels, checked before a pixel is decoded.
        may_reduce: decode a large JPEG at a part of its sides.

    Returns:
        The picture, its pixels in memory that was shared with the child.

    Raises:
        RejectedImage: as `read_picture`; or decoding takes too much memory or time, or ends the
            decoder.
    """
    if len(data) > limits.max_bytes:
        raise too_many_bytes(limits)
    return _decoders.read(data, limits, may_reduce=may_reduce)
