"""Summaries are demanded from now on, and each question that a list asks has its index."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("predictions", "0008_fill_summaries")]

    operations = [
        migrations.AlterField(
            "smearimage",
            "laboratory",
            models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="accounts.laboratory",
            ),
        ),
        migrations.AlterField(
            "smearimage",
            "uploaded_on",
            models.DateField(help_text="The laboratory's day of the upload."),
        ),
        migrations.AlterField(
            "cell",
            "present_label",
            models.CharField(
                help_text="The last review's label, else the model's.", max_length=40
            ),
        ),
        # Room for going back: a column that is put back empty needs a default.
        migrations.AlterField(
            "cell", "features", models.BinaryField(default=b"", help_text="float16, little-endian.")
        ),
        migrations.RemoveField("cell", "features"),
        migrations.AlterField(
            "cellfeatures",
            "cell",
            models.OneToOneField(
                on_delete=django.db.models.deletion.PROTECT,
                primary_key=True,
                related_name="features",
                serialize=False,
                to="predictions.cell",
            ),
        ),
        migrations.RemoveIndex("smearimage", "image_newest"),
        migrations.AddIndex(
            "smearimage",
            models.Index(fields=["laboratory", "-uploaded_at", "-id"], name="image_newest"),
        ),
        migrations.AddIndex(
            "smearimage",
            models.Index(
                fields=["laboratory", "uploaded_by", "-uploaded_at", "-id"],
                name="image_newest_of_uploader",
            ),
        ),
        migrations.AddIndex(
            "smearimage",
            models.Index(
                fields=["laboratory", "imaging_profile", "-uploaded_at", "-id"],
                name="image_newest_of_profile",
            ),
        ),
        migrations.AddIndex(
            "smearimage",
            models.Index(
                condition=models.Q(("status", "succeeded"), _negated=True),
                fields=["laboratory", "status", "-uploaded_at", "-id"],
                name="image_without_result",
            ),
        ),
        migrations.AddIndex(
            "smearimage",
            models.Index(fields=["sample", "uploaded_at", "id"], name="image_of_sample"),
        ),
        migrations.AddIndex(
            "smearimage",
            models.Index(
                condition=models.Q(("last_reviewed_at__isnull", False)),
                fields=["laboratory", "imaging_profile", "-last_reviewed_at", "-id"],
                name="image_reviewed_of_profile",
            ),
        ),
        migrations.AddIndex(
            "smearimage",
            models.Index(
                fields=["laboratory", "uploaded_on", "cells_found"], name="image_cells_by_day"
            ),
        ),
        migrations.AddConstraint(
            "imagelabel",
            models.UniqueConstraint(fields=("image", "code"), name="label_once_an_image"),
        ),
        migrations.AddIndex(
            "imagelabel",
            models.Index(
                fields=["laboratory", "code", "-uploaded_at", "-image"],
                name="label_newest_images",
            ),
        ),
        migrations.AddConstraint(
            "dailycells",
            models.UniqueConstraint(
                fields=("laboratory", "day", "version", "profile", "code"),
                name="daily_cells_once",
            ),
        ),
    ]
