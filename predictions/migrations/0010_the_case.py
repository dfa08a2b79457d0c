"""Tables and columns of the case: its life, differential, reports, and whose word counts.

Reviews lose their triggers here, since SQLite builds their table anew; 0012 brings them back.
"""

import django.core.validators
import django.db.models.deletion
import django.utils.timezone
import uuid
from django.conf import settings
from django.db import migrations, models

from hematovision import append_only


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0005_head_of_reports_and_repeated_requests'),
        ('mlmodels', '0013_finer_labels'),
        ('predictions', '0009_summaries_are_asked_for'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RunPython(
            append_only.release('predictions_cellreview'),
            append_only.protect(
                'predictions_cellreview', 'A review of a cell cannot be changed or deleted.'
            ),
        ),
        migrations.CreateModel(
            name='AlarmAcknowledgement',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
                ('note', models.CharField(blank=True, max_length=500)),
                ('blasts', models.PositiveIntegerField()),
                ('immature_granulocytes', models.PositiveIntegerField()),
            ],
            options={
                'ordering': ['sample', 'at'],
            },
        ),
        migrations.CreateModel(
            name='CaseRules',
            fields=[
                ('laboratory', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='case_rules', serialize=False, to='accounts.laboratory')),
                ('target_cells', models.PositiveSmallIntegerField(default=200, validators=[django.core.validators.MinValueValidator(100), django.core.validators.MaxValueValidator(1000)])),
                ('asks_for_second_person', models.BooleanField(default=True, help_text='Who signs may not be the only one who reviewed.')),
                ('unidentified_limit_percent', models.PositiveSmallIntegerField(default=5, help_text='More of the counted cells than this, and the sample cannot be signed.', validators=[django.core.validators.MaxValueValidator(5)])),
                ('always_reviewed', models.JSONField(default=list, help_text="Codes that a person looks at always, beside the program's own.")),
                ('tells_case_apart', models.BooleanField(default=False, help_text='Whether a-1 and A-1 are two accession numbers.')),
                ('page_size', models.CharField(choices=[('A4', 'A4'), ('Letter', 'US Letter')], default='A4', max_length=8)),
            ],
            options={
                'verbose_name_plural': 'case rules',
            },
        ),
        migrations.CreateModel(
            name='CriticalContact',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('label', models.CharField(help_text='Of the value, or wbc.', max_length=40)),
                ('value', models.CharField(help_text='As it was told, with its unit.', max_length=40)),
                ('told_to', models.CharField(max_length=120)),
                ('told_at', models.DateTimeField()),
                ('read_back', models.BooleanField()),
                ('note', models.CharField(blank=True, max_length=500)),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                'ordering': ['sample', 'at'],
            },
        ),
        migrations.CreateModel(
            name='ImageArchive',
            fields=[
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('fence', models.PositiveIntegerField(default=0)),
                ('lease_until', models.DateTimeField(null=True)),
                ('worker', models.CharField(blank=True, max_length=120)),
                ('sends', models.PositiveSmallIntegerField(default=0)),
                ('last_sent_at', models.DateTimeField(null=True)),
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('uploaded_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('original_name', models.CharField(max_length=200)),
                ('file', models.CharField(blank=True, max_length=200)),
                ('sha256', models.CharField(max_length=64)),
                ('size_bytes', models.PositiveBigIntegerField()),
                ('status', models.CharField(choices=[('queued', 'queued'), ('running', 'running'), ('succeeded', 'succeeded'), ('failed', 'failed')], default='queued', max_length=16)),
                ('error', models.TextField(blank=True, help_text='A sentence for a person.')),
                ('files_found', models.PositiveIntegerField(null=True)),
                ('files_done', models.PositiveIntegerField(default=0)),
                ('refused', models.JSONField(default=list, help_text='Name and sentence of what was not taken.')),
                ('finished_at', models.DateTimeField(null=True)),
            ],
            options={
                'ordering': ['sample', 'uploaded_at'],
            },
        ),
        migrations.CreateModel(
            name='IntervalSet',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('number', models.PositiveIntegerField()),
                ('intervals', models.JSONField()),
                ('limits', models.JSONField()),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
                ('reason', models.CharField(blank=True, max_length=500)),
            ],
            options={
                'ordering': ['laboratory', 'number'],
            },
        ),
        migrations.CreateModel(
            name='Report',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('serial', models.PositiveIntegerField()),
                ('number', models.CharField(help_text='The serial in print.', max_length=20)),
                ('version', models.PositiveIntegerField()),
                ('status', models.CharField(choices=[('final', 'final'), ('corrected', 'corrected'), ('amended', 'amended')], max_length=12)),
                ('amendment_reason', models.TextField(blank=True)),
                ('content', models.TextField()),
                ('sha256', models.CharField(help_text='Of the content.', max_length=64)),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                'ordering': ['sample', 'version'],
            },
        ),
        migrations.CreateModel(
            name='SampleEvent',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('number', models.PositiveIntegerField()),
                ('kind', models.CharField(choices=[('created', 'created the sample'), ('started', 'cells were found'), ('sent', 'sent it to the doctor'), ('sent_back', 'sent it back'), ('signed', 'signed the report'), ('amendment_begun', 'began an amendment'), ('amendment_withdrawn', 'withdrew the amendment'), ('retracted', 'retracted the report'), ('cancelled', 'cancelled the sample'), ('corrected', 'corrected what is said of it'), ('image_moved', 'moved an image'), ('image_dismissed', 'dismissed a failed image'), ('alarm_acknowledged', 'acknowledged a suspicion of blasts'), ('contact_recorded', 'recorded a contact about a critical value')], max_length=24)),
                ('from_state', models.CharField(blank=True, choices=[('open', 'open'), ('in_review', 'in review'), ('ready', 'ready to sign'), ('signed', 'signed'), ('amending', 'amending'), ('retracted', 'retracted'), ('cancelled', 'cancelled')], max_length=16)),
                ('to_state', models.CharField(choices=[('open', 'open'), ('in_review', 'in review'), ('ready', 'ready to sign'), ('signed', 'signed'), ('amending', 'amending'), ('retracted', 'retracted'), ('cancelled', 'cancelled')], max_length=16)),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
                ('reason', models.TextField(blank=True)),
                ('changes', models.JSONField(default=dict, help_text='By field: what was, and what is.')),
            ],
            options={
                'ordering': ['sample', 'number'],
            },
        ),
        migrations.CreateModel(
            name='SampleLabel',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.CharField(max_length=40)),
                ('reviewed', models.IntegerField(default=0, help_text='Named by a person.')),
                ('accepted', models.IntegerField(default=0, help_text="By the model, without a person's look.")),
                ('to_review', models.IntegerField(default=0, help_text='Proposed by the model; nobody looked.')),
            ],
        ),
        migrations.RemoveConstraint(
            model_name='sample',
            name='accession_once_a_laboratory',
        ),
        migrations.AddField(
            model_name='cell',
            name='added_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='cell',
            name='awaits_engine',
            field=models.BooleanField(default=False, help_text='Added by hand, and not yet named by the engine.'),
        ),
        migrations.AddField(
            model_name='cell',
            name='named_by_role',
            field=models.CharField(blank=True, choices=[('technician', 'Technician'), ('doctor', 'Doctor'), ('admin', 'Admin')], help_text="Whose word counts; empty: the model's.", max_length=16),
        ),
        migrations.AddField(
            model_name='cell',
            name='origin',
            field=models.CharField(choices=[('model', 'found by the model'), ('person', 'added by hand')], default='model', max_length=8),
        ),
        migrations.AddField(
            model_name='cellreview',
            name='by_role',
            field=models.CharField(choices=[('technician', 'Technician'), ('doctor', 'Doctor'), ('admin', 'Admin')], default='', help_text='At that time.', max_length=16),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='cellreview',
            name='carried_from',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='predictions.cellreview'),
        ),
        migrations.AddField(
            model_name='cellreview',
            name='model_label',
            field=models.CharField(blank=True, max_length=40),
        ),
        migrations.AddField(
            model_name='cellreview',
            name='model_version',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='mlmodels.modelversion'),
        ),
        migrations.AddField(
            model_name='cellreview',
            name='remark',
            field=models.CharField(blank=True, max_length=500),
        ),
        migrations.AddField(
            model_name='cellreview',
            name='seconds',
            field=models.FloatField(help_text='How long the cell was on screen before.', null=True),
        ),
        migrations.AddField(
            model_name='sample',
            name='accession_key',
            field=models.CharField(default='', max_length=192),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='sample',
            name='age_days_given',
            field=models.PositiveIntegerField(help_text='The age at collection, where no birth date is known.', null=True),
        ),
        migrations.AddField(
            model_name='sample',
            name='birth_date',
            field=models.DateField(null=True),
        ),
        migrations.AddField(
            model_name='sample',
            name='collected_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='sample',
            name='number_collides',
            field=models.BooleanField(default=False, help_text='An older sample has the same number in its canonical form.'),
        ),
        migrations.AddField(
            model_name='sample',
            name='patient_key',
            field=models.CharField(blank=True, max_length=192),
        ),
        migrations.AddField(
            model_name='sample',
            name='priority',
            field=models.CharField(choices=[('routine', 'routine'), ('urgent', 'urgent')], default='routine', max_length=8),
        ),
        migrations.AddField(
            model_name='sample',
            name='requester',
            field=models.CharField(blank=True, max_length=120),
        ),
        migrations.AddField(
            model_name='sample',
            name='sex',
            field=models.CharField(blank=True, choices=[('', 'not given'), ('female', 'female'), ('male', 'male'), ('other', 'other')], default='', max_length=8),
        ),
        migrations.AddField(
            model_name='sample',
            name='state_changed_at',
            field=models.DateTimeField(default=django.utils.timezone.now),
        ),
        migrations.AddField(
            model_name='sample',
            name='wbc',
            field=models.DecimalField(decimal_places=2, max_digits=7, null=True),
        ),
        migrations.AddField(
            model_name='sample',
            name='wbc_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='sample',
            name='wbc_is_corrected',
            field=models.BooleanField(help_text='Whether the analyser took erythroblasts out of it.', null=True),
        ),
        migrations.AddField(
            model_name='smearimage',
            name='dismissal_reason',
            field=models.CharField(blank=True, max_length=500),
        ),
        migrations.AddField(
            model_name='smearimage',
            name='dismissed_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='smearimage',
            name='dismissed_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AlterField(
            model_name='cell',
            name='present_label',
            field=models.CharField(help_text="The last doctor's review's label, else the last technician's, else the model's.", max_length=40),
        ),
        migrations.AlterField(
            model_name='cellreview',
            name='at',
            field=models.DateTimeField(default=django.utils.timezone.now),
        ),
        migrations.AlterField(
            model_name='sample',
            name='images_failed',
            field=models.PositiveIntegerField(default=0, help_text='And not dismissed by a person.'),
        ),
        migrations.AddIndex(
            model_name='sample',
            index=models.Index(fields=['laboratory', 'state', '-priority', '-created_at', '-id'], name='sample_of_state'),
        ),
        migrations.AddIndex(
            model_name='sample',
            index=models.Index(fields=['laboratory', '-priority', '-created_at', '-id'], name='sample_urgent_first'),
        ),
        migrations.AddIndex(
            model_name='sample',
            index=models.Index(fields=['laboratory', 'accession_key'], name='sample_by_number'),
        ),
        migrations.AddIndex(
            model_name='sample',
            index=models.Index(fields=['laboratory', 'patient_key'], name='sample_by_patient'),
        ),
        migrations.AddField(
            model_name='alarmacknowledgement',
            name='by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='alarmacknowledgement',
            name='sample',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='acknowledgements', to='predictions.sample'),
        ),
        migrations.AddField(
            model_name='criticalcontact',
            name='by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='criticalcontact',
            name='sample',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='contacts', to='predictions.sample'),
        ),
        migrations.AddField(
            model_name='imagearchive',
            name='imaging_profile',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='mlmodels.imagingprofile'),
        ),
        migrations.AddField(
            model_name='imagearchive',
            name='sample',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='archives', to='predictions.sample'),
        ),
        migrations.AddField(
            model_name='imagearchive',
            name='uploaded_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='intervalset',
            name='by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='intervalset',
            name='laboratory',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.laboratory'),
        ),
        migrations.CreateModel(
            name='ReportFile',
            fields=[
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('fence', models.PositiveIntegerField(default=0)),
                ('lease_until', models.DateTimeField(null=True)),
                ('worker', models.CharField(blank=True, max_length=120)),
                ('sends', models.PositiveSmallIntegerField(default=0)),
                ('last_sent_at', models.DateTimeField(null=True)),
                ('report', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='file', serialize=False, to='predictions.report')),
                ('status', models.CharField(choices=[('queued', 'queued'), ('running', 'running'), ('succeeded', 'succeeded'), ('failed', 'failed')], default='queued', max_length=16)),
                ('error', models.TextField(blank=True, help_text='A sentence for a person.')),
                ('name', models.CharField(blank=True, max_length=200)),
                ('sha256', models.CharField(blank=True, db_index=True, max_length=64)),
                ('size_bytes', models.PositiveIntegerField(null=True)),
                ('queued_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('finished_at', models.DateTimeField(null=True)),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Signature',
            fields=[
                ('report', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='signature', serialize=False, to='predictions.report')),
                ('name', models.CharField(help_text='As it was at that time.', max_length=150)),
                ('meaning', models.CharField(choices=[('responsibility', 'reviewed and responsible for the result'), ('review', 'reviewed'), ('approval', 'approved for release')], max_length=16)),
                ('at', models.DateTimeField()),
                ('authenticated_by', models.CharField(help_text='How the signer proved it anew.', max_length=40)),
            ],
        ),
        migrations.AddField(
            model_name='report',
            name='laboratory',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.laboratory'),
        ),
        migrations.AddField(
            model_name='report',
            name='replaces',
            field=models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='replaced_by', to='predictions.report'),
        ),
        migrations.AddField(
            model_name='report',
            name='sample',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='reports', to='predictions.sample'),
        ),
        migrations.AddField(
            model_name='sampleevent',
            name='by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='sampleevent',
            name='sample',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='events', to='predictions.sample'),
        ),
        migrations.AddField(
            model_name='samplelabel',
            name='laboratory',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.laboratory'),
        ),
        migrations.AddField(
            model_name='samplelabel',
            name='sample',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='labels', to='predictions.sample'),
        ),
        migrations.AddConstraint(
            model_name='intervalset',
            constraint=models.UniqueConstraint(fields=('laboratory', 'number'), name='interval_set_number_once'),
        ),
        migrations.AddField(
            model_name='signature',
            name='by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddIndex(
            model_name='report',
            index=models.Index(fields=['laboratory', '-at', '-id'], name='report_newest'),
        ),
        migrations.AddConstraint(
            model_name='report',
            constraint=models.UniqueConstraint(fields=('sample', 'version'), name='report_version_once'),
        ),
        migrations.AddConstraint(
            model_name='report',
            constraint=models.UniqueConstraint(fields=('laboratory', 'serial', 'version'), name='report_serial_once'),
        ),
        migrations.AddConstraint(
            model_name='sampleevent',
            constraint=models.UniqueConstraint(fields=('sample', 'number'), name='event_number_once_a_sample'),
        ),
        migrations.AddIndex(
            model_name='cell',
            index=models.Index(
                condition=models.Q(('awaits_engine', True)), fields=['id'], name='cell_awaits_engine'
            ),
        ),
        migrations.AddIndex(
            model_name='samplelabel',
            index=models.Index(fields=['laboratory', 'code', 'sample'], name='samples_of_label'),
        ),
        migrations.AddConstraint(
            model_name='samplelabel',
            constraint=models.UniqueConstraint(fields=('sample', 'code'), name='label_once_a_sample'),
        ),
    ]
