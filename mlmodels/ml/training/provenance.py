"""Which revision of the code a version or a figure was made with."""

from __future__ import annotations

import subprocess
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent.parent.parent


def git_revision() -> str:
    """The revision of the code, marked where engine or recipes have changes; else empty."""
    try:
        revision = _git("rev-parse", "HEAD")
        changed = _git("status", "--porcelain", "--", "mlmodels/ml", "mlmodels/recipes")
    except (OSError, subprocess.SubprocessError):
        return ""
    return f"{revision}-changed" if changed else revision


def _git(*arguments: str) -> str:
    answer = subprocess.run(
        ["git", *arguments], cwd=REPOSITORY, capture_output=True, text=True, check=True, timeout=20
    )
    return answer.stdout.strip()
