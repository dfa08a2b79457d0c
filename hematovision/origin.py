"""Where the present request comes from, for the audit trail and for every log line.

It knows nothing of accounts, so the log may be set up before the applications are.
"""

from __future__ import annotations

import ipaddress
import logging
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True)
class Origin:
    """Who is at the other end. All of it is empty in a worker or a command."""

    ip_address: str | None = None
    user_agent: str = ""
    request_id: str = ""


_NOWHERE = Origin()
_present: ContextVar[Origin] = ContextVar("origin", default=_NOWHERE)


def current_origin() -> Origin:
    """The origin of the request being answered."""
    return _present.get()


def set_origin(origin: Origin) -> None:
    """Take `origin` for the rest of this request."""
    _present.set(origin)


def client_address(meta: Mapping[str, str], *, trusted_proxies: int) -> str | None:
    """The client's address: the one that the outermost trusted proxy saw.

    Args:
        meta: the request's CGI variables.
        trusted_proxies: how many proxies in front append to X-Forwarded-For. What stands further
            left in that header was written by the client and is not believed.
    """
    seen = [meta.get("REMOTE_ADDR", "")]
    if trusted_proxies:
        forwarded = meta.get("HTTP_X_FORWARDED_FOR", "").split(",")
        seen = forwarded[-trusted_proxies:] + seen
    for candidate in seen:
        address = _normal_address(candidate.strip())
        if address is not None:
            return address
    return None


def _normal_address(text: str) -> str | None:
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = getattr(address, "ipv4_mapped", None)
    return str(mapped or address)


class RequestIdFilter(logging.Filter):
    """Gives every log line the id of the request it belongs to, or a dash."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Add `request_id`; let every line pass."""
        record.request_id = current_origin().request_id or "-"
        return True
