"""Blind second reads and the control slide; what was drawn, read and started stays as it is."""

import django.core.validators
import django.db.models.deletion
import django.utils.timezone
import uuid
from django.conf import settings
from django.db import migrations, models

from hematovision import append_only

WRITTEN_ONCE = {
    "predictions_secondreaddraw": "A draw of second reads cannot be changed or deleted.",
    "predictions_secondreadanswer": "A second read cannot be changed or deleted.",
    "predictions_secondreadlook": "A look at a second read cannot be changed or deleted.",
    "predictions_controlanswer": "An answer about the control slide cannot be changed or deleted.",
}
SENTENCE = "What was drawn, read or started for the control of readers cannot be changed or deleted."
_STARTED = """EXISTS (
    SELECT 1 FROM predictions_controlslide s
    WHERE s.id = {row}.slide_id AND s.started_at IS NOT NULL
)"""
# By table: what of a row never changes.
_KEPT = {
    "predictions_secondread": (
        "laboratory_id", "sample_id", "draw_id", "cell_id", "kind", "first_label", "first_by_id",
        "model_version_id", "turn",
    ),
    "predictions_controlreading": (
        "slide_id", "reader_id", "reader_role", "month", "attempt", "order", "begun_at",
    ),
    "predictions_controlslide": (
        "laboratory_id", "name", "created_by_id", "created_at", "started_by_id", "started_at",
    ),
}
# By table: the end after which, or before which, something of a row is not written again.
_ALSO = {
    "predictions_secondread": "(OLD.state <> 'waiting' AND NEW.state = 'waiting')",
    "predictions_controlreading": "OLD.finished_at IS NOT NULL",
    "predictions_controlslide": "(OLD.retired_at IS NOT NULL AND NEW.retired_at IS NULL)",
}


def _changes(table, differs):
    """Whether an update of a row of the table is one that may not be."""
    kept = " OR ".join(f'NEW."{column}" {differs} OLD."{column}"' for column in _KEPT[table])
    if table == "predictions_controlslide":
        return f"OLD.started_at IS NOT NULL AND (({kept}) OR {_ALSO[table]})"
    return f"({kept}) OR {_ALSO[table]}"


def _kept_rows(differs):
    """Table, what happens to a row, and when it may not."""
    return [
        ("predictions_secondread", "UPDATE", _changes("predictions_secondread", differs)),
        ("predictions_secondread", "DELETE", "OLD.id IS NOT NULL"),
        ("predictions_controlslide", "UPDATE", _changes("predictions_controlslide", differs)),
        ("predictions_controlslide", "DELETE", "OLD.started_at IS NOT NULL"),
        ("predictions_controlcell", "INSERT", _STARTED.format(row="NEW")),
        (
            "predictions_controlcell",
            "UPDATE",
            _STARTED.format(row="OLD") + " OR " + _STARTED.format(row="NEW"),
        ),
        ("predictions_controlcell", "DELETE", _STARTED.format(row="OLD")),
        ("predictions_controlreading", "UPDATE", _changes("predictions_controlreading", differs)),
        ("predictions_controlreading", "DELETE", "OLD.id IS NOT NULL"),
    ]


def freeze(apps, schema_editor):
    """Create the triggers of this database."""
    sqlite = schema_editor.connection.vendor == "sqlite"
    for table, what, condition in _kept_rows("IS NOT" if sqlite else "IS DISTINCT FROM"):
        name = f"{table}_frozen_{what.lower()}"
        if sqlite:
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
    is_postgresql = schema_editor.connection.vendor == "postgresql"
    for table, what, _ in _kept_rows("IS NOT"):
        name = f"{table}_frozen_{what.lower()}"
        on = f" ON {table}" if is_postgresql else ""
        schema_editor.execute(f"DROP TRIGGER IF EXISTS {name}{on}")
        if is_postgresql:
            schema_editor.execute(f"DROP FUNCTION IF EXISTS {name}()")



