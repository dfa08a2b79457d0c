"""The reference intervals and critical limits that come with the program."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import predictions
from predictions.intervals import CriticalLimit, Interval


def _shipped(kind: str) -> list[dict[str, Any]]:
    """The rows of one kind, their bounds as decimals."""
    file = Path(predictions.__path__[0]) / "shipped_intervals.json"
    bounds = {"low", "high", "at_most", "below", "at_least", "above"}
    return [
        {key: Decimal(value) if key in bounds and value else value for key, value in row.items()}
        for row in json.loads(file.read_text())[kind]
    ]


def shipped_intervals() -> list[Interval]:
    """The reference intervals of the file."""
    return [Interval(**row) for row in _shipped("intervals")]


def shipped_limits() -> list[CriticalLimit]:
    """The critical limits of the file."""
    return [CriticalLimit(**row) for row in _shipped("critical_limits")]
