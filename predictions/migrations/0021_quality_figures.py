"""How people named what a model had named, counted by day; and whose reviews of what time."""

import django.db.models.deletion
from django.db import migrations, models

# One statement that both databases understand; the services keep it from then on.
FILL = """
    INSERT INTO predictions_dailyagreement
        (laboratory_id, day, version, profile, code, said, cells, accepted)
    SELECT i.laboratory_id, i.uploaded_on, {version} AS by_version, {profile} AS of_profile,
        CASE WHEN c.origin <> 'model' THEN ''
            WHEN c.disposition = 'unidentified' THEN 'unidentified' ELSE c.label END AS named,
        c.present_label, COUNT(*),
        SUM(CASE WHEN c.origin = 'model' AND c.disposition = 'accepted' THEN 1 ELSE 0 END)
    FROM predictions_cell c
    JOIN predictions_smearimage i ON i.newest_result_id = c.job_id
    JOIN predictions_classificationjob j ON j.id = c.job_id
    WHERE c.last_review_number > 0
    GROUP BY i.laboratory_id, i.uploaded_on, by_version, of_profile, named, c.present_label
"""


def as_text(column, vendor):
    """A UUID as text, empty where there is none: PostgreSQL knows them, SQLite keeps 32 digits."""
    if vendor == "postgresql":
        return f"COALESCE(CAST({column} AS TEXT), '')"
    groups = ((1, 8), (9, 4), (13, 4), (17, 4), (21, 12))
    parts = [f"SUBSTR({column}, {begin}, {digits})" for begin, digits in groups]
    return "COALESCE(" + " || '-' || ".join(parts) + ", '')"


def fill(apps, schema_editor):
    """Count what people have said so far."""
    vendor = schema_editor.connection.vendor
    schema_editor.execute(
        FILL.format(
            version=as_text("j.model_version_id", vendor),
            profile=as_text("i.imaging_profile_id", vendor),
        )
    )


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0008_exchange'),
        ('predictions', '0019_exchange'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='cellreview',
            index=models.Index(fields=['by', '-at'], name='review_of_person'),
        ),
        migrations.AddIndex(
            model_name='cellreview',
            index=models.Index(fields=['-at'], name='review_newest'),
        ),
        migrations.AddIndex(
            model_name='cellreview',
            index=models.Index(condition=models.Q(('number__gt', 1)), fields=['-at'], name='review_after_another'),
        ),
        migrations.CreateModel(
            name='DailyAgreement',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField(help_text="The laboratory's day of the upload.")),
                ('version', models.CharField(blank=True, max_length=36)),
                ('profile', models.CharField(blank=True, max_length=36)),
                ('code', models.CharField(blank=True, help_text='As the model named them, or unidentified; empty: it had not found them.', max_length=40)),
                ('said', models.CharField(help_text='As the person named them whose word counts.', max_length=40)),
                ('cells', models.IntegerField()),
                ('accepted', models.IntegerField(help_text='Of these, that the model had accepted.')),
                ('laboratory', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.laboratory')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('laboratory', 'day', 'version', 'profile', 'code', 'said'), name='daily_agreement_once')],
            },
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
