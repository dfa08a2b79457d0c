"""Runs a function of a test in a process of its own, whose Django works on another database."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
_RUN = """
import importlib, json, sys, django
django.setup()
print(json.dumps(getattr(importlib.import_module(sys.argv[1]), sys.argv[2])()))
"""


def in_own_process(
    act: Callable[[], Any], *, database_url: str, var_dir: Path, within_s: float = 120
) -> Any:
    """What `act()` answers on that database, as JSON gives it back; its failure fails the test."""
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "DATABASE_URL": database_url,
        "VAR_DIR": str(var_dir),
    }
    done = subprocess.run(
        [sys.executable, "-c", _RUN, act.__module__, act.__name__],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=within_s,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])
