"""Kombu's filesystem transport with every file written whole: the broker of a single machine.

As it comes, a reader can take a message or a routing table between its creation and its first
byte; the JSON error that follows ends the worker, or the upload that sends. Here a file appears
under its name only when it is complete, and a message has one taker. Reached as `folder://`.
"""

from __future__ import annotations

import fcntl
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty
from time import time_ns
from typing import Any

from kombu.transport import TRANSPORT_ALIASES, filesystem
from kombu.utils.json import dumps, loads


def write_whole(path: Path, text: str) -> None:
    """Let `path` appear, or change, in one step."""
    part = path.with_name(f"{path.name}.{uuid.uuid4()}.part")
    part.write_text(text)
    part.rename(path)


class Channel(filesystem.Channel):
    """Messages and routing tables as files; a rename is the only way they come and go."""

    def _put(self, queue: str, payload: dict[str, Any], **kwargs: Any) -> None:  # type: ignore[override]
        """Add a message at the end of `queue`."""
        name = f"{time_ns():020d}_{uuid.uuid4()}.{queue}.msg"
        write_whole(Path(self.data_folder_out) / name, dumps(payload))

    def _get(self, queue: str, timeout: float | None = None) -> dict[str, Any]:
        """Take the oldest message of `queue`; of several takers one gets it."""
        folder = Path(self.data_folder_in)
        # A folder removed under a running worker is made anew: the sweeper sends what it held.
        folder.mkdir(parents=True, exist_ok=True)
        for name in sorted(os.listdir(folder)):
            if name.partition(".")[2] != f"{queue}.msg":
                continue
            taken = folder / f"{name}.taken"
            try:
                (folder / name).rename(taken)
            except FileNotFoundError:
                continue
            payload = loads(taken.read_text())
            taken.unlink()
            return payload
        raise Empty

    def get_table(self, exchange: str) -> list[filesystem.exchange_queue_t]:
        """The queues bound to `exchange`."""
        file = self._exchange_file(exchange)
        if not file.exists():
            return []
        return [filesystem.exchange_queue_t(*row) for row in loads(file.read_text())]

    def _queue_bind(self, exchange: str, routing_key: str, pattern: str, queue: str) -> None:
        row = filesystem.exchange_queue_t(routing_key or "", pattern or "", queue or "")
        with self._tables_locked():
            rows = self.get_table(exchange)
            if row not in rows:
                write_whole(self._exchange_file(exchange), dumps([row, *rows]))

    def _delete(
        self, queue: str, exchange: str, routing_key: str, pattern: str, *args: Any, **kwargs: Any
    ) -> None:
        self._purge(queue)
        row = filesystem.exchange_queue_t(routing_key or "", pattern or "", queue or "")
        with self._tables_locked():
            rows = self.get_table(exchange)
            if row in rows:
                rows.remove(row)
                write_whole(self._exchange_file(exchange), dumps(rows))

    @contextmanager
    def _tables_locked(self) -> Iterator[None]:
        """Let one process at a time read and rewrite the routing tables."""
        with open(self.control_folder / ".lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


class Transport(filesystem.Transport):
    """What `folder://` stands for."""

    Channel = Channel


def register() -> None:
    """Let Kombu know `folder://`."""
    TRANSPORT_ALIASES["folder"] = "hematovision.folder_broker:Transport"
