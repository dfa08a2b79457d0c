"""A process that works for another one and must not outlive it."""

from __future__ import annotations

import ctypes
import os
import signal
import threading
import time
from contextlib import suppress

_LOOK_EVERY_S = 0.5
_PR_SET_PDEATHSIG = 1


def die_with_parent(parent_pid: int) -> None:
    """End this process as soon as the one that started it is gone, however that ended.

    Linux kills it; elsewhere, and as a second rope, a thread looks every half second.

    Args:
        parent_pid: of the process that started this one from its main thread, as it said itself:
            Linux takes the end of a thread for the end of what that thread started.
    """
    # Not Linux: the thread alone looks.
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    watch_parent(parent_pid)


def watch_parent(parent_pid: int) -> None:
    """End this process within half a second of the one that started it, from whatever thread.

    Ctrl-C in a terminal is the parent's business.

    Args:
        parent_pid: of the process that started this one, as it said itself.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if os.getppid() != parent_pid:
        os._exit(1)
    threading.Thread(target=_watch, args=(parent_pid,), name="parent", daemon=True).start()


def _watch(parent_pid: int) -> None:
    while os.getppid() == parent_pid:
        time.sleep(_LOOK_EVERY_S)
    os._exit(1)
