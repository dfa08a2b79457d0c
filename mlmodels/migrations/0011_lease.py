"""Every row that a worker claims has the same fields.

On SQLite the tables are rebuilt, which would lose the triggers of frozen datasets: they are
dropped before and made again.
"""

from importlib import import_module

from django.db import migrations, models

_frozen = import_module("mlmodels.migrations.0010_frozen_datasets_never_change")


class Migration(migrations.Migration):
    dependencies = [("mlmodels", "0010_frozen_datasets_never_change")]
    operations = [
        migrations.RunPython(_frozen.release, _frozen.protect),
        migrations.AddField("dataset", "sends", models.PositiveSmallIntegerField(default=0)),
        migrations.AddField("dataset", "worker", models.CharField(blank=True, max_length=120)),
        migrations.AddField("gatecheck", "sends", models.PositiveSmallIntegerField(default=0)),
        migrations.AddField("gatecheck", "worker", models.CharField(blank=True, max_length=120)),
        migrations.AddField("trainingrun", "sends", models.PositiveSmallIntegerField(default=0)),
        migrations.RunPython(_frozen.protect, _frozen.release),
    ]
