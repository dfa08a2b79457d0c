"""Migrations: complete, named, and able to build an empty database and take it down again."""

import re
from pathlib import Path

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

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


@pytest.mark.django_db(transaction=True)
def test_all_migrations_can_be_taken_back_and_made_again():
    executor = MigrationExecutor(connection)
    leaves = [leaf for leaf in executor.loader.graph.leaf_nodes() if leaf[0] in APPS]
    executor.migrate([(app, None) for app in APPS])
    assert not {"predictions_cell", "accounts_user"} & set(connection.introspection.table_names())
    MigrationExecutor(connection).migrate(leaves)
    assert {"predictions_cell", "accounts_user"} <= set(connection.introspection.table_names())
