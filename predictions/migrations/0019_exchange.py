"""Results to other systems and orders from them; a sample may come of an order."""

import django.db.models.deletion
import django.utils.timezone
import uuid
from importlib import import_module
from django.conf import settings
from django.db import migrations, models


_FROZEN = import_module("predictions.migrations.0012_what_is_signed_stays")
# Columns that came since; none of them changes once a sample is signed.
_LATER = ("alarm_cells", "alarm_unseen", "origin", "order_number")
_TRIGGER = "predictions_sample_frozen_later"


def thaw(apps, schema_editor):
    """Drop what keeps signed samples as they are: SQLite makes their table anew below."""
    _FROZEN.thaw(apps, schema_editor)


def freeze(apps, schema_editor):
    """Create it again."""
    _FROZEN.freeze(apps, schema_editor)


def freeze_later(apps, schema_editor):
    """Keep the later columns of signed samples as they are, too."""
    sqlite = schema_editor.connection.vendor == "sqlite"
    differs = "IS NOT" if sqlite else "IS DISTINCT FROM"
    changed = " OR ".join(f"NEW.{column} {differs} OLD.{column}" for column in _LATER)
    condition = f"OLD.state IN ('signed', 'retracted') AND ({changed})"
    if sqlite:
        schema_editor.execute(
            f"CREATE TRIGGER {_TRIGGER} BEFORE UPDATE ON predictions_sample WHEN {condition} "
            f"BEGIN SELECT RAISE(ABORT, '{_FROZEN.SENTENCE}'); END"
        )
        return
    schema_editor.execute(
        f"""
        CREATE FUNCTION {_TRIGGER}() RETURNS trigger AS $$
        BEGIN
            IF {condition} THEN RAISE EXCEPTION '{_FROZEN.SENTENCE}'; END IF;
            RETURN NEW;
        END;
        $$ LANGUAGE plpgsql
        """
    )
    schema_editor.execute(
        f"CREATE TRIGGER {_TRIGGER} BEFORE UPDATE ON predictions_sample FOR EACH ROW "
        f"EXECUTE FUNCTION {_TRIGGER}()"
    )


