"""What no single file can promise: who imports whom, and what the web process never loads."""

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CODE = [
    path
    for app in ("hematovision", "accounts", "mlmodels", "predictions")
    for path in (ROOT / app).rglob("*.py")
]
LOAD_URLS = """
import json, sys
import django
django.setup()
import hematovision.urls
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""


def test_only_the_queue_sends_to_a_worker():
    senders = []
    for path in CODE:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Attribute) and node.attr in {"delay", "apply_async"}:
                senders.append(path.relative_to(ROOT).as_posix())
    assert set(senders) == {"hematovision/queue.py"}


def test_only_tasks_and_commands_import_what_runs_slowly():
    guilty = []
    for path in CODE:
        room = path.relative_to(ROOT).as_posix()
        if "/tasks.py" in room or "/management/" in room or "/run_" in room:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            names = []
            if isinstance(node, ast.ImportFrom):
                names = [f"{node.module}.{alias.name}" for alias in node.names]
            elif isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            if any(".services." in name and ".run_" in name for name in names):
                guilty.append(room)
    assert guilty == []


def test_the_import_contracts_are_kept():
    lint = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert lint.returncode == 0, lint.stdout


def test_the_web_process_holds_no_runtime_of_a_model():
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "hematovision.settings"}
    done = subprocess.run(
        [sys.executable, "-c", LOAD_URLS],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    loaded = set(json.loads(done.stdout.splitlines()[-1]))
    assert "hematovision" in loaded
    assert not {"tensorflow", "keras", "ai_edge_litert"} & loaded
