"""Findings of a differential and what of them is kept; disease labels and which samples have them."""

import json
import uuid
from pathlib import Path

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

from hematovision import append_only

FOLDER = Path(__file__).resolve().parent.parent
WRITTEN_ONCE = {
    "predictions_findinglimits": "The limits of findings are changed by a newer set.",
    "predictions_keptfindings": "What was kept of findings is changed by a newer choice.",
    "predictions_diseaselabel": "A disease label is changed by a newer version of it.",
}
# Suggestions to begin from: code, name, code of ICD-10 where one fits.
DISEASES = [
    ("anaemia", "Anaemia", "D64.9"),
    ("iron_deficiency_anaemia", "Iron deficiency anaemia", "D50.9"),
    ("acute_leukaemia", "Acute leukaemia", "C95.0"),
    ("chronic_lymphocytic_leukaemia", "Chronic lymphocytic leukaemia", "C91.1"),
    ("chronic_myeloid_leukaemia", "Chronic myeloid leukaemia", "C92.1"),
    ("infection", "Infection", ""),
    ("other", "Other", ""),
]
_TABLE = "predictions_sampledisease"
_SENTENCE = "A disease of a sample is taken back once, and nothing else of it changes."
_KEPT = ("id", "sample_id", "label_id", "laboratory_id", "code", "by_id", "at")


def protect_diseases(apps, schema_editor):
    """Let a disease of a sample only be taken back."""
    sqlite = schema_editor.connection.vendor == "sqlite"
    differs = "IS NOT" if sqlite else "IS DISTINCT FROM"
    changed = " OR ".join(f"NEW.{column} {differs} OLD.{column}" for column in _KEPT)
    condition = f"OLD.removed_at IS NOT NULL OR {changed}"
    if sqlite:
        for what, when in (("update", f"WHEN {condition} "), ("delete", "")):
            schema_editor.execute(
                f"CREATE TRIGGER {_TABLE}_no_{what} BEFORE {what.upper()} ON {_TABLE} {when}"
                f"BEGIN SELECT RAISE(ABORT, '{_SENTENCE}'); END"
            )
        return
    schema_editor.execute(
        f"""
        CREATE FUNCTION {_TABLE}_is_kept() RETURNS trigger AS $$
        BEGIN
            IF TG_OP = 'DELETE' THEN RAISE EXCEPTION '{_SENTENCE}'; END IF;
            IF {condition} THEN RAISE EXCEPTION '{_SENTENCE}'; END IF;
            RETURN NEW;
        END;
        $$ LANGUAGE plpgsql
        """
    )
    schema_editor.execute(
        f"CREATE TRIGGER {_TABLE}_kept BEFORE UPDATE OR DELETE ON {_TABLE} "
        f"FOR EACH ROW EXECUTE FUNCTION {_TABLE}_is_kept()"
    )


def release_diseases(apps, schema_editor):
    """Take the triggers away again."""
    if schema_editor.connection.vendor == "sqlite":
        for what in ("update", "delete"):
            schema_editor.execute(f"DROP TRIGGER IF EXISTS {_TABLE}_no_{what}")
        return
    schema_editor.execute(f"DROP TRIGGER IF EXISTS {_TABLE}_kept ON {_TABLE}")
    schema_editor.execute(f"DROP FUNCTION IF EXISTS {_TABLE}_is_kept()")


def add_shipped(apps, schema_editor):
    """Insert the limits and the disease labels that come with the program, once."""
    limits = apps.get_model("predictions", "FindingLimits").objects
    if not limits.filter(laboratory__isnull=True).exists():
        shipped = json.loads((FOLDER / "shipped_findings.json").read_text(encoding="utf-8"))
        rows = [
            {name: limit[name] for name in ("code", "value", "source")}
            for limit in shipped["limits"]
        ]
        limits.create(number=1, limits=rows, reason="Shipped with the program.")
    labels = apps.get_model("predictions", "DiseaseLabel")
    if not labels.objects.filter(laboratory__isnull=True).exists():
        labels.objects.bulk_create(
            [labels(code=code, name=name, icd10=icd10) for code, name, icd10 in DISEASES]
        )


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0010_quality_and_research"),
        ("predictions", "0024_research"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="DiseaseLabel",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("code", models.SlugField(db_index=False, max_length=40)),
                ("number", models.PositiveIntegerField(default=1)),
                ("name", models.CharField(max_length=80)),
                ("icd10", models.CharField(blank=True, help_text="As D64.9.", max_length=8)),
                (
                    "is_active",
                    models.BooleanField(default=True, help_text="Whether it can be chosen."),
                ),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "laboratory",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.laboratory",
                    ),
                ),
            ],
            options={
                "ordering": ["code", "number"],
            },
        ),
        migrations.CreateModel(
            name="FindingLimits",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("number", models.PositiveIntegerField()),
                ("limits", models.JSONField()),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                ("reason", models.CharField(blank=True, max_length=500)),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "laboratory",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.laboratory",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "finding limits",
                "ordering": ["laboratory", "number"],
            },
        ),
        migrations.CreateModel(
            name="KeptFindings",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("number", models.PositiveIntegerField()),
                ("findings", models.JSONField()),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "sample",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="kept_findings",
                        to="predictions.sample",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "kept findings",
                "ordering": ["sample", "number"],
            },
        ),
        migrations.CreateModel(
            name="SampleDisease",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("code", models.CharField(max_length=40)),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                ("removed_at", models.DateTimeField(null=True)),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "label",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="predictions.diseaselabel",
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
                (
                    "removed_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "sample",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="diseases",
                        to="predictions.sample",
                    ),
                ),
            ],
            options={
                "ordering": ["sample", "at"],
            },
        ),
        migrations.AddConstraint(
            model_name="diseaselabel",
            constraint=models.UniqueConstraint(
                fields=("laboratory", "code", "number"), name="disease_label_version_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="findinglimits",
            constraint=models.UniqueConstraint(
                fields=("laboratory", "number"), name="finding_limits_number_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="keptfindings",
            constraint=models.UniqueConstraint(
                fields=("sample", "number"), name="kept_findings_number_once_a_sample"
            ),
        ),
        migrations.AddIndex(
            model_name="sampledisease",
            index=models.Index(fields=["sample", "at"], name="disease_of_sample"),
        ),
        migrations.AddIndex(
            model_name="sampledisease",
            index=models.Index(
                condition=models.Q(("removed_at__isnull", True)),
                fields=["laboratory", "code"],
                name="disease_by_code",
            ),
        ),
        migrations.AddConstraint(
            model_name="sampledisease",
            constraint=models.UniqueConstraint(
                condition=models.Q(("removed_at__isnull", True)),
                fields=("sample", "code"),
                name="disease_once_a_sample",
            ),
        ),
        migrations.AddConstraint(
            model_name="sampledisease",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("removed_at__isnull", True), ("removed_by__isnull", True)),
                    models.Q(("removed_at__isnull", False), ("removed_by__isnull", False)),
                    _connector="OR",
                ),
                name="disease_removed_by_somebody",
            ),
        ),
        *(
            migrations.RunPython(append_only.protect(table, sentence), append_only.release(table))
            for table, sentence in WRITTEN_ONCE.items()
        ),
        migrations.RunPython(protect_diseases, release_diseases),
        # After the triggers: on PostgreSQL none is added to a table with rows in the transaction.
        migrations.RunPython(add_shipped, migrations.RunPython.noop),
    ]
