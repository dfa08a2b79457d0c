"""Triggers for tables whose rows are written once: the database refuses to change or delete them.

For migrations. One that rebuilds such a table on SQLite (AlterField does, and AddField of a column
that may not be null) loses the triggers there: it releases the table before and protects it after.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

# Operations of `migrations.RunPython`: the apps, and the schema editor.
Operation = Callable[[Any, Any], None]


def protect(table: str, sentence: str) -> Operation:
    """Refuse updates and deletions of the table's rows.

    Args:
        table: its name in the database.
        sentence: what the refusal says; without quotes.
    """
    postgresql = [
        f"""
        CREATE OR REPLACE FUNCTION {table}_is_append_only() RETURNS trigger AS $$
        BEGIN
            RAISE EXCEPTION '{sentence}';
        END;
        $$ LANGUAGE plpgsql
        """,
        f"""
        CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table}
        FOR EACH ROW EXECUTE FUNCTION {table}_is_append_only()
        """,
    ]
    sqlite = [
        f"""
        CREATE TRIGGER {table}_no_{what.lower()} BEFORE {what} ON {table}
        BEGIN SELECT RAISE(ABORT, '{sentence}'); END
        """
        for what in ("UPDATE", "DELETE")
    ]
    return _run({"postgresql": postgresql, "sqlite": sqlite})


def release(table: str) -> Operation:
    """Take the triggers of a table away again."""
    postgresql = [
        f"DROP TRIGGER IF EXISTS {table}_append_only ON {table}",
        f"DROP FUNCTION IF EXISTS {table}_is_append_only()",
    ]
    sqlite = [f"DROP TRIGGER IF EXISTS {table}_no_{what}" for what in ("update", "delete")]
    return _run({"postgresql": postgresql, "sqlite": sqlite})


def _run(statements: dict[str, list[str]]) -> Operation:
    def operation(apps: Any, schema_editor: Any) -> None:
        for statement in statements[schema_editor.connection.vendor]:
            schema_editor.execute(statement)

    return operation
