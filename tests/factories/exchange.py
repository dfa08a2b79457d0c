"""Systems that reports are sent to."""

from __future__ import annotations

from accounts.models import Laboratory
from predictions.models import ResultConnection


def make_connection(laboratory: Laboratory, **fields: object) -> ResultConnection:
    """A system that speaks HL7, where nothing listens."""
    told = {"name": "LIS", "kind": ResultConnection.Kind.MLLP, "address": "127.0.0.1:9", **fields}
    return ResultConnection.objects.create(laboratory=laboratory, **told)
