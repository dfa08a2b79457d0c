"""The triggers of the database, by which it refuses what no program of ours may do."""

from __future__ import annotations

from django.db import connection


def put_back(*statements: str) -> None:
    """Make triggers anew that the tests' own clean-up on SQLite had to remove."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)


def assert_triggers(prefix: str, *, sqlite: set[str], postgresql: set[str]) -> None:
    """Those whose names begin so are these, and no others."""
    question = {
        "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger'",
        "postgresql": "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal",
    }[connection.vendor]
    with connection.cursor() as cursor:
        cursor.execute(question)
        names = {name for (name,) in cursor.fetchall() if name.startswith(prefix)}
    assert names == {"sqlite": sqlite, "postgresql": postgresql}[connection.vendor]
