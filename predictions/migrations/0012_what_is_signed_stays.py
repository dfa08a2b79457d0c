"""A number is given once, what is written once stays, and a signed sample is frozen."""

from django.db import migrations, models

from hematovision import append_only

WRITTEN_ONCE = {
    "predictions_cellreview": "A review of a cell cannot be changed or deleted.",
    "predictions_sampleevent": "A step in the life of a sample cannot be changed or deleted.",
    "predictions_report": "A report cannot be changed or deleted.",
    "predictions_signature": "A signature cannot be changed or deleted.",
    "predictions_alarmacknowledgement": "An acknowledgement cannot be changed or deleted.",
    "predictions_criticalcontact": "The record of a contact cannot be changed or deleted.",
    "predictions_intervalset": "Reference intervals are changed by a newer set.",
}
SENTENCE = "The sample is signed or retracted, so nothing of it may change."
_OF_IMAGE = """
    SELECT 1 FROM predictions_smearimage i JOIN predictions_sample s ON s.id = i.sample_id
    WHERE i.id = {row}.image_id AND s.state IN ('signed', 'retracted')
"""
_OF_CELL = """
    SELECT 1 FROM predictions_cell c JOIN predictions_smearimage i ON i.id = c.image_id
    JOIN predictions_sample s ON s.id = i.sample_id
    WHERE c.id = {row}.cell_id AND s.state IN ('signed', 'retracted')
"""
_OF_SAMPLE = """
    SELECT 1 FROM predictions_sample s
    WHERE s.id = {row}.sample_id AND s.state IN ('signed', 'retracted')
"""
# What is said of a sample; its keys follow the laboratory's setting, signed or not.
_SAID = (
    "laboratory_id", "accession_number", "patient_reference", "sex", "birth_date",
    "age_days_given", "collected_at", "requester", "note", "priority", "wbc", "wbc_at",
    "wbc_is_corrected", "created_by_id", "created_at", "images_count", "images_unfinished",
    "images_failed", "cells_found", "cells_to_review",
)


def _sample_changes(vendor):
    """A signed sample goes on to be amended or retracted, and nowhere else; nothing else changes."""
    differs = "IS NOT" if vendor == "sqlite" else "IS DISTINCT FROM"
    said = " OR ".join(f"NEW.{column} {differs} OLD.{column}" for column in _SAID)
    return (
        "(OLD.state = 'retracted' AND NEW.state <> 'retracted') "
        "OR (OLD.state = 'signed' AND NEW.state NOT IN ('signed', 'amending', 'retracted')) "
        f"OR (OLD.state IN ('signed', 'retracted') AND ({said}))"
    )


# Table, what happens to a row, and what must not be found then.
FROZEN = [
    ("predictions_cell", "INSERT", "EXISTS (" + _OF_IMAGE.format(row="NEW") + ")"),
    ("predictions_cell", "UPDATE", "EXISTS (" + _OF_IMAGE.format(row="OLD") + ")"),
    ("predictions_cell", "DELETE", "EXISTS (" + _OF_IMAGE.format(row="OLD") + ")"),
    ("predictions_cellreview", "INSERT", "EXISTS (" + _OF_CELL.format(row="NEW") + ")"),
    ("predictions_smearimage", "INSERT", "EXISTS (" + _OF_SAMPLE.format(row="NEW") + ")"),
    (
        "predictions_smearimage",
        "UPDATE",
        "EXISTS (" + _OF_SAMPLE.format(row="OLD") + ") OR EXISTS ("
        + _OF_SAMPLE.format(row="NEW") + ")",
    ),
    ("predictions_smearimage", "DELETE", "EXISTS (" + _OF_SAMPLE.format(row="OLD") + ")"),
    ("predictions_sample", "UPDATE", "{sample_changes}"),
    ("predictions_sample", "DELETE", "OLD.state IN ('signed', 'retracted')"),
]


def freeze(apps, schema_editor):
    """Create the triggers of this database."""
    vendor = schema_editor.connection.vendor
    for table, what, condition in FROZEN:
        name = _name(table, what)
        condition = condition.format(sample_changes=_sample_changes(vendor))
        if vendor == "sqlite":
            schema_editor.execute(
                f"CREATE TRIGGER {name} BEFORE {what} ON {table} WHEN {condition} "
                f"BEGIN SELECT RAISE(ABORT, '{SENTENCE}'); END"
            )
            continue
        # A trigger's condition may hold no query on PostgreSQL: a function asks instead.
        gives = "OLD" if what == "DELETE" else "NEW"
        schema_editor.execute(
            f"""
            CREATE FUNCTION {name}() RETURNS trigger AS $$
            BEGIN
                IF {condition} THEN RAISE EXCEPTION '{SENTENCE}'; END IF;
                RETURN {gives};
            END;
            $$ LANGUAGE plpgsql
            """
        )
        schema_editor.execute(
            f"CREATE TRIGGER {name} BEFORE {what} ON {table} FOR EACH ROW "
            f"EXECUTE FUNCTION {name}()"
        )


def thaw(apps, schema_editor):
    """Drop them again."""
    vendor = schema_editor.connection.vendor
    for table, what, _ in FROZEN:
        name = _name(table, what)
        on = f" ON {table}" if vendor == "postgresql" else ""
        schema_editor.execute(f"DROP TRIGGER IF EXISTS {name}{on}")
        if vendor == "postgresql":
            schema_editor.execute(f"DROP FUNCTION IF EXISTS {name}()")


def _name(table, what):
    return f"{table}_frozen_{what.lower()}"


class Migration(migrations.Migration):
    dependencies = [("predictions", "0011_fill_the_case")]

    operations = [
        migrations.AddConstraint(
            "sample",
            models.UniqueConstraint(
                fields=["laboratory", "accession_key"],
                condition=models.Q(number_collides=False)
                & ~models.Q(state__in=["retracted", "cancelled"]),
                name="accession_once_a_laboratory",
            ),
        ),
        *(
            migrations.RunPython(append_only.protect(table, sentence), append_only.release(table))
            for table, sentence in WRITTEN_ONCE.items()
        ),
        migrations.RunPython(freeze, thaw),
    ]
