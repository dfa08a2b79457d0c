"""What an orchestrator asks: is the process alive, and can it work? It tells no secrets."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import Error as DatabaseError
from django.http import HttpRequest, JsonResponse
from kombu.exceptions import KombuError

from accounts.policy import PUBLIC, needs
from hematovision.celery import app
from predictions.selectors.imaging import readiness

logger = logging.getLogger(__name__)

BROKER_WAIT_S = 1.0


@needs({"GET": PUBLIC})
def healthz(request: HttpRequest) -> JsonResponse:
    """The process answers."""
    return JsonResponse({"status": "alive"})


@needs({"GET": PUBLIC})
def readyz(request: HttpRequest) -> JsonResponse:
    """The process can do its work: 200, or 503 with the part that fails."""
    parts = {
        "database": _works(readiness.database_answers),
        "broker": _works(_broker_answers),
        "model": _works(readiness.model_is_there),
        "worker": _works(readiness.worker_was_heard),
    }
    ready = all(parts.values())
    body = {
        "status": "ready" if ready else "not ready",
        "parts": {name: "ok" if works else "failing" for name, works in parts.items()},
    }
    response = JsonResponse(body, status=200 if ready else 503)
    response["Cache-Control"] = "no-store"
    return response


def _works(part: Callable[[], bool]) -> bool:
    """Whether a part answers yes; what it breaks with goes to the log, not to the caller."""
    try:
        return part()
    except (DatabaseError, KombuError, OSError) as error:
        logger.warning("Not ready: %s: %s", part.__name__, error.__class__.__name__)
        return False


def _broker_answers() -> bool:
    """The folder can be written, or the server takes a connection within a second."""
    options: dict[str, Any] = settings.CELERY_BROKER_TRANSPORT_OPTIONS
    if "data_folder_out" in options:
        return os.access(Path(options["data_folder_out"]), os.W_OK | os.X_OK)
    short = {"socket_connect_timeout": BROKER_WAIT_S, "socket_timeout": BROKER_WAIT_S}
    with app.connection_for_write(
        connect_timeout=BROKER_WAIT_S, transport_options={**options, **short}
    ) as connection:
        connection.ensure_connection(max_retries=1, timeout=BROKER_WAIT_S)
    return True
