"""A row of the ledger of promotions is written once: the database refuses to change or delete it.

A later migration that rebuilds the table on SQLite (AlterField does) loses the triggers there and
has to run `protect` again; `tests/mlmodels/test_the_ledger_is_append_only.py` notices.
"""

from django.db import migrations

POSTGRESQL = [
    """
    CREATE FUNCTION mlmodels_promotion_is_append_only() RETURNS trigger AS $$
    BEGIN
        RAISE EXCEPTION 'A row of the ledger of promotions cannot be changed or deleted.';
    END;
    $$ LANGUAGE plpgsql
    """,
    """
    CREATE TRIGGER mlmodels_promotion_append_only
    BEFORE UPDATE OR DELETE ON mlmodels_promotion
    FOR EACH ROW EXECUTE FUNCTION mlmodels_promotion_is_append_only()
    """,
]
POSTGRESQL_BACK = [
    "DROP TRIGGER mlmodels_promotion_append_only ON mlmodels_promotion",
    "DROP FUNCTION mlmodels_promotion_is_append_only()",
]
SQLITE = [
    f"""
    CREATE TRIGGER mlmodels_promotion_no_{what.lower()}
    BEFORE {what} ON mlmodels_promotion
    BEGIN
        SELECT RAISE(ABORT, 'A row of the ledger of promotions cannot be changed or deleted.');
    END
    """
    for what in ("UPDATE", "DELETE")
]
SQLITE_BACK = [
    "DROP TRIGGER mlmodels_promotion_no_update",
    "DROP TRIGGER IF EXISTS mlmodels_promotion_no_delete",
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
    dependencies = [("mlmodels", "0007_versions_of_a_profile")]
    operations = [migrations.RunPython(protect, release)]
