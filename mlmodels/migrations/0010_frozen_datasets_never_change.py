"""A frozen dataset never changes: the database refuses to change or delete its rows.

What may still change is whether it is the reference. A later migration that rebuilds one of the
two tables on SQLite (AlterField does) loses the triggers there and has to run `protect` again;
`tests/mlmodels/test_frozen_datasets_never_change.py` notices.
"""

from django.db import migrations

SENTENCE = "A frozen dataset cannot be changed or deleted."
KEPT = ("manifest_sha256", "state", "folder", "laboratory_id", "name")
_CHANGED = " OR ".join(f"NEW.{name} <> OLD.{name}" for name in KEPT)


def _frozen(row):
    return f"(SELECT state FROM mlmodels_dataset WHERE id = {row}.dataset_id) = 'frozen'"


POSTGRESQL = [
    f"""
    CREATE FUNCTION mlmodels_dataset_stays_frozen() RETURNS trigger AS $$
    BEGIN
        IF OLD.state = 'frozen' THEN
            IF TG_OP = 'DELETE' THEN
                RAISE EXCEPTION '{SENTENCE}';
            ELSIF {_CHANGED} THEN
                RAISE EXCEPTION '{SENTENCE}';
            END IF;
        END IF;
        IF TG_OP = 'DELETE' THEN
            RETURN OLD;
        END IF;
        RETURN NEW;
    END;
    $$ LANGUAGE plpgsql
    """,
    """
    CREATE TRIGGER mlmodels_dataset_frozen
    BEFORE UPDATE OR DELETE ON mlmodels_dataset
    FOR EACH ROW EXECUTE FUNCTION mlmodels_dataset_stays_frozen()
    """,
    f"""
    CREATE FUNCTION mlmodels_datasetimage_stays_frozen() RETURNS trigger AS $$
    BEGIN
        IF TG_OP <> 'INSERT' THEN
            IF {_frozen("OLD")} THEN
                RAISE EXCEPTION '{SENTENCE}';
            END IF;
        END IF;
        IF TG_OP <> 'DELETE' THEN
            IF {_frozen("NEW")} THEN
                RAISE EXCEPTION '{SENTENCE}';
            END IF;
            RETURN NEW;
        END IF;
        RETURN OLD;
    END;
    $$ LANGUAGE plpgsql
    """,
    """
    CREATE TRIGGER mlmodels_datasetimage_frozen
    BEFORE INSERT OR UPDATE OR DELETE ON mlmodels_datasetimage
    FOR EACH ROW EXECUTE FUNCTION mlmodels_datasetimage_stays_frozen()
    """,
]
POSTGRESQL_BACK = [
    "DROP TRIGGER mlmodels_datasetimage_frozen ON mlmodels_datasetimage",
    "DROP FUNCTION mlmodels_datasetimage_stays_frozen()",
    "DROP TRIGGER mlmodels_dataset_frozen ON mlmodels_dataset",
    "DROP FUNCTION mlmodels_dataset_stays_frozen()",
]


def _sqlite(name, event, condition):
    return f"""
    CREATE TRIGGER {name} BEFORE {event} WHEN {condition}
    BEGIN
        SELECT RAISE(ABORT, '{SENTENCE}');
    END
    """


SQLITE = {
    "mlmodels_dataset_no_update": (
        "UPDATE ON mlmodels_dataset",
        f"OLD.state = 'frozen' AND ({_CHANGED})",
    ),
    "mlmodels_dataset_no_delete": ("DELETE ON mlmodels_dataset", "OLD.state = 'frozen'"),
    "mlmodels_datasetimage_no_insert": ("INSERT ON mlmodels_datasetimage", _frozen("NEW")),
    "mlmodels_datasetimage_no_update": (
        "UPDATE ON mlmodels_datasetimage",
        f"{_frozen('OLD')} OR {_frozen('NEW')}",
    ),
    "mlmodels_datasetimage_no_delete": ("DELETE ON mlmodels_datasetimage", _frozen("OLD")),
}


def protect(apps, schema_editor):
    """Create the triggers of this database."""
    statements = {
        "postgresql": POSTGRESQL,
        "sqlite": [_sqlite(name, *rest) for name, rest in SQLITE.items()],
    }
    for statement in statements.get(schema_editor.connection.vendor, []):
        schema_editor.execute(statement)


def release(apps, schema_editor):
    """Drop them again."""
    statements = {
        "postgresql": POSTGRESQL_BACK,
        "sqlite": [f"DROP TRIGGER IF EXISTS {name}" for name in SQLITE],
    }
    for statement in statements.get(schema_editor.connection.vendor, []):
        schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("mlmodels", "0009_datasets_are_worked_on")]
    operations = [migrations.RunPython(protect, release)]
