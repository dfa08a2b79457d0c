"""An audit event is written once: the database refuses to change or delete it.

A later migration that rebuilds the table on SQLite (AlterField does) loses the triggers there and
has to run `protect` again; `tests/accounts/trail/test_audit_append_only.py` notices.
"""

from django.db import migrations

POSTGRESQL = [
    """
    CREATE FUNCTION accounts_auditevent_is_append_only() RETURNS trigger AS $$
    BEGIN
        RAISE EXCEPTION 'An audit event cannot be changed or deleted.';
    END;
    $$ LANGUAGE plpgsql
    """,
    """
    CREATE TRIGGER accounts_auditevent_append_only
    BEFORE UPDATE OR DELETE ON accounts_auditevent
    FOR EACH ROW EXECUTE FUNCTION accounts_auditevent_is_append_only()
    """,
]
POSTGRESQL_BACK = [
    "DROP TRIGGER accounts_auditevent_append_only ON accounts_auditevent",
    "DROP FUNCTION accounts_auditevent_is_append_only()",
]
SQLITE = [
    f"""
    CREATE TRIGGER accounts_auditevent_no_{what.lower()}
    BEFORE {what} ON accounts_auditevent
    BEGIN
        SELECT RAISE(ABORT, 'An audit event cannot be changed or deleted.');
    END
    """
    for what in ("UPDATE", "DELETE")
]
SQLITE_BACK = [
    "DROP TRIGGER accounts_auditevent_no_update",
    "DROP TRIGGER accounts_auditevent_no_delete",
]


def protect(apps, schema_editor):
    """Create the triggers of this database."""
    statements = {"postgresql": POSTGRESQL, "sqlite": SQLITE}
    for statement in statements.get(schema_editor.connection.vendor, []):
        schema_editor.execute(statement)


def release(apps, schema_editor):
    """Drop them again."""
    statements = {"postgresql": POSTGRESQL_BACK, "sqlite": SQLITE_BACK}
    for statement in statements.get(schema_editor.connection.vendor, []):
        schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]
    operations = [migrations.RunPython(protect, release)]
