"""The model's confidence in a word, by the thresholds of the version that said it."""

from __future__ import annotations

from mlmodels.models import ModelVersion


def word_of(confidence: float, version: ModelVersion | None) -> str:
    """High, fair or low; empty where the version has no thresholds.

    Args:
        confidence: calibrated, 0 to 1.
    """
    thresholds = (version.card if version else {}).get("engine", {}).get("thresholds", {})
    if "accept_probability" not in thresholds:
        return ""
    if confidence >= thresholds["accept_probability"]:
        return "high"
    return "fair" if confidence >= thresholds["identify_probability"] else "low"
