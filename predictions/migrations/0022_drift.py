"""Weeks of drift with what was found in them, and which model versions a signed report names."""

import json
import django.db.models.deletion
import django.utils.timezone
import uuid
from django.conf import settings
from django.db import migrations, models

from hematovision.append_only import protect, release

_TABLE = "predictions_reportmodelversion"
_SENTENCE = "What read a signed report is never changed or deleted."
_AT_ONCE = 500


def fill(apps, schema_editor):
    """Write the rows of reports that were signed before, by what their content names."""
    report_model = apps.get_model("predictions", "Report")
    row_model = apps.get_model("predictions", "ReportModelVersion")
    versions = {}
    for version in apps.get_model("mlmodels", "ModelVersion").objects.all():
        weights = {*(version.card.get("weights_sha256") or {}).values(), version.checksums_sha256}
        key = version.name, version.version
        versions.setdefault(key, []).append((version.laboratory_id, weights, version.pk))
    rows = []
    reports = report_model.objects.only("laboratory", "content", "at").order_by("pk")
    for report in reports.iterator(chunk_size=_AT_ONCE):
        for named in json.loads(report.content).get("models", []):
            found = _version(versions, report.laboratory_id, named)
            if found is not None:
                rows.append(
                    row_model(
                        report_id=report.pk,
                        model_version_id=found,
                        laboratory_id=report.laboratory_id,
                        at=report.at,
                    )
                )
        if len(rows) >= _AT_ONCE:
            row_model.objects.bulk_create(rows, ignore_conflicts=True)
            rows = []
    row_model.objects.bulk_create(rows, ignore_conflicts=True)


def _version(versions, laboratory_id, named):
    """The version that a report names: the laboratory's own or a shipped one, its weights first."""
    known = [
        (named["weights_sha256"] in weights, key)
        for of, weights, key in versions.get((named["name"], named["version"]), [])
        if of in (None, laboratory_id)
    ]
    return max(known, key=lambda each: each[0])[1] if known else None


def nothing(apps, schema_editor):
    """The table goes with its rows."""


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0010_quality_and_research'),
        ('mlmodels', '0017_profiles_declare_classes'),
        ('predictions', '0021_quality_figures'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='DriftWatch',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('begins_on', models.DateField(help_text='Monday of the first week that the baseline may hold.')),
                ('baseline_samples', models.PositiveIntegerField(default=0, help_text='Learned, or so far.')),
                ('baseline_weeks', models.PositiveIntegerField(default=0, help_text='Learned, or so far.')),
                ('baseline_until', models.DateField(help_text='Monday of its last week; none while it is being learned.', null=True)),
                ('baseline', models.JSONField(default=list)),
                ('typical_cells', models.JSONField(default=list, help_text='Keys of cells as they are usually.')),
                ('laboratory', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.laboratory')),
                ('profile', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='drift_watches', to='mlmodels.imagingprofile')),
                ('version', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='mlmodels.modelversion')),
            ],
        ),
        migrations.CreateModel(
            name='DriftFinding',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('week', models.DateField(help_text='Monday of the week in which it was found.')),
                ('last_week', models.DateField(help_text='Monday of the last week in which it still held.')),
                ('measure', models.CharField(help_text='Of `quality.drift.Measure`.', max_length=16)),
                ('value', models.FloatField()),
                ('limit', models.FloatField()),
                ('sentence', models.CharField(max_length=500)),
                ('cells', models.JSONField(default=list, help_text='Keys of cells behind it.')),
                ('found_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('answered_at', models.DateTimeField(null=True)),
                ('cause', models.CharField(blank=True, choices=[('stain', 'a new lot of stain'), ('camera', 'camera, lamp or microscope changed'), ('patients', 'the patients changed'), ('onboarded', 'the profile was onboarded anew'), ('readers', 'people review otherwise'), ('nothing', 'looked into, and nothing found')], max_length=16)),
                ('reason', models.CharField(blank=True, max_length=500)),
                ('answered_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('laboratory', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.laboratory')),
                ('watch', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='findings', to='predictions.driftwatch')),
            ],
            options={
                'ordering': ['-week', 'measure'],
            },
        ),
        migrations.CreateModel(
            name='DriftWeek',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('week', models.DateField(help_text="Its Monday, by the laboratory's days of upload.")),
                ('samples', models.PositiveIntegerField(help_text='With an image of that week.')),
                ('cells', models.PositiveIntegerField(help_text='Of the samples that were counted.')),
                ('counts', models.JSONField()),
                ('figures', models.JSONField(default=dict)),
                ('examples', models.JSONField(default=dict)),
                ('read_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('watch', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='weeks', to='predictions.driftwatch')),
            ],
            options={
                'ordering': ['week'],
            },
        ),
        migrations.CreateModel(
            name='ReportModelVersion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
                ('laboratory', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.laboratory')),
                ('model_version', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='mlmodels.modelversion')),
                ('report', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='read_by', to='predictions.report')),
            ],
        ),
        migrations.AddConstraint(
            model_name='driftwatch',
            constraint=models.UniqueConstraint(condition=models.Q(('profile__isnull', False)), fields=('laboratory', 'profile', 'version'), name='drift_watch_once_a_profile'),
        ),
        migrations.AddConstraint(
            model_name='driftwatch',
            constraint=models.UniqueConstraint(condition=models.Q(('profile__isnull', True)), fields=('laboratory', 'version'), name='drift_watch_once_without_profile'),
        ),
        migrations.AddIndex(
            model_name='driftfinding',
            index=models.Index(fields=['laboratory', '-week'], name='drift_finding_newest'),
        ),
        migrations.AddIndex(
            model_name='driftfinding',
            index=models.Index(condition=models.Q(('answered_at__isnull', True)), fields=['laboratory'], name='drift_finding_open'),
        ),
        migrations.AddConstraint(
            model_name='driftfinding',
            constraint=models.UniqueConstraint(fields=('watch', 'week', 'measure'), name='drift_finding_once_a_week'),
        ),
        migrations.AddConstraint(
            model_name='driftfinding',
            constraint=models.UniqueConstraint(condition=models.Q(('answered_at__isnull', True)), fields=('watch', 'measure'), name='drift_finding_stands_once'),
        ),
        migrations.AddConstraint(
            model_name='driftweek',
            constraint=models.UniqueConstraint(fields=('watch', 'week'), name='drift_week_once'),
        ),
        migrations.AddIndex(
            model_name='reportmodelversion',
            index=models.Index(fields=['laboratory', 'model_version', '-at', '-report'], name='report_newest_of_version'),
        ),
        migrations.AddConstraint(
            model_name='reportmodelversion',
            constraint=models.UniqueConstraint(fields=('report', 'model_version'), name='report_version_named_once'),
        ),
        # Before its triggers: rows are only ever added.
        migrations.RunPython(fill, nothing),
        migrations.RunPython(protect(_TABLE, _SENTENCE), release(_TABLE)),
    ]
