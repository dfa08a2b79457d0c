"""What no single file can promise: who imports whom, and what the web process never loads."""

import ast
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

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
print(json.dumps(sorted(sys.modules)))
"""
# What pages of trainings read: recipes, and the text of a notebook. Neither trains anything.
READ_BY_PAGES = {"recipe", "reports", "reports.names", "reports.notebook"}


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


def _lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    lint = Path(sys.executable).with_name("lint-imports")
    return subprocess.run([lint, "--no-cache"], cwd=folder, capture_output=True, text=True)


@pytest.mark.slow
def test_the_import_contracts_are_kept():
    lint = _lint_imports(ROOT)
    assert lint.returncode == 0, lint.stdout


@pytest.mark.parametrize(
    ("room", "wrong", "contract"),
    [
        ("predictions/reports/content.py", "predictions.errors", "Reports are plain Python"),
        ("predictions/reports/words.py", "django.utils.timezone", "Reports are plain Python"),
        ("mlmodels/ml/inference/crops.py", "mlmodels.ml.datasets.splits", "Rooms of the engine"),
        ("mlmodels/ml/pictures/depth.py", "mlmodels.ml.inference.crops", "Rooms of the engine"),
        ("mlmodels/ml/datasets/splits.py", "mlmodels.ml.training.recipe", "Rooms of the engine"),
        (
            "predictions/services/imaging/intake.py",
            "mlmodels.research.evaluation",
            "The product never imports research",
        ),
        (
            "mlmodels/management/commands/adapt_model.py",
            "mlmodels.research.onboarding",
            "The product never imports research",
        ),
        ("hematovision/queue.py", "accounts.models", "Floor, apps in one direction, roof"),
        (
            "accounts/services/users.py",
            "hematovision.web.middleware",
            "Floor, apps in one direction, roof",
        ),
        ("mlmodels/forms.py", "predictions.policy", "Floor, apps in one direction, roof"),
        ("predictions/identifiers.py", "django.db", "What is pure knows no framework"),
        ("predictions/differential.py", "predictions.models", "Rooms inside an app"),
        ("predictions/counts.py", "mlmodels.ml.classes", "The differential is plain Python"),
        ("predictions/intervals.py", "django.conf", "The differential is plain Python"),
    ],
)
@pytest.mark.slow
def test_a_wrong_import_is_noticed(tmp_path, room, wrong, contract):
    for app in ("hematovision", "accounts", "mlmodels", "predictions"):
        shutil.copytree(
            ROOT / app, tmp_path / app, ignore=shutil.ignore_patterns("shipped", "__pycache__")
        )
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    with (tmp_path / room).open("a") as file:
        file.write(f"\nimport {wrong}\n")
    lint = _lint_imports(tmp_path)
    assert lint.returncode == 1
    assert re.search(f"^{contract} BROKEN", lint.stdout, re.MULTILINE), lint.stdout


def test_a_lower_app_names_no_page_of_a_higher_one():
    guilty = []
    for lower, higher in (
        ("accounts", ("mlmodels", "predictions")),
        ("mlmodels", ("predictions",)),
    ):
        pages = [*(ROOT / "templates" / lower).rglob("*.html"), *(ROOT / lower).rglob("*.py")]
        for page in pages:
            found = re.search(rf"""['"]({"|".join(higher)}):[a-z_]+['"]""", page.read_text())
            if found:
                guilty.append((page.relative_to(ROOT).as_posix(), found.group(0)))
    assert guilty == []


@pytest.fixture(scope="module")
def loaded_by_the_urls() -> set[str]:
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
    assert "hematovision.urls" in loaded
    return loaded


def test_the_web_process_holds_no_runtime_of_a_model(loaded_by_the_urls):
    packages = {name.partition(".")[0] for name in loaded_by_the_urls}
    assert not {"tensorflow", "keras", "ai_edge_litert"} & packages


def test_the_web_process_holds_nothing_that_trains_or_measures(loaded_by_the_urls):
    training = "mlmodels.ml.training."
    found = {name.removeprefix(training) for name in loaded_by_the_urls if training in name}
    assert found == READ_BY_PAGES
    assert not {name for name in loaded_by_the_urls if name.startswith("mlmodels.research")}
    assert not {name for name in loaded_by_the_urls if ".services." in name and ".run_" in name}