class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0010_quality_and_research'),
        ('mlmodels', '0017_profiles_declare_classes'),
        ('predictions', '0022_drift'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='SecondRead',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('kind', models.CharField(choices=[('accepted', 'accepted by the model'), ('rare', 'of a rare class')], max_length=12)),
                ('first_label', models.CharField(help_text='As it was signed.', max_length=40)),
                ('turn', models.PositiveBigIntegerField()),
                ('state', models.CharField(choices=[('waiting', 'waits to be read'), ('read', 'read'), ('differs', 'named otherwise'), ('settled', 'looked at by a doctor')], default='waiting', max_length=8)),
                ('lease_until', models.DateTimeField(null=True)),
                ('cell', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='second_read', to='predictions.cell')),
                ('first_by', models.ForeignKey(help_text="Whose word it was; none: the model's.", null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('laboratory', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.laboratory')),
                ('model_version', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='mlmodels.modelversion')),
                ('reader', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('sample', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='predictions.sample')),
            ],
        ),
        migrations.CreateModel(
            name='SecondReadDraw',
            fields=[
                ('report', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='second_read_draw', serialize=False, to='predictions.report')),
                ('accepted_cells', models.PositiveIntegerField(help_text='That the model accepted alone.')),
                ('accepted_percent', models.PositiveSmallIntegerField(help_text="The laboratory's rate then.")),
                ('accepted_drawn', models.PositiveIntegerField()),
                ('rare_cells', models.PositiveIntegerField(help_text='Of classes that a person always sees.')),
                ('rare_percent', models.PositiveSmallIntegerField(help_text="The laboratory's rate then.")),
                ('rare_drawn', models.PositiveIntegerField()),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
            ],
        ),
        migrations.AddField(
            model_name='caserules',
            name='second_read_percent',
            field=models.PositiveSmallIntegerField(default=3, help_text='Of the cells that the model accepted; 0: none are read again.', validators=[django.core.validators.MaxValueValidator(100)]),
        ),
        migrations.AddField(
            model_name='caserules',
            name='second_read_rare_percent',
            field=models.PositiveSmallIntegerField(default=10, help_text='Of the cells of classes that a person always sees; 0: none are read again.', validators=[django.core.validators.MaxValueValidator(100)]),
        ),
        migrations.CreateModel(
            name='ControlSlide',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=60)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('started_at', models.DateTimeField(null=True)),
                ('retired_at', models.DateTimeField(help_text='When another took its place.', null=True)),
                ('created_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('laboratory', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.laboratory')),
                ('started_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-created_at'],
            },
        ),
        migrations.CreateModel(
            name='ControlReading',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('reader_role', models.CharField(choices=[('technician', 'Technician'), ('doctor', 'Doctor'), ('admin', 'Admin')], help_text='At that time.', max_length=16)),
                ('month', models.DateField(help_text='Its first day.')),
                ('attempt', models.PositiveSmallIntegerField(default=1, help_text='In that month: one that failed may be read again.')),
                ('order', models.JSONField(help_text="Keys of the slide's cells as this reading goes, shuffled.")),
                ('begun_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('finished_at', models.DateTimeField(null=True)),
                ('passed', models.BooleanField(help_text='Known once it is finished.', null=True)),
                ('reader', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('slide', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='readings', to='predictions.controlslide')),
            ],
            options={
                'ordering': ['month', 'attempt'],
            },
        ),
        migrations.CreateModel(
            name='ControlCell',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('label', models.CharField(help_text='As it was signed: the true one.', max_length=40)),
                ('cell', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='predictions.cell')),
                ('slide', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='cells', to='predictions.controlslide')),
            ],
        ),
        migrations.CreateModel(
            name='SecondReadAnswer',
            fields=[
                ('read', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='answer', serialize=False, to='predictions.secondread')),
                ('by_role', models.CharField(choices=[('technician', 'Technician'), ('doctor', 'Doctor'), ('admin', 'Admin')], help_text='At that time.', max_length=16)),
                ('label', models.CharField(blank=True, help_text='Empty: cannot tell.', max_length=40)),
                ('differs', models.BooleanField(help_text='From the first label, by what the laboratory told apart then.')),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
                ('seconds', models.FloatField(help_text='How long the cell was on screen before.', null=True)),
            ],
        ),
        migrations.CreateModel(
            name='SecondReadLook',
            fields=[
                ('read', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='look', serialize=False, to='predictions.secondread')),
                ('outcome', models.CharField(choices=[('stays', 'looked, it stays'), ('amended', 'looked, the report is amended')], max_length=8)),
                ('reason', models.TextField()),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
            ],
        ),
        migrations.AddField(
            model_name='secondread',
            name='draw',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='reads', to='predictions.secondreaddraw'),
        ),
        migrations.CreateModel(
            name='ControlAnswer',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('label', models.CharField(blank=True, help_text='Empty: cannot tell.', max_length=40)),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
                ('seconds', models.FloatField(null=True)),
                ('cell', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='predictions.controlcell')),
                ('reading', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='answers', to='predictions.controlreading')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('reading', 'cell'), name='control_answer_once')],
            },
        ),
        migrations.AddIndex(
            model_name='controlslide',
            index=models.Index(fields=['laboratory', '-created_at'], name='control_slide_newest'),
        ),
        migrations.AddConstraint(
            model_name='controlslide',
            constraint=models.UniqueConstraint(condition=models.Q(('started_at__isnull', True)), fields=('laboratory',), name='control_slide_one_draft'),
        ),
        migrations.AddConstraint(
            model_name='controlslide',
            constraint=models.UniqueConstraint(condition=models.Q(('retired_at__isnull', True), ('started_at__isnull', False)), fields=('laboratory',), name='control_slide_one_in_use'),
        ),
        migrations.AddConstraint(
            model_name='controlreading',
            constraint=models.UniqueConstraint(fields=('slide', 'reader', 'month', 'attempt'), name='control_reading_once'),
        ),
        migrations.AddConstraint(
            model_name='controlcell',
            constraint=models.UniqueConstraint(fields=('slide', 'cell'), name='control_cell_once_a_slide'),
        ),
        migrations.AddField(
            model_name='secondreadanswer',
            name='by',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='secondreadanswer',
            name='laboratory',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.laboratory'),
        ),
        migrations.AddField(
            model_name='secondreadlook',
            name='by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddIndex(
            model_name='secondread',
            index=models.Index(condition=models.Q(('state', 'waiting')), fields=['laboratory', 'turn', 'id'], name='second_read_waits'),
        ),
        migrations.AddIndex(
            model_name='secondread',
            index=models.Index(condition=models.Q(('state', 'differs')), fields=['laboratory', '-turn', 'id'], name='second_read_differs'),
        ),
        migrations.AddIndex(
            model_name='secondread',
            index=models.Index(fields=['sample', 'state'], name='second_read_of_sample'),
        ),
        migrations.AddIndex(
            model_name='secondreadanswer',
            index=models.Index(fields=['laboratory', '-at'], name='second_answer_newest'),
        ),
        migrations.AddIndex(
            model_name='secondreadanswer',
            index=models.Index(fields=['by', '-at'], name='second_answer_of_reader'),
        ),
        *(
            migrations.RunPython(append_only.protect(table, sentence), append_only.release(table))
            for table, sentence in WRITTEN_ONCE.items()
        ),
        migrations.RunPython(freeze, thaw),
    ]
