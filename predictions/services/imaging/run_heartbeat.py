"""Says through the database, every few seconds, that a worker is there."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable
from datetime import timedelta

from django.db import Error, connection
from django.utils import timezone

from predictions.models import WorkerHeartbeat

logger = logging.getLogger(__name__)

EVERY_S = 5.0
_FORGOTTEN_AFTER = timedelta(days=1)

# A new process of the pool is forked only between two beats: forked within one, it would find
# the database's library locked for ever.
_writing = threading.Lock()
os.register_at_fork(
    before=_writing.acquire, after_in_parent=_writing.release, after_in_child=_writing.release
)


class Heartbeat:
    """The beating of one worker, from a thread of its own.

    Args:
        worker: its name, "host:pid".
        every_s: seconds between two beats.
    """

    def __init__(self, worker: str, *, every_s: float = EVERY_S) -> None:
        self.worker = worker
        self.every_s = every_s
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="heartbeat", daemon=True)

    def start(self) -> None:
        """Begin to beat."""
        self._thread.start()

    def stop(self) -> None:
        """Beat no more, and take the row away: the worker says goodbye."""
        self._stopped.set()
        self._thread.join(timeout=self.every_s)

    def _beat(self) -> None:
        while True:
            self._try(self._write)
            if self._stopped.wait(self.every_s):
                self._try(self._erase)
                return

    def _try(self, act: Callable[[], None]) -> None:
        """Do one thing with a connection of its own: none is carried over a fork or a failure."""
        with _writing:
            try:
                act()
            except Error:
                logger.warning("The worker could not be marked as alive; trying again.")
            finally:
                connection.close()

    def _write(self) -> None:
        now = timezone.now()
        WorkerHeartbeat.objects.update_or_create(worker=self.worker, defaults={"seen_at": now})
        WorkerHeartbeat.objects.filter(seen_at__lt=now - _FORGOTTEN_AFTER).delete()

    def _erase(self) -> None:
        WorkerHeartbeat.objects.filter(worker=self.worker).delete()
