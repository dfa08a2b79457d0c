"""An older installation brought to the newest tables, on a database of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.apps.registry import Apps
from django.core.management import call_command
from django.db import DatabaseError, connection, connections, models, transaction
from django.db.migrations.executor import MigrationExecutor
from django.db.utils import load_backend

from tests.factories.older_installation import NEWEST_THEN, OlderInstallation

OURS = ("accounts", "mlmodels", "predictions")
Rows = dict[str, dict[Any, dict[str, Any]]]


@contextmanager
def other_database(settings: dict[str, Any]) -> Iterator[None]:
    """Let everything meet another database than that of the test run."""
    kept = connections["default"]
    full = connections.configure_settings({"default": settings})["default"]
    other = load_backend(full["ENGINE"]).DatabaseWrapper(full, "default")
    connections["default"] = other
    try:
        yield
    finally:
        other.close()
        connections["default"] = kept


def assert_an_upgrade_loses_nothing() -> None:
    """Make the tables of that time and rows in them, migrate to the newest, and compare."""
    executor = MigrationExecutor(connection)
    executor.migrate(NEWEST_THEN)
    then = executor.loader.project_state(NEWEST_THEN).apps
    OlderInstallation(then).add_rows()
    before, bytes_before = rows_of(then), binary_values(then)
    assert all(before.values()), [name for name, rows in before.items() if not rows]

    call_command("migrate", verbosity=0, interactive=False)

    newest = MigrationExecutor(connection).loader.project_state().apps
    after = rows_of(newest)
    for model, rows in before.items():
        assert rows.keys() <= after[model].keys(), f"{model} lost rows"
        for key, values in rows.items():
            assert_kept(model, values, after[model][key])
    assert bytes_before <= binary_values(newest)
    assert_what_was_decided_stays()


def rows_of(apps: Apps) -> Rows:
    """Every row of ours by model and key, without its binary values, which may move."""
    return {
        model._meta.label: {
            row[model._meta.pk.attname]: row
            for row in model._default_manager.values(
                *[f.attname for f in model._meta.concrete_fields if not is_binary(f)]
            )
        }
        for model in our_models(apps)
    }


# What an upgrade is meant to change, and to what: finer labels found their place between the
# others, and an open sample in which cells were found is in review.
MEANT = {
    "mlmodels.Label": {"position": lambda before, after: True},
    "predictions.Sample": {
        "state": lambda before, after: (before, after) == ("open", "in_review"),
    },
}


def assert_kept(model: str, before: dict[str, Any], after: dict[str, Any]) -> None:
    """Every column that both states know holds what it held, or what it is meant to hold now."""
    both = before.keys() & after.keys()
    for name, is_meant in MEANT.get(model, {}).items():
        if before[name] != after[name]:
            assert is_meant(before[name], after[name]), (model, name)
            both -= {name}
    assert {name: after[name] for name in both} == {name: before[name] for name in both}, model


def binary_values(apps: Apps) -> set[bytes]:
    """What stands in binary columns, in whichever table."""
    return {
        bytes(value)
        for model in our_models(apps)
        for field in filter(is_binary, model._meta.concrete_fields)
        for value in model._default_manager.values_list(field.attname, flat=True)
        if value
    }


def assert_what_was_decided_stays() -> None:
    """The triggers stand still: a table that SQLite builds anew loses its own."""
    for act in (
        "UPDATE accounts_auditevent SET reason = 'another'",
        "DELETE FROM accounts_auditevent",
        "UPDATE mlmodels_promotion SET reason = 'another'",
        "DELETE FROM mlmodels_promotion",
        "UPDATE predictions_cellreview SET to_label = 'another'",
        "DELETE FROM predictions_cellreview",
        "UPDATE predictions_sampleevent SET reason = 'another'",
        "DELETE FROM predictions_sampleevent",
        "UPDATE mlmodels_dataset SET name = 'another' WHERE state = 'frozen'",
        "DELETE FROM mlmodels_dataset WHERE state = 'frozen'",
        "UPDATE mlmodels_datasetimage SET label = 'another'",
    ):
        with (
            pytest.raises(DatabaseError, match="cannot be changed"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(act)


def our_models(apps: Apps) -> list[type[models.Model]]:
    return [model for model in apps.get_models() if model._meta.app_label in OURS]


def is_binary(field: models.Field) -> bool:
    return isinstance(field, models.BinaryField)
