"""Migrations: complete, named, and able to build an empty database and take it down again."""

import os
import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from django.apps import apps
from django.core.management import call_command

ROOT = Path(__file__).resolve().parent.parent
APPS = ("accounts", "mlmodels", "predictions")


def migration_files() -> list[Path]:
    """Every migration of ours."""
    folders = (Path(apps.get_app_config(app).path) / "migrations" for app in APPS)
    return [path for folder in folders for path in folder.glob("[0-9]*.py")]


@pytest.mark.django_db
def test_no_change_of_a_model_lacks_its_migration():
    call_command("makemigrations", "--check", "--dry-run", verbosity=0)


@pytest.mark.parametrize(
    "path", migration_files(), ids=lambda path: f"{path.parts[-3]}-{path.stem}"
)
def test_a_migration_says_what_it_does_in_its_name(path):
    assert re.fullmatch(r"\d{4}_[a-z][a-z0-9_]+", path.stem)
    assert "_auto_" not in path.stem


def test_all_migrations_can_be_taken_back_and_made_again(tmp_path):
    environment = {**os.environ, "DATABASE_URL": f"sqlite:///{tmp_path / 'rehearsal.sqlite3'}"}
    steps = [["migrate"], *(["migrate", app, "zero"] for app in reversed(APPS)), ["migrate"]]
    for step in steps:
        manage(step, environment)
    with closing(sqlite3.connect(tmp_path / "rehearsal.sqlite3")) as database:
        [[labels]] = database.execute("SELECT count(*) FROM mlmodels_label")
    assert labels > 0


def manage(arguments: list[str], environment: dict[str, str]) -> None:
    """Run a management command in a process and on a database of its own."""
    command = [sys.executable, "manage.py", *arguments, "--settings", "hematovision.settings"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
