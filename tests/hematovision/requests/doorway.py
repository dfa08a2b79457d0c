"""Asks the web server's own doorway, as a server does: with bytes of a body and what it knows."""

from __future__ import annotations

import io
import json
from contextlib import closing
from typing import Any

from django.core.signals import request_finished, request_started
from django.db import close_old_connections

from hematovision.wsgi import application

CHUNKED: dict[str, Any] = {"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True}


def ask(
    path: str,
    body: bytes,
    content_type: str = "application/json",
    *,
    stream: Any = None,
    **environ: Any,
) -> tuple[int, Any]:
    """What a POST is answered: its status, and its JSON or its page."""
    signals = (request_started, request_finished)
    for signal in signals:
        # They would close the connection in which the test's transaction is.
        signal.disconnect(close_old_connections)
    path, _, query = path.partition("?")
    asked = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "wsgi.url_scheme": "https",
        "wsgi.input": stream or io.BytesIO(body),
        "CONTENT_TYPE": content_type,
        **environ,
    }
    if "HTTP_TRANSFER_ENCODING" not in asked:
        asked.setdefault("CONTENT_LENGTH", str(len(body)))
    started: list[str] = []
    try:
        answer: Any = application(asked, lambda status, headers: started.append(status))
        with closing(answer):
            content = b"".join(answer)
    finally:
        for signal in signals:
            signal.connect(close_old_connections)
    told = json.loads(content) if content.startswith(b"{") else content.decode()
    return int(started[0].split()[0]), told
