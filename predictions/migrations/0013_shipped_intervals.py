"""The reference intervals and critical limits that come with the program."""

import json
from pathlib import Path

from django.db import migrations

FILE = Path(__file__).resolve().parent.parent / "shipped_intervals.json"


def add(apps, schema_editor):
    """Insert the shipped set, once."""
    rows = apps.get_model("predictions", "IntervalSet").objects
    if rows.filter(laboratory__isnull=True, number=1).exists():
        return
    shipped = json.loads(FILE.read_text())
    rows.create(
        number=1,
        intervals=shipped["intervals"],
        limits=shipped["critical_limits"],
        reason="Shipped with the program.",
    )


class Migration(migrations.Migration):
    dependencies = [("predictions", "0012_what_is_signed_stays")]

    # On the way back the row stays: sets are written once, and the table may refuse to lose one.
    operations = [migrations.RunPython(add, migrations.RunPython.noop)]