def thaw_later(apps, schema_editor):
    """Drop it again."""
    is_postgresql = schema_editor.connection.vendor == "postgresql"
    on = " ON predictions_sample" if is_postgresql else ""
    schema_editor.execute(f"DROP TRIGGER IF EXISTS {_TRIGGER}{on}")
    if is_postgresql:
        schema_editor.execute(f"DROP FUNCTION IF EXISTS {_TRIGGER}()")


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0008_exchange'),
        ('predictions', '0018_dismissed_images'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RunPython(thaw, freeze),
        migrations.AddField(
            model_name='sample',
            name='order_number',
            field=models.CharField(blank=True, db_default='', help_text='As the system that ordered it has it.', max_length=64),
        ),
        migrations.AddField(
            model_name='sample',
            name='origin',
            field=models.CharField(choices=[('person', 'a person'), ('order', 'an order')], db_default='person', default='person', max_length=8),
        ),
        migrations.AlterField(
            model_name='sample',
            name='created_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AlterField(
            model_name='sampleevent',
            name='kind',
            field=models.CharField(choices=[('created', 'created the sample'), ('ordered', 'ordered the sample'), ('started', 'cells were found'), ('sent', 'sent it to the doctor'), ('sent_back', 'sent it back'), ('signed', 'signed the report'), ('amendment_begun', 'began an amendment'), ('amendment_withdrawn', 'withdrew the amendment'), ('retracted', 'retracted the report'), ('cancelled', 'cancelled the sample'), ('corrected', 'corrected what is said of it'), ('image_moved', 'moved an image'), ('image_dismissed', 'dismissed an image'), ('alarm_acknowledged', 'acknowledged a suspicion of blasts'), ('contact_recorded', 'recorded a contact about a critical value')], max_length=24),
        ),
        migrations.RunPython(freeze, thaw),
        migrations.RunPython(freeze_later, thaw_later),
        migrations.CreateModel(
            name='OrderPeer',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=60)),
                ('address', models.GenericIPAddressField(unique=True)),
                ('hides_references', models.BooleanField(default=True, help_text='Patients get a reference made of their number by a key.')),
                ('is_active', models.BooleanField(default=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('laboratory', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.laboratory')),
            ],
            options={
                'ordering': ['name'],
            },
        ),
        migrations.CreateModel(
            name='ResultConnection',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=60)),
                ('kind', models.CharField(choices=[('mllp', 'HL7 v2 over MLLP'), ('mllp_tls', 'HL7 v2 over MLLP with TLS'), ('fhir', 'FHIR, by POST')], max_length=12)),
                ('address', models.CharField(help_text='host:port, or the address of FHIR.', max_length=200)),
                ('receiver', models.CharField(blank=True, help_text='As it calls itself.', max_length=60)),
                ('receiver_facility', models.CharField(blank=True, max_length=60)),
                ('report_code', models.CharField(blank=True, help_text="Of the whole report, instead of LOINC's.", max_length=40)),
                ('sends_file', models.BooleanField(default=False, help_text='The PDF goes with the results.')),
                ('is_active', models.BooleanField(default=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('laboratory', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.laboratory')),
            ],
            options={
                'ordering': ['name'],
            },
        ),
        migrations.CreateModel(
            name='Delivery',
            fields=[
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('fence', models.PositiveIntegerField(default=0)),
                ('lease_until', models.DateTimeField(null=True)),
                ('worker', models.CharField(blank=True, max_length=120)),
                ('sends', models.PositiveSmallIntegerField(default=0)),
                ('last_sent_at', models.DateTimeField(null=True)),
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('is_retraction', models.BooleanField(help_text='Tells that the report was taken back.')),
                ('number', models.PositiveIntegerField()),
                ('status', models.CharField(choices=[('queued', 'waiting'), ('running', 'being sent'), ('delivered', 'delivered'), ('refused', 'refused')], default='queued', max_length=12)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('message', models.TextField(blank=True, help_text='As it is sent; empty before it was made.')),
                ('control_id', models.CharField(blank=True, max_length=40)),
                ('tries', models.PositiveIntegerField(default=0, help_text='Times that it was sent.')),
                ('next_try_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('answer', models.TextField(blank=True, help_text='What came of the last try, for a person.')),
                ('answered_at', models.DateTimeField(null=True)),
                ('delivered_at', models.DateTimeField(null=True)),
                ('laboratory', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.laboratory')),
                ('report', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='deliveries', to='predictions.report')),
                ('sample', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='deliveries', to='predictions.sample')),
                ('connection', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='deliveries', to='predictions.resultconnection')),
            ],
            options={
                'ordering': ['connection', 'sample', 'number'],
            },
        ),
        migrations.AddConstraint(
            model_name='resultconnection',
            constraint=models.UniqueConstraint(fields=('laboratory', 'name'), name='connection_name_once_a_laboratory'),
        ),
        migrations.AddIndex(
            model_name='delivery',
            index=models.Index(fields=['laboratory', '-created_at', '-id'], name='delivery_newest'),
        ),
        migrations.AddIndex(
            model_name='delivery',
            index=models.Index(condition=models.Q(('status__in', ('queued', 'running'))), fields=['next_try_at'], name='delivery_waiting'),
        ),
        migrations.AddConstraint(
            model_name='delivery',
            constraint=models.UniqueConstraint(fields=('connection', 'sample', 'number'), name='delivery_number_once'),
        ),
        migrations.AddConstraint(
            model_name='delivery',
            constraint=models.UniqueConstraint(fields=('connection', 'report', 'is_retraction'), name='delivery_once_a_report'),
        ),
    ]
