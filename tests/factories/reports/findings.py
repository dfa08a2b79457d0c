"""The limits of findings that come with the program."""

from __future__ import annotations

from decimal import Decimal

from predictions.findings import Limit, shipped


def shipped_finding_limits(**changed: str) -> dict[str, Limit]:
    """The limits of the file, by code; `changed` gives some of them another value."""
    return {
        row["code"]: Limit(
            row["code"], Decimal(changed.get(row["code"], row["value"])), row["source"]
        )
        for row in shipped()["limits"]
    }
