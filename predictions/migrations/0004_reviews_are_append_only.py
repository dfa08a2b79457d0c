"""A review of a cell is written once: the database refuses to change or delete it.

A later migration that rebuilds the table on SQLite (AlterField does) loses the triggers there and
has to run `protect` again; `tests/predictions/test_reviews_are_append_only.py` notices.
"""

from django.db import migrations

POSTGRESQL = [
    """
    CREATE FUNCTION predictions_cellreview_is_append_only() RETURNS trigger AS $$
    BEGIN
        RAISE EXCEPTION 'A review of a cell cannot be changed or deleted.';
    END;
    $$ LANGUAGE plpgsql
    """,
    """
    CREATE TRIGGER predictions_cellreview_append_only
    BEFORE UPDATE OR DELETE ON predictions_cellreview
    FOR EACH ROW EXECUTE FUNCTION predictions_cellreview_is_append_only()
    """,
]
POSTGRESQL_BACK = [
    "DROP TRIGGER predictions_cellreview_append_only ON predictions_cellreview",
    "DROP FUNCTION predictions_cellreview_is_append_only()",
]
SQLITE = [
    f"""
    CREATE TRIGGER predictions_cellreview_no_{what.lower()}
    BEFORE {what} ON predictions_cellreview
    BEGIN
        SELECT RAISE(ABORT, 'A review of a cell cannot be changed or deleted.');
    END
    """
    for what in ("UPDATE", "DELETE")
]
SQLITE_BACK = [
    "DROP TRIGGER predictions_cellreview_no_update",
    "DROP TRIGGER predictions_cellreview_no_delete",
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
    dependencies = [("predictions", "0003_shadow_readings")]
    operations = [migrations.RunPython(protect, release)]
