"""Runs a function in several threads at the very same moment, each with its own connection."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from django.db import connections


def at_once(times: int, act: Callable[[int], Any]) -> list[Any]:
    """What `act(0)`, `act(1)`, … answered; an exception stands for its answer."""
    ready = threading.Barrier(times)
    answers: list[Any] = [None] * times

    def run(index: int) -> None:
        try:
            ready.wait(timeout=10)
            answers[index] = act(index)
        except Exception as error:
            answers[index] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(index,)) for index in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return answers
