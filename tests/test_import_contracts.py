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
LOAD_URLS = r"""
import json, pathlib, re, sys, time
began = time.process_time()
import django
django.setup()
import hematovision.urls
status = pathlib.Path("/proc/self/status").read_text()
print(json.dumps({
    "modules": sorted({name.partition(".")[0] for name in sys.modules}),
    # Of this process alone: what else the machine does is not measured.
    "seconds": time.process_time() - began,
    # Not getrusage: its peak begins with that of the process that started this one.
    "peak_mb": int(re.search(r"VmHWM:\s+(\d+)", status)[1]) / 1024,
}))
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
        if "/tasks.py" in room or "/management/" in room or "/services/run_" in room:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            names = []
            if isinstance(node, ast.ImportFrom):
                names = [node.module or "", *(alias.name for alias in node.names)]
            elif isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            if any(part.startswith("run_") for name in names for part in name.split(".")):
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


def test_the_web_process_is_light_and_holds_no_runtime_of_a_model():
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "hematovision.settings"}
    done = subprocess.run(
        [sys.executable, "-c", LOAD_URLS],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    loaded = json.loads(done.stdout.splitlines()[-1])
    assert not {"tensorflow", "keras", "ai_edge_litert"} & set(loaded["modules"])
    assert loaded["seconds"] < 4
    assert loaded["peak_mb"] < 200
