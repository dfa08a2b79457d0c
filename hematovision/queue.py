"""The only way from a service to a worker: by name, with ids, after the commit."""

from __future__ import annotations

import logging
import time
from functools import partial

from django.db import transaction
from kombu.exceptions import OperationalError

from hematovision.celery import app

logger = logging.getLogger(__name__)

# A broker that lets us wait this long before it fails is left alone for a while, or an upload
# of a hundred files would wait a hundred times.
_SLOW_S, _LEAVE_ALONE_S = 1.0, 10.0
_leave_alone_until = 0.0


def enqueue_on_commit(task_name: str, **ids: str) -> None:
    """Send a task once the present transaction is committed; send nothing if it is rolled back.

    A broker that is down does not fail the caller: the row that asks for the work is committed,
    and the sweeper sends it later.

    Args:
        task_name: the task's written-out name, e.g. "predictions.classify_image".
        ids: the task's arguments, identifiers only.
    """
    transaction.on_commit(partial(send, task_name, **ids))


def send(task_name: str, **ids: str) -> bool:
    """Send a task now; say whether the broker took it."""
    global _leave_alone_until
    began = time.monotonic()
    if began < _leave_alone_until:
        return False
    try:
        # Once only: somebody waits for an answer, and the sweeper tries again anyway.
        app.signature(task_name, kwargs=ids).apply_async(retry=False)
    except (OperationalError, OSError):
        logger.warning("The broker did not take %s; the sweeper sends it later.", task_name)
        if time.monotonic() - began > _SLOW_S:
            _leave_alone_until = time.monotonic() + _LEAVE_ALONE_S
        return False
    return True
