"""Migrations: complete, named, and able to build an empty database and take it down again."""

import re
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.core.management import call_command

from mlmodels.models import Label
from tests.upgrading import other_database

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


@pytest.mark.slow
def test_all_migrations_can_be_taken_back_and_made_again(django_db_blocker, tmp_path):
    database = {**settings.DATABASES["default"], "NAME": str(tmp_path / "rehearsal.sqlite3")}
    with django_db_blocker.unblock(), other_database(database):
        for step in ([], *([app, "zero"] for app in reversed(APPS)), []):
            call_command("migrate", *step, verbosity=0, interactive=False)
        assert Label.objects.exists()
