"""Room for what lists show: states, counts and labels beside the rows that they follow from.

What is new may be empty here; 0008 fills it, 0009 demands it.
"""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0003_imaging_profiles"),
        ("mlmodels", "0010_frozen_datasets_never_change"),
        ("predictions", "0006_nucleus_in_red_cells"),
    ]

    operations = [
        # What no question asks for goes first: every row of the table is about to be written.
        migrations.RemoveIndex("cell", "cell_by_label"),
        migrations.AlterField(
            "cell",
            "image",
            models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="cells",
                to="predictions.smearimage",
            ),
        ),
        migrations.AlterField(
            "cell",
            "job",
            models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="cells",
                to="predictions.classificationjob",
            ),
        ),
        migrations.RenameField("cell", "cell_score", "objectness"),
        migrations.AddField(
            "cell",
            "present_label",
            models.CharField(
                default="", help_text="The last review's label, else the model's.", max_length=40
            ),
        ),
        migrations.AddField(
            "cell", "last_review_number", models.PositiveIntegerField(default=0)
        ),
        migrations.CreateModel(
            name="CellFeatures",
            fields=[
                (
                    "cell",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="predictions.cell",
                    ),
                ),
                ("values", models.BinaryField(help_text="float16, little-endian.")),
                (
                    "model_version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="mlmodels.modelversion",
                    ),
                ),
            ],
            options={"verbose_name_plural": "cell features"},
        ),
        migrations.AddField(
            "smearimage",
            "laboratory",
            models.ForeignKey(
                null=True,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="accounts.laboratory",
            ),
        ),
        migrations.AddField(
            "smearimage",
            "uploaded_on",
            models.DateField(help_text="The laboratory's day of the upload.", null=True),
        ),
        migrations.AddField(
            "smearimage",
            "newest_job",
            models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="predictions.classificationjob",
            ),
        ),
        migrations.AddField(
            "smearimage",
            "newest_result",
            models.ForeignKey(
                db_index=False,
                help_text="The newest job that succeeded.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="predictions.classificationjob",
            ),
        ),
        migrations.AddField(
            "smearimage",
            "status",
            models.CharField(
                choices=[
                    ("queued", "queued"),
                    ("running", "running"),
                    ("succeeded", "succeeded"),
                    ("failed", "failed"),
                ],
                default="queued",
                help_text="Of the newest job.",
                max_length=16,
            ),
        ),
        migrations.AddField(
            "smearimage",
            "cells_found",
            models.PositiveIntegerField(
                help_text="In the newest result; none before there is one.", null=True
            ),
        ),
        migrations.AddField(
            "smearimage",
            "last_reviewed_at",
            models.DateTimeField(
                help_text="When somebody last said of one of its cells what it is.", null=True
            ),
        ),
        migrations.AddField("sample", "images_count", models.PositiveIntegerField(default=0)),
        migrations.AddField(
            "sample",
            "images_unfinished",
            models.PositiveIntegerField(default=0, help_text="Queued or running."),
        ),
        migrations.AddField("sample", "images_failed", models.PositiveIntegerField(default=0)),
        migrations.AddField("sample", "cells_found", models.PositiveIntegerField(default=0)),
        migrations.AddField(
            "sample",
            "cells_to_review",
            models.PositiveIntegerField(
                default=0,
                help_text="For which the model asks a person, and nobody has looked.",
            ),
        ),
        migrations.CreateModel(
            name="ImageLabel",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("uploaded_at", models.DateTimeField()),
                (
                    "code",
                    models.CharField(
                        help_text="Of the present label, or `UNIDENTIFIED`.", max_length=40
                    ),
                ),
                ("cells", models.PositiveIntegerField()),
                (
                    "image",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="labels",
                        to="predictions.smearimage",
                    ),
                ),
                (
                    "laboratory",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.laboratory",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="DailyCells",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("day", models.DateField(help_text="The laboratory's day of the upload.")),
                ("version", models.CharField(blank=True, max_length=36)),
                ("profile", models.CharField(blank=True, max_length=36)),
                (
                    "code",
                    models.CharField(
                        help_text="As the model named them, or unidentified.", max_length=40
                    ),
                ),
                ("cells", models.IntegerField()),
                (
                    "accepted",
                    models.IntegerField(help_text="Of these, without a person's look."),
                ),
                (
                    "laboratory",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.laboratory",
                    ),
                ),
            ],
        ),
    ]
