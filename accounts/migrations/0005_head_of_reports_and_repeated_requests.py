"""What stands at the head of a report, and what repeated API requests are answered."""

import django.db.models.deletion
import django.utils.timezone
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0004_user_names_once_in_any_case'),
    ]

    operations = [
        migrations.AddField(
            model_name='laboratory',
            name='address',
            field=models.TextField(blank=True, max_length=500),
        ),
        migrations.AddField(
            model_name='laboratory',
            name='logo',
            field=models.BinaryField(help_text='A PNG, made anew from what was uploaded.', null=True),
        ),
        migrations.AlterField(
            model_name='auditevent',
            name='action',
            field=models.CharField(choices=[('signed_in', 'signed in'), ('sign_in_failed', 'failed to sign in'), ('logged_out', 'logged out'), ('password_changed', 'changed the password'), ('token_issued', 'took an API token'), ('token_revoked', 'revoked an API token'), ('token_reused', 'showed a used API token'), ('access_denied', 'was denied'), ('laboratory_created', 'created the laboratory'), ('user_created', 'created a user'), ('user_changed', 'changed a user'), ('user_deactivated', 'deactivated a user'), ('user_activated', 'activated a user'), ('sessions_ended', "ended a user's sessions"), ('sample_created', 'created a sample'), ('image_uploaded', 'uploaded an image'), ('image_refused', 'uploaded a file that was refused'), ('image_rerun', 'asked for a new classification'), ('image_classified', 'classified an image'), ('image_failed', 'failed to classify an image'), ('result_viewed', 'viewed a result'), ('original_downloaded', 'downloaded an original'), ('cell_reviewed', 'reviewed a cell'), ('cell_added', 'added a cell by hand'), ('reviews_carried', 'carried reviews to a new result'), ('sample_changed', 'changed what is said of a sample'), ('sample_started', 'found the first cells of a sample'), ('sample_sent', 'sent a sample to the doctor'), ('sample_sent_back', 'sent a sample back'), ('sample_cancelled', 'cancelled a sample'), ('image_moved', 'moved an image to another sample'), ('image_dismissed', 'dismissed a failed image'), ('archive_uploaded', 'uploaded an archive of images'), ('archive_unpacked', 'unpacked an archive of images'), ('alarm_acknowledged', 'acknowledged a suspicion of blasts'), ('contact_recorded', 'recorded a contact about a critical value'), ('report_signed', 'signed a report'), ('amendment_begun', 'began the amendment of a report'), ('amendment_withdrawn', 'withdrew the amendment of a report'), ('report_retracted', 'retracted a report'), ('report_made', 'made the file of a report'), ('report_downloaded', 'downloaded a report'), ('report_verified', 'verified a report'), ('label_changed', 'changed a label'), ('intervals_changed', 'changed the reference intervals'), ('laboratory_changed', "changed the laboratory's settings"), ('profile_created', 'created an imaging profile'), ('profile_changed', 'changed an imaging profile'), ('dataset_uploaded', 'uploaded a dataset'), ('dataset_imported', 'imported a dataset'), ('dataset_refused', 'refused a dataset'), ('dataset_changed', 'changed a dataset'), ('dataset_frozen', 'froze a dataset'), ('dataset_deleted', 'deleted a dataset'), ('duplicate_resolved', 'resolved a near-duplicate'), ('training_requested', 'asked for a training'), ('training_cancelled', 'cancelled a training'), ('training_ended', 'ended a training'), ('model_registered', 'registered a model version'), ('model_rejected', 'rejected a model version'), ('model_downloaded', 'downloaded a model file'), ('gate_requested', 'asked for a gate check'), ('gate_checked', 'checked a version at the gate'), ('model_promoted', 'promoted a model version'), ('model_rolled_back', 'rolled a promotion back'), ('shadow_started', 'put a version in shadow'), ('shadow_ended', 'ended a shadow')], max_length=40),
        ),
        migrations.CreateModel(
            name='RepeatedRequest',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('key', models.CharField(max_length=255)),
                ('fingerprint', models.CharField(max_length=64)),
                ('status', models.PositiveSmallIntegerField(null=True)),
                ('body', models.JSONField(null=True)),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
                ('user', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'indexes': [models.Index(fields=['at'], name='repeated_request_oldest')],
                'constraints': [models.UniqueConstraint(fields=('user', 'key'), name='idempotency_key_once_a_person')],
            },
        ),
    ]
